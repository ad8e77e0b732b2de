"""Why patients are left out: reasons in general words, which name no patient and no file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...many.processes import Exclusion

OTHER = "Not computed, other reason"

#: What a report may print, and the codes for which it does. Messages name files, segments and values, and a hospital's
#: file names name patients.
_CODES = {
    "Image or ROI file not found": ("file-not-found",),
    "Image or ROI not readable": (
        "file-unreadable", "image-unreadable", "volume-without-image", "roi-is-folder", "not-label-map",
        "not-segmentation", "segment-unusable", "segmentation-fractional", "segmentation-label-map",
        "contours-across-slices",
    ),
    "Tumour segment not found or ambiguous": (
        "no-segment", "segment-not-named", "segment-not-found", "segment-ambiguous",
    ),
    "ROI empty": ("roi-empty",),
    "ROI outside the volume": ("roi-outside-volume",),
    "ROI drawn on other images": ("roi-of-other-images",),
    "ROI too small for texture features": (
        "roi-too-small", "roi-too-thin", "features-missing", "features-undefined",
    ),
    "Image is not a CT volume in HU": ("not-ct", "not-hu", "not-finite", "not-gray-level", "not-one-volume"),
    "CT series incomplete or not one volume": (
        "no-dicom-series", "several-dicom-series", "missing-slices", "slice-cut-short", "slice-without-position",
        "slices-differ", "slices-at-one-place", "frames-not-placed", "series-not-found",
    ),
    "Not computed: too little memory": ("out-of-memory", "process-ended"),
    OTHER: ("pydicom-missing", "highdicom-missing", "cluster-failed", "program-fault"),
}  # fmt: skip
REASONS = {code: reason for reason, codes in _CODES.items() for code in codes}


def grouped_reasons(exclusions: Mapping[str, Exclusion]) -> dict[str, int]:
    """Number of patients for each reason, the most frequent first; `exclusions` is by patient."""
    counts = Counter(REASONS.get(exclusion.code, OTHER) for exclusion in exclusions.values())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
