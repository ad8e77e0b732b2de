"""What TRIPOD+AI and CLAIM ask of a report, where this one answers, and what the data cannot answer.

TRIPOD+AI: Collins et al., BMJ 2024, 385:e078378. CLAIM: Tejani et al., Radiol Artif Intell 2024, 6:e240300. The topics
are in our own words; the numbers are those of the guidelines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...cohort.evidence import Evidence


@dataclass(frozen=True)
class Item:
    """One item of a guideline.

    `section` identifies the section of the report that answers it, whole or in part, and is empty where none does;
    `missing` is what the researcher has to add, empty where nothing is missing.
    """

    number: str
    topic: str
    section: str = ""
    missing: str = ""

    @property
    def answer(self) -> str:
        """``answered``, ``in part`` or ``not answered``."""
        if not self.section:
            return "not answered"
        return "in part" if self.missing else "answered"


_DATES = "Dates, places and centres."
_CENTRES = "Setting and centres."
_CLUSTERS = "Performance by hospital is not measured."
_READERS = "Who read, how experienced and what they were blinded to."
_FAIRNESS = "No performance by subgroup is measured."
_LABORATORY = "Laboratory, antibody and scoring guideline."
_PATHWAY = "Place in the care pathway."
_ELIGIBILITY = "Criteria applied before the cohort table was made."

#: As answered where images with all that a cohort table may hold were given; `tripod_ai` tells what a table lacks.
_TRIPOD_AI = (
    Item("1", "Title: model, target population and outcome named", "top"),
    Item("2", "Abstract", "summary"),
    Item("3a", "Healthcare context and reasons for the model", "", "Clinical background and earlier models."),
    Item("3b", "Target population, purpose and users", "methods-use", _PATHWAY),
    Item("3c", "Known health inequalities", "", "To be given."),
    Item("4", "Objectives", "summary"),
    Item("5a", "Source of the data, and how representative", "patients", "Why this source, and whom it represents."),
    Item("5b", "Dates of the data", "", _DATES),
    Item("6a", "Setting and centres", "", _CENTRES),
    Item("6b", "Eligibility", "patients", _ELIGIBILITY),
    Item("6c", "Treatments received", "", "The study asked for no targeted or immunotherapy before the CT."),
    Item("7", "Preparation and quality checks of the data", "methods-features"),
    Item("8a", "Outcome, and how it was assessed", "methods-outcome", _LABORATORY),
    Item("8b", "Assessors of a subjective outcome", "", _READERS),
    Item("8c", "Blinding of the outcome", "", _READERS),
    Item("9a", "Choice of predictors", "methods-features"),
    Item("9b", "Definition and measurement of predictors", "methods-features", "Scanner and protocol; who outlined."),
    Item("9c", "Assessors of subjective predictors", "", _READERS),
    Item("10", "Sample size", "limits", "How the number of patients was arrived at."),
    Item("11", "Missing data", "methods-missing"),
    Item("12a", "Use and partition of the data", "methods-split"),
    Item("12b", "Handling of predictors", "methods-models"),
    Item("12c", "Type of model, building steps, hyper-parameters, internal validation", "methods-models"),
    Item("12d", "Differences between clusters such as hospitals", "", _CLUSTERS),
    Item("12e", "Measures of performance, comparison of models", "methods-statistics"),
    Item("12f", "Updating of the model after evaluation", "methods-models"),
    Item("12g", "How predictions are computed", "methods-models"),
    Item("13", "Class imbalance", "methods-models"),
    Item("14", "Fairness", "", _FAIRNESS),
    Item("15", "Output of the model and thresholds", "methods-models"),
    Item("16", "Differences between development and evaluation data", "patients"),
    Item("17", "Ethical approval", "", "Approval and consent."),
    Item("18a", "Funding", "", "To be declared."),
    Item("18b", "Conflicts of interest", "", "To be declared."),
    Item("18c", "Protocol", "reproduction", "Whether a protocol was fixed beforehand."),
    Item("18d", "Registration", "", "Registry and number, or that there is none."),
    Item("18e", "Availability of data", "", "Whether and how others get the data."),
    Item("18f", "Availability of code", "reproduction"),
    Item("19", "Patient and public involvement", "", "To be declared."),
    Item("20a", "Flow of participants", "patients"),
    Item("20b", "Characteristics of participants", "patients"),
    Item("20c", "Comparison of development and evaluation data", "patients"),
    Item("21", "Participants and events in each analysis", "discrimination"),
    Item("22", "Full specification of the model", "reproduction"),
    Item("23a", "Performance with intervals, also in subgroups", "discrimination", _FAIRNESS),
    Item("23b", "Heterogeneity between clusters", "", _CLUSTERS),
    Item("24", "Results of updating", "methods-models"),
    Item("25", "Interpretation", "summary", "In the light of other studies."),
    Item("26", "Limitations", "limits"),
    Item("27a", "Poor or missing input at the time of use", "methods-missing"),
    Item("27b", "Interaction and expertise that use asks for", "methods-use"),
    Item("27c", "Next steps", "limits"),
)

#: As `_TRIPOD_AI`.
_CLAIM = (
    Item("1", "AI and its category named in title or abstract", "top"),
    Item("2", "Structured abstract", "summary"),
    Item("3", "Background, intended use and role", "methods-use", "Clinical background."),
    Item("4", "Aims and hypotheses", "summary"),
    Item("5", "Prospective or retrospective", "", "To be given."),
    Item("6", "Goal of the study", "summary"),
    Item("7", "Source of the data", "patients", _DATES),
    Item("8", "Inclusion and exclusion", "patients", _ELIGIBILITY),
    Item("9", "Preprocessing", "methods-features"),
    Item("10", "Selection of parts of the data", "methods-features"),
    Item("11", "De-identification", "reproduction", "How images were de-identified at their source."),
    Item("12", "Missing data", "methods-missing"),
    Item("13", "Image acquisition", "", "Scanner, contrast agent, timing and reconstruction."),
    Item("14", "Definition of the reference standard", "methods-outcome", _LABORATORY),
    Item("15", "Reason for the reference standard", "", "To be given."),
    Item("16", "Source of the reference standard", "", _READERS),
    Item("17", "Annotation of the test set", "", _READERS),
    Item("18", "Variability between and within readers", "", "Needs ROIs and scores of more than one reader."),
    Item("19", "Assignment of data to partitions", "methods-split"),
    Item("20", "Level at which partitions are separate", "methods-split"),
    Item("21", "Intended sample size", "", "How the number of patients was arrived at."),
    Item("22", "Description of the model", "methods-models"),
    Item("23", "Software", "reproduction"),
    Item("24", "Initialisation of parameters", "methods-models"),
    Item("25", "Training", "methods-models"),
    Item("26", "Choice of the final model", "methods-models"),
    Item("27", "Ensembles", "methods-models"),
    Item("28", "Metrics", "methods-statistics"),
    Item("29", "Statistical measures and their uncertainty", "methods-statistics"),
    Item("30", "Robustness and sensitivity", "splits", "Other outlines, scanners and timings were not tried."),
    Item("31", "Explainability", "importance"),
    Item("32", "Evaluation on internal data", "discrimination"),
    Item("33", "Evaluation on external data", "", "Needs a cohort of another hospital: her2predict evaluate."),
    Item("34", "Registration of a trial", "", "Registry and number, or that there is none."),
    Item("35", "Numbers of patients in and out", "patients"),
    Item("36", "Characteristics of each partition", "patients"),
    Item("37", "Performance with uncertainty on every partition", "discrimination"),
    Item("38", "Diagnostic performance and its precision", "discrimination"),
    Item("39", "Analysis of failures", "mlp", "A reader's look at the patients called wrongly."),
    Item("40", "Limitations", "limits"),
    Item("41", "Meaning for practice", "methods-use", "In the light of local practice."),
    Item("42", "Protocol", "reproduction", "Whether a protocol was fixed beforehand."),
    Item("43", "Availability of software, model and data", "reproduction", "Availability of the data."),
    Item("44", "Funding", "", "To be declared."),
)


def tripod_ai(evidence: Evidence) -> tuple[Item, ...]:
    """The items of TRIPOD+AI, each answered as far as the data of this report allow."""
    return _adapted(
        _TRIPOD_AI,
        {
            **_told(
                evidence, {"5b": "dates", "6a": "centres", "6c": "treatments", "9c": "readers", "8b": "laboratory"}
            ),
            **_features(evidence, ("7", "9a", "9b")),
            **_outcome(evidence, ("8a",)),
            **_flow(evidence, ("11", "20a")),
            **_characteristics(evidence, ("20b", "20c")),
            **_partly_without_characteristics(evidence, ("5a", "16")),
        },
    )


def claim(evidence: Evidence) -> tuple[Item, ...]:
    """The items of CLAIM, each answered as far as the data of this report allow."""
    return _adapted(
        _CLAIM,
        {
            **_told(evidence, {"13": "scanners", "16": "laboratory", "17": "readers"}),
            **_features(evidence, ("9", "10")),
            **_outcome(evidence, ("14",)),
            **_flow(evidence, ("12", "35")),
            **_characteristics(evidence, ("36",)),
        },
    )


#: Names of clinical columns that may answer an item.
_COLUMNS = {
    "dates": r"\bdates?\b|\byear\b|\bperiod\b",
    "centres": r"\b(centre|center|hospital|institution)s?\b|^site$",
    "treatments": r"treat|therapy|chemo|surgery",
    "readers": r"\b(reader|observer|radiologist|annotator)s?\b",
    "laboratory": r"\b(laboratory|lab|antibody|pathologist)\b",
    "scanners": r"\b(scanner|manufacturer|kvp?|kernel|contrast|reconstruction)\b",
}


@dataclass(frozen=True)
class _Change:
    """What the data make of an item: what is missing, and whether the rest answers it in part."""

    missing: str
    in_part: bool


def _adapted(items: tuple[Item, ...], changes: Mapping[str, _Change]) -> tuple[Item, ...]:
    return tuple(_changed(item, changes[item.number]) if item.number in changes else item for item in items)


def _changed(item: Item, change: _Change) -> Item:
    section = (item.section or "patients") if change.in_part else ""
    # What was missing already stays so.
    missing = " ".join(dict.fromkeys(text for text in (change.missing, item.missing) if text))
    return replace(item, section=section, missing=missing)


def _told(evidence: Evidence, asked: Mapping[str, str]) -> dict[str, _Change]:
    """Items that a clinical column answers in part."""
    columns = {number: evidence.telling(_COLUMNS[name]) for number, name in asked.items()}
    return {
        number: _Change(f"More than the column {', '.join(names)} of Table 1 tells.", True)
        for number, names in columns.items()
        if names
    }


def _features(evidence: Evidence, numbers: tuple[str, ...]) -> dict[str, _Change]:
    if evidence.checked:
        return {}
    untold = {
        "pyradiomics": "How images and ROIs were prepared and checked.",
        "named": "By which software the features were computed; how images and ROIs were prepared and checked.",
    }.get(
        evidence.origin,
        "By which software and with which settings the features were computed; how images and ROIs were prepared and "
        "checked.",
    )
    return dict.fromkeys(numbers, _Change(untold, evidence.origin in ("pyradiomics", "named")))


def _outcome(evidence: Evidence, numbers: tuple[str, ...]) -> dict[str, _Change]:
    if evidence.all_simulated:
        return dict.fromkeys(numbers, _Change("The patients are simulated: nothing was assessed.", True))
    if evidence.scored == evidence.patients:
        return {}
    return dict.fromkeys(numbers, _Change("By which test and rule a patient is HER2-positive.", evidence.scored > 0))


def _flow(evidence: Evidence, numbers: tuple[str, ...]) -> dict[str, _Change]:
    if evidence.listed_before_extraction:
        return {}
    return dict.fromkeys(numbers, _Change("Who was left out before the feature table was made.", True))


def _characteristics(evidence: Evidence, numbers: tuple[str, ...]) -> dict[str, _Change]:
    if evidence.characteristics:
        return {}
    return dict.fromkeys(numbers, _Change("The cohort table holds no clinical characteristics.", False))


def _partly_without_characteristics(evidence: Evidence, numbers: tuple[str, ...]) -> dict[str, _Change]:
    if evidence.characteristics:
        return {}
    return dict.fromkeys(numbers, _Change("HER2 status alone is told of the patients.", True))
