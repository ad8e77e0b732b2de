"""Passages of a report that follow from what its table showed: outcome, features, checks of the input, missing data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...features import class_of, image_of
from ..cohort.evidence import Evidence


@dataclass(frozen=True)
class Passage:
    """A headed part of the text; the lists of TRIPOD+AI and CLAIM refer to it by `name`."""

    name: str
    heading: str
    paragraphs: tuple[str, ...]


def passage(name: str, heading: str, *paragraphs: str) -> Passage:
    """A Passage; empty paragraphs are left out."""
    return Passage(name, heading, tuple(text for text in paragraphs if text))


def outcome(evidence: Evidence) -> Passage:
    """How HER2 status was told."""
    rule = "a score of 2+ or 3+ is positive, 0 or 1+ negative"
    labels = "the table does not say by which test and which rule"
    if evidence.all_simulated:
        text = "HER2 status was drawn for each simulated patient; no specimen was stained."
    elif evidence.scored == evidence.patients:
        text = f"HER2 status from the immunohistochemistry scores of the cohort table: {rule}."
    elif evidence.scored:
        text = (
            f"HER2 status of {evidence.scored} patients from the immunohistochemistry scores of the cohort table: "
            f"{rule}. Of the other {evidence.patients - evidence.scored} the table tells positive or negative; "
            f"{labels}."
        )
    else:
        text = f"HER2 status, positive or negative, as the cohort table tells it; {labels}."
    return passage("methods-outcome", "Outcome", text)


def features(evidence: Evidence, names: Sequence[str], table: str) -> Passage:
    """What the predictors are, who computed them, and what was checked; `table` is that of the findings."""
    count, classes, images = len(names), len(set(map(class_of, names))), len(set(map(image_of, names)))
    kinds = (
        f"{count} radiomic features of {classes} feature classes on {images} images (the CT and its filtered versions)"
    )
    by = {
        "her2predict": "computed with pyradiomics [4] and the parameter file that the model bundle carries. The ROI "
        "and a margin were cut out first and thin slices averaged, so that the same tumour gives the same numbers "
        "however the CT was cropped or stored.",
        "pyradiomics": "read from a feature table. By its own notes it was computed with pyradiomics [4] and with the "
        "settings that the model bundle carries; how images and ROIs were prepared it does not tell.",
        "named": "read from a feature table, which says that they were computed with the settings that the model "
        "bundle carries; by which software, and how images and ROIs were prepared, it does not tell.",
        "unknown": "read from a feature table. They have the names of pyradiomics [4]; with which software and "
        "settings they were computed, and how images and ROIs were prepared, the table does not tell.",
    }[evidence.origin]
    return passage("methods-features", "Features", f"{kinds}, {by}", checks(evidence, table))


def checks(evidence: Evidence, table: str) -> str:
    """Whether images and ROIs were checked, and what came of it."""
    if evidence.findings is None:
        return (
            "HER2Predict did not see the images and ROIs from which the features come: whether they are CT urographies "
            "in the excretory phase, complete and in Hounsfield units, and whether the ROIs hold the tumour alone, was "
            "not checked."
        )
    found = len(evidence.findings) > 1
    return (
        "Image and ROI of every patient were checked (modality, Hounsfield units, slice gaps; size, position and "
        "content of the ROI; opacified urine). Errors leave a patient out; other findings do not, and "
        + (f"are counted in {table}." if found else "there were none.")
    )


def missing_data(evidence: Evidence) -> Passage:
    """What became of missing features and characteristics."""
    complete = (
        "Features must be complete: a patient whose features cannot be computed is left out and counted."
        if evidence.listed_before_extraction
        else "Features must be complete: a feature table with a gap is refused. Patients whose features could not be "
        "computed are not in such a table, and not known here."
    )
    clinical = (
        "Clinical characteristics are described and not predicted from; missing ones are counted and take no part in "
        "tests."
        if evidence.characteristics
        else "The cohort table holds no clinical characteristics."
    )
    return passage(
        "methods-missing",
        "Missing data",
        f"{complete} {clinical} When the model is used, an image or ROI with an error gives a message and no "
        "prediction.",
    )


def limits(evidence: Evidence) -> list[str]:
    """What the data of a report cannot tell."""
    mixed = 0 < evidence.simulated < evidence.patients
    texts = [
        f"{evidence.simulated} of {evidence.patients} patients were simulated: the results are of no real cohort."
        if mixed
        else "",
        "" if evidence.checked else checks(evidence, ""),
        "HER2 status is that of the specimen that was stained; HER2 expression varies within a tumour."
        if evidence.scored and not evidence.all_simulated
        else "",
        "By which test and rule a patient counts as HER2-positive is not known; predictions mean what these labels "
        "mean."
        if evidence.scored < evidence.patients and not evidence.all_simulated
        else "",
        "The cohort table holds no clinical characteristics: whom the patients represent, and whether training and "
        "test patients are alike, cannot be judged."
        if not evidence.characteristics
        else "",
    ]
    return [text for text in texts if text]
