"""What TRIPOD+AI and CLAIM ask of a report, where this one answers, and what the data cannot answer.

TRIPOD+AI: Collins et al., BMJ 2024, 385:e078378. CLAIM: Tejani et al., Radiol Artif Intell 2024, 6:e240300. The topics
are in our own words; the numbers are those of the guidelines.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One item of a guideline.

    Attributes
    ----------
    number, topic : str
    section : str
        Identifier of the section of the report that answers it, whole or in part; empty where none does.
    missing : str
        What the researcher has to add; empty where nothing is missing.
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


_DATES = "The cohort table holds no dates, places or centres."
_READERS = "Who read, how experienced and what they were blinded to is not in the table."
_FAIRNESS = "No performance by subgroup: too few patients; the table does not say who is disadvantaged."

TRIPOD_AI = (
    Item("1", "Title: model, target population and outcome named", "top"),
    Item("2", "Abstract", "summary"),
    Item("3a", "Healthcare context and reasons for the model", "", "Clinical background and earlier models."),
    Item("3b", "Target population, purpose and users", "methods-use", "Place in the care pathway."),
    Item("3c", "Known health inequalities", "", "Not in the data."),
    Item("4", "Objectives", "summary"),
    Item("5a", "Source of the data, and how representative", "patients", "Why this source, and whom it represents."),
    Item("5b", "Dates of the data", "", _DATES),
    Item("6a", "Setting and centres", "", _DATES),
    Item("6b", "Eligibility", "patients", "Criteria applied before the cohort table was made."),
    Item("6c", "Treatments received", "", "Not in the table; the study asked for no targeted or immunotherapy before."),
    Item("7", "Preparation and quality checks of the data", "methods-features"),
    Item("8a", "Outcome, and how it was assessed", "methods-outcome", "Laboratory, antibody and scoring guideline."),
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
    Item("12d", "Differences between clusters such as hospitals", "", "The table names no hospital."),
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
    Item("23b", "Heterogeneity between clusters", "", "The table names no hospital."),
    Item("24", "Results of updating", "methods-models"),
    Item("25", "Interpretation", "summary", "In the light of other studies."),
    Item("26", "Limitations", "limits"),
    Item("27a", "Poor or missing input at the time of use", "methods-missing"),
    Item("27b", "Interaction and expertise that use asks for", "methods-use"),
    Item("27c", "Next steps", "limits"),
)

CLAIM = (
    Item("1", "AI and its category named in title or abstract", "top"),
    Item("2", "Structured abstract", "summary"),
    Item("3", "Background, intended use and role", "methods-use", "Clinical background."),
    Item("4", "Aims and hypotheses", "summary"),
    Item("5", "Prospective or retrospective", "", "Not in the table."),
    Item("6", "Goal of the study", "summary"),
    Item("7", "Source of the data", "patients", _DATES),
    Item("8", "Inclusion and exclusion", "patients", "Criteria applied before the cohort table was made."),
    Item("9", "Preprocessing", "methods-features"),
    Item("10", "Selection of parts of the data", "methods-features"),
    Item("11", "De-identification", "reproduction", "How images were de-identified at their source."),
    Item("12", "Missing data", "methods-missing"),
    Item("13", "Image acquisition", "", "Scanner, contrast agent, timing and reconstruction are not in the table."),
    Item("14", "Definition of the reference standard", "methods-outcome", "Laboratory, antibody, scoring guideline."),
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
    Item("30", "Robustness and sensitivity", "splits"),
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
