"""The coded words of the DICOM objects: standard ones where there are any, and a private scheme that they declare.

Meanings stay in English in every application: a program that reads them looks at the value, and its user at both.
"""

from __future__ import annotations

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept

#: Designator of the private coding scheme; DICOM PS3.16 section 8.2 leaves those that begin with 99 to everybody.
SCHEME = "99HER2PREDICT"
_MOST_LETTERS = 64


def coding_schemes() -> list[CodingSchemeIdentificationItem]:
    """What says in an object that the private scheme is one, and whose."""
    return [
        CodingSchemeIdentificationItem(
            SCHEME, name="HER2Predict: probability of HER2 over-expression", responsible_organization="HER2Predict"
        )
    ]


def own(value: str, meaning: str) -> CodedConcept:
    """A code of the private scheme."""
    if len(meaning) > _MOST_LETTERS:
        raise ValueError(f"DICOM takes {_MOST_LETTERS} letters for the meaning of a code: {meaning}")
    return CodedConcept(value, SCHEME, meaning)


def _sct(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, "SCT", meaning)


ABNORMAL_STRUCTURE = _sct("49755003", "Morphologically Abnormal Structure")
NEOPLASM = _sct("108369006", "Neoplasm")
BLADDER = _sct("89837001", "Bladder")
VOLUME = _sct("118565006", "Volume")
COMMENT = CodedConcept("121106", "DCM", "Comment")
CT = CodedConcept("25045-6", "LN", "CT unspecified body region")

MILLILITRE = CodedConcept("ml", "UCUM", "ml")
PERCENT = CodedConcept("%", "UCUM", "%")
COUNT = CodedConcept("1", "UCUM", "no units")

PROBABILITY = own("probability", "Probability of HER2 over-expression (IHC 2+ or 3+)")
INTERVAL_LOW = own("interval-low", "Lower end of the model interval of the probability")
INTERVAL_HIGH = own("interval-high", "Upper end of the model interval of the probability")
INTERVAL_LEVEL = own("interval-level", "Level of the model interval")
THRESHOLD = own("threshold", "Probability from which on the call is HER2-positive")
SHARE_BEYOND = own("share-beyond", "Share of such patients that lie at least as far out")
OUTLINE_LOW = own("outline-low", "Probability, 2.5% quantile over varied outlines")
OUTLINE_HIGH = own("outline-high", "Probability, 97.5% quantile over varied outlines")
OUTLINES = own("outlines", "Varied outlines that were predicted")
OUTLINES_FLIPPED = own("outlines-flipped", "Varied outlines with the other call")

#: The call is of the model, not of a stain of the tissue, and must not be taken for one: only its values are SNOMED's.
CALL = own("call", "HER2 status predicted from CT, not measured")
CALLS = {True: _sct("10828004", "Positive"), False: _sct("260385009", "Negative")}

APPLICABILITY = own("applicability", "Is the case among those that the model knows?")
APPLICABILITIES = {
    "inside": own("inside", "Inside what the model knows"),
    "edge": own("edge", "At the edge of what the model knows"),
    "outside": own("outside", "Outside what the model knows"),
}
STABILITY = own("stability", "Does the probability hold for another outline?")
STABILITIES = {
    "stable": own("stable", "Stable"),
    "undecided": own("undecided", "Undecided, too few variations"),
    "sensitive": own("sensitive", "Sensitive to the outline"),
    "unstable": own("unstable", "Unstable"),
}

#: What the lists of an archive show of the objects.
ROI_SERIES, ROI_CONTENT = "HER2Predict: ROI, research use only", "ROI of a prediction of HER2 status"
RESULT_SERIES = {
    True: "HER2Predict: result of a simulated model, research use only",
    False: "HER2Predict: result, research use only",
}
DEIDENTIFICATION = "HER2Predict: only the UIDs are the source's"

ENGLISH = CodedConcept("en", "RFC5646", "English")
UNDETERMINED = CodedConcept("und", "RFC5646", "Undetermined")
