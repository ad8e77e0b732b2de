"""Why patients are left out: reasons in general words, which name no patient and no file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

#: What a message of `extraction` says, and the reason that a report may print; the first that fits counts. Messages
#: name files, segments and values, and a hospital's file names name patients.
_REASONS = (
    (r"does not exist", "Image or ROI file not found"),
    (r"holds no segment|segments named|name the one|no segment or label", "Tumour segment not found or ambiguous"),
    (r"is empty: no voxel", "ROI empty"),
    (r"lies outside the volume", "ROI outside the volume"),
    (r"ROI has .* ml|single voxel|thinner than half a slice|for this ROI", "ROI too small for texture features"),
    (r"modality is|Hounsfield|values per voxel|dimensions; give|not numbers", "Image is not a CT volume in HU"),
    (r"Slices are missing|do not form one volume|DICOM image series", "CT series incomplete or not one volume"),
    (r"cannot be read|damaged|label map", "Image or ROI not readable"),
    (r"HER2 status|her2", "HER2 status unknown"),
    (r"too little memory|ended by the system", "Not computed: too little memory"),
)
OTHER = "Not computed, other reason"


def grouped_reasons(exclusions: Mapping[str, str]) -> dict[str, int]:
    """Number of patients for each reason, the most frequent first.

    Parameters
    ----------
    exclusions : mapping of str to str
        Patient to the message that says why the patient is left out.
    """
    counts = Counter(_reason(message) for message in exclusions.values())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _reason(message: str) -> str:
    return next((reason for pattern, reason in _REASONS if re.search(pattern, message)), OTHER)
