"""Why patients are left out: reasons in general words, which name no patient and no file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...many.outcome import Exclusion

OTHER = "Not computed, other reason"

_NOT_FOUND = "Image or ROI file not found"
_UNREADABLE = "Image or ROI not readable"
_SEGMENT = "Tumour segment not found or ambiguous"
_TOO_SMALL = "ROI too small for texture features"
_NOT_HU = "Image is not a CT volume in HU"
_SERIES = "CT series incomplete or not one volume"
_MEMORY = "Not computed: too little memory"

#: What a report may print of each code. Messages name files, segments and values, and a hospital's file names name
#: patients.
REASONS = {
    "file-not-found": _NOT_FOUND,
    "file-unreadable": _UNREADABLE,
    "image-unreadable": _UNREADABLE,
    "volume-without-image": _UNREADABLE,
    "roi-is-folder": _UNREADABLE,
    "not-label-map": _UNREADABLE,
    "not-segmentation": _UNREADABLE,
    "segment-unusable": _UNREADABLE,
    "segmentation-fractional": _UNREADABLE,
    "segmentation-label-map": _UNREADABLE,
    "contours-across-slices": _UNREADABLE,
    "no-segment": _SEGMENT,
    "segment-not-named": _SEGMENT,
    "segment-not-found": _SEGMENT,
    "segment-ambiguous": _SEGMENT,
    "roi-empty": "ROI empty",
    "roi-outside-volume": "ROI outside the volume",
    "roi-of-other-images": "ROI drawn on other images",
    "roi-too-small": _TOO_SMALL,
    "roi-too-thin": _TOO_SMALL,
    "features-missing": _TOO_SMALL,
    "features-undefined": _TOO_SMALL,
    "not-ct": _NOT_HU,
    "not-hu": _NOT_HU,
    "not-finite": _NOT_HU,
    "not-gray-level": _NOT_HU,
    "not-one-volume": _NOT_HU,
    "no-dicom-series": _SERIES,
    "several-dicom-series": _SERIES,
    "missing-slices": _SERIES,
    "slice-cut-short": _SERIES,
    "slice-without-position": _SERIES,
    "slices-differ": _SERIES,
    "slices-at-one-place": _SERIES,
    "frames-not-placed": _SERIES,
    "series-not-found": _SERIES,
    "out-of-memory": _MEMORY,
    "process-ended": _MEMORY,
    "pydicom-missing": OTHER,
    "highdicom-missing": OTHER,
    "cluster-failed": OTHER,
    "program-fault": OTHER,
}


def grouped_reasons(exclusions: Mapping[str, Exclusion]) -> dict[str, int]:
    """Number of patients for each reason, the most frequent first; `exclusions` is by patient."""
    counts = Counter(REASONS.get(exclusion.code, OTHER) for exclusion in exclusions.values())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
