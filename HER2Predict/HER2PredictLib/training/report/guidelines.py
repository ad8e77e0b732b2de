"""What TRIPOD+AI and CLAIM ask of a report, where this one answers, and what the data cannot answer.

TRIPOD+AI: Collins et al., BMJ 2024, 385:e078378. CLAIM: Tejani et al., Radiol Artif Intell 2024, 6:e240300. The topics
are in our own words; the numbers are those of the guidelines.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..cohort.evidence import Evidence
from .page_parts import paragraphs


@dataclass(frozen=True)
class Item:
    """One item of a guideline.

    `section` identifies the section of the report that answers it, whole or in part, and is empty where none does;
    `missing` is what the researcher has to add, empty where nothing is missing. `depends` is the key of what the data
    may change in it, see `_changes`.
    """

    number: str
    topic: str
    section: str = ""
    missing: str = ""
    depends: str = ""

    @property
    def answer(self) -> str:
        """``answered``, ``in part`` or ``not answered``."""
        if not self.section:
            return "not answered"
        return "in part" if self.missing else "answered"


_DATES = "Dates, places and centres."
_CLUSTERS = "Performance by hospital is not measured."
_READERS = "Who read, how experienced and what they were blinded to."
_FAIRNESS = "No performance by subgroup is measured."
_LABORATORY = "Laboratory, antibody and scoring guideline."
_ELIGIBILITY = "Criteria applied before the cohort table was made."

#: As answered where images with all that a cohort table may hold were given; `_changes` tells what a table lacks.
_TRIPOD_AI = (
    Item("1", "Title: model, target population and outcome named", "top"),
    Item("2", "Abstract", "summary"),
    Item("3a", "Healthcare context and reasons for the model", "", "Clinical background and earlier models."),
    Item("3b", "Target population, purpose and users", "methods-use", "Place in the care pathway."),
    Item("3c", "Known health inequalities", "", "To be given."),
    Item("4", "Objectives", "summary"),
    Item(
        "5a",
        "Source of the data, and how representative",
        "patients",
        "Why this source, and whom it represents.",
        depends="source",
    ),
    Item("5b", "Dates of the data", "", _DATES, depends="dates"),
    Item("6a", "Setting and centres", "", "Setting and centres.", depends="centres"),
    Item("6b", "Eligibility", "patients", _ELIGIBILITY),
    Item(
        "6c",
        "Treatments received",
        "",
        "The study asked for no targeted or immunotherapy before the CT.",
        depends="treatments",
    ),
    Item("7", "Preparation and quality checks of the data", "methods-features", depends="features"),
    Item("8a", "Outcome, and how it was assessed", "methods-outcome", _LABORATORY, depends="outcome"),
    Item("8b", "Assessors of a subjective outcome", "", _READERS, depends="laboratory"),
    Item("8c", "Blinding of the outcome", "", _READERS),
    Item("9a", "Choice of predictors", "methods-features", depends="features"),
    Item(
        "9b",
        "Definition and measurement of predictors",
        "methods-features",
        "Scanner and protocol; who outlined.",
        depends="features",
    ),
    Item("9c", "Assessors of subjective predictors", "", _READERS, depends="readers"),
    Item("10", "Sample size", "limits", "How the number of patients was arrived at."),
    Item("11", "Missing data", "methods-missing", depends="flow"),
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
    Item("16", "Differences between development and evaluation data", "patients", depends="source"),
    Item("17", "Ethical approval", "", "Approval and consent."),
    Item("18a", "Funding", "", "To be declared."),
    Item("18b", "Conflicts of interest", "", "To be declared."),
    Item("18c", "Protocol", "reproduction", "Whether a protocol was fixed beforehand."),
    Item("18d", "Registration", "", "Registry and number, or that there is none."),
    Item("18e", "Availability of data", "", "Whether and how others get the data."),
    Item("18f", "Availability of code", "reproduction"),
    Item("19", "Patient and public involvement", "", "To be declared."),
    Item("20a", "Flow of participants", "patients", depends="flow"),
    Item("20b", "Characteristics of participants", "patients", depends="characteristics"),
    Item("20c", "Comparison of development and evaluation data", "patients", depends="characteristics"),
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
    Item("9", "Preprocessing", "methods-features", depends="features"),
    Item("10", "Selection of parts of the data", "methods-features", depends="features"),
    Item("11", "De-identification", "reproduction", "How images were de-identified at their source."),
    Item("12", "Missing data", "methods-missing", depends="flow"),
    Item("13", "Image acquisition", "", "Scanner, contrast agent, timing and reconstruction.", depends="scanners"),
    Item("14", "Definition of the reference standard", "methods-outcome", _LABORATORY, depends="outcome"),
    Item("15", "Reason for the reference standard", "", "To be given."),
    Item("16", "Source of the reference standard", "", _READERS, depends="laboratory"),
    Item("17", "Annotation of the test set", "", _READERS, depends="readers"),
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
    Item("35", "Numbers of patients in and out", "patients", depends="flow"),
    Item("36", "Characteristics of each partition", "patients", depends="characteristics"),
    Item("37", "Performance with uncertainty on every partition", "discrimination"),
    Item("38", "Diagnostic performance and its precision", "discrimination"),
    Item("39", "Analysis of failures", "mlp", "A reader's look at the patients called wrongly."),
    Item("40", "Limitations", "limits"),
    Item("41", "Meaning for practice", "methods-use", "In the light of local practice."),
    Item("42", "Protocol", "reproduction", "Whether a protocol was fixed beforehand."),
    Item("43", "Availability of software, model and data", "reproduction", "Availability of the data."),
    Item("44", "Funding", "", "To be declared."),
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


#: What a table that HER2Predict did not make leaves open of the features, by their `Origin`.
_FEATURES = {
    "pyradiomics": "How images and ROIs were prepared and checked.",
    "named": "By which software the features were computed; how images and ROIs were prepared and checked.",
    "unknown": "By which software and with which settings the features were computed; how images and ROIs were "
    "prepared and checked.",
}


def tripod_ai(evidence: Evidence) -> tuple[Item, ...]:
    """The items of TRIPOD+AI, each answered as far as the data of this report allow."""
    return _adapted(_TRIPOD_AI, evidence)


def claim(evidence: Evidence) -> tuple[Item, ...]:
    """The items of CLAIM, each answered as far as the data of this report allow."""
    return _adapted(_CLAIM, evidence)


def _adapted(items: tuple[Item, ...], evidence: Evidence) -> tuple[Item, ...]:
    changes = _changes(evidence)
    return tuple(_changed(item, *changes[item.depends]) if item.depends in changes else item for item in items)


def _changed(item: Item, missing: str, in_part: bool) -> Item:
    section = (item.section or "patients") if in_part else ""
    # What was missing already stays so.
    return replace(item, section=section, missing=" ".join(dict.fromkeys(filter(None, (missing, item.missing)))))


def _changes(evidence: Evidence) -> dict[str, tuple[str, bool]]:
    """What the data make of an item, by `Item.depends`: what is missing, and whether the rest answers it in part."""
    changes = {}
    for name, pattern in _COLUMNS.items():
        if columns := evidence.telling(pattern):
            changes[name] = f"More than the column {', '.join(columns)} of Table 1 tells.", True
    if not evidence.checked:
        changes["features"] = _FEATURES[evidence.origin], evidence.origin != "unknown"
    if evidence.all_simulated:
        changes["outcome"] = "The patients are simulated: nothing was assessed.", True
    elif evidence.scored < evidence.patients:
        changes["outcome"] = "By which test and rule a patient is HER2-positive.", evidence.scored > 0
    if not evidence.listed_before_extraction:
        changes["flow"] = "Who was left out before the feature table was made.", True
    if not evidence.characteristics:
        changes["characteristics"] = "The cohort table holds no clinical characteristics.", False
        changes["source"] = "HER2 status alone is told of the patients.", True
    return changes


def items_html(items: Sequence[Item], caption: str) -> str:
    """A table of the items, with the number of those that are answered."""
    lines = []
    for item in items:
        where = f'<a href="#{item.section}">{_section_name(item.section)}</a>' if item.section else ""
        cells = [where, f'<span class="status">{item.answer}</span>', html.escape(item.missing)]
        row = "".join(f"<td>{cell}</td>" for cell in [html.escape(item.topic), *cells])
        lines.append(f'<tr><th scope="row">{item.number}</th>{row}</tr>')
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Item", "Topic", "Where", "Answer", "What the data cannot tell")
    )
    answered = sum(item.answer == "answered" for item in items)
    partly = sum(item.answer == "in part" for item in items)
    introduction = paragraphs(
        f"Of {len(items)} items this report answers {answered} and {partly} in part; the others are for the "
        "researcher to add."
    )
    return (
        f'{introduction}<div class="scroll"><table class="items"><caption>{caption}, topics in short</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _section_name(section: str) -> str:
    part, _, rest = section.partition("-")
    name = rest or part
    return {
        "top": "Title",
        "use": "Intended use",
        "missing": "Missing data",
        "split": "Training and test set",
        "statistics": "Evaluation",
        "mlp": "Calls",
        "reproduction": "To do it again",
        "splits": "Other random splits",
    }.get(name, name.capitalize())
