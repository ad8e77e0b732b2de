"""Methods, limits and references of a report: what was done, and what it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from ...features import class_of, image_of
from ...model.model import Model
from ..cohort.evidence import Evidence
from ..measured.results import Results
from ..protocol.protocol import EXPLAINED_VARIANCE, TEST
from ..statistics.estimate import Estimate
from .page_parts import part

#: Where the findings on the input of a study are counted.
FINDINGS_TABLE = "Table 7"

#: Author, title and place; DOI where there is one.
REFERENCES = (
    (
        "Jiao P et al. Deep learning-based computed tomography urography image analysis for prediction of HER2 "
        "status in bladder cancer. J Cancer 2024, volume 15.",
        "",
    ),
    ("Collins GS et al. TRIPOD+AI statement. BMJ 2024, 385:e078378.", "10.1136/bmj-2023-078378"),
    ("Tejani AS et al. CLAIM: 2024 update. Radiol Artif Intell 2024, 6:e240300.", "10.1148/ryai.240300"),
    (
        "van Griethuysen JJM et al. Computational radiomics system. Cancer Res 2017, 77:e104-e107.",
        "10.1158/0008-5472.CAN-17-0339",
    ),
    ("Pedregosa F et al. Scikit-learn: machine learning in Python. J Mach Learn Res 2011, 12:2825-2830.", ""),
    ("Breiman L. Bagging predictors. Mach Learn 1996, 24:123-140.", "10.1007/BF00058655"),
    (
        "Platt J. Probabilistic outputs for support vector machines. In: Advances in large margin classifiers. MIT "
        "Press, 1999.",
        "",
    ),
    ("Youden WJ. Index for rating diagnostic tests. Cancer 1950, 3:32-35.", ""),
    (
        "DeLong ER et al. Comparing the areas under two or more correlated ROC curves. Biometrics 1988, 44:837-845.",
        "10.2307/2531595",
    ),
    (
        "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc 1927, "
        "22:209-212.",
        "10.1080/01621459.1927.10502953",
    ),
    ("Vickers AJ, Elkin EB. Decision curve analysis. Med Decis Making 2006, 26:565-574.", "10.1177/0272989X06295361"),
    (
        "Ojala M, Garriga GC. Permutation tests for studying classifier performance. J Mach Learn Res 2010, "
        "11:1833-1863.",
        "",
    ),
    ("Sundararajan M et al. Axiomatic attribution for deep networks. ICML 2017, PMLR 70:3319-3328.", ""),
    ("Breiman L, Friedman JH, Olshen RA, Stone CJ. Classification and regression trees. Wadsworth, 1984.", ""),
    (
        "Phipson B, Smyth GK. Permutation p-values should never be zero. Stat Appl Genet Mol Biol 2010, 9:39.",
        "10.2202/1544-6115.1585",
    ),
    (
        "Bengio Y, Grandvalet Y. No unbiased estimator of the variance of k-fold cross-validation. J Mach Learn Res "
        "2004, 5:1089-1105.",
        "",
    ),
)


def outcome(evidence: Evidence) -> str:
    """How HER2 status was told."""
    rule = "a score of 2+ or 3+ is positive, 0 or 1+ negative"
    labels = "the table does not say by which test and which rule"
    if evidence.all_simulated:
        return "HER2 status was drawn for each simulated patient; no specimen was stained."
    if evidence.scored == evidence.patients:
        return f"HER2 status from the immunohistochemistry scores of the cohort table: {rule}."
    if evidence.scored:
        return (
            f"HER2 status of {evidence.scored} patients from the immunohistochemistry scores of the cohort table: "
            f"{rule}. Of the other {evidence.patients - evidence.scored} the table tells positive or negative; "
            f"{labels}."
        )
    return f"HER2 status, positive or negative, as the cohort table tells it; {labels}."


def features(evidence: Evidence, names: Sequence[str], table: str) -> str:
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
    return part("methods-features", "Features", f"{kinds}, {by}", checks(evidence, table))


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


def missing_data(evidence: Evidence) -> str:
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
    return part(
        "methods-missing",
        "Missing data",
        f"{complete} {clinical} When the model is used, an image or ROI with an error gives a message and no "
        "prediction.",
    )


def methods(results: Results, model: Model) -> str:
    """What was done, in the order in which it was done."""
    protocol, study = results.study.protocol, results.study
    share = f"{100 * (1 - protocol.test_share):.0f} % to {100 * protocol.test_share:.0f} %"
    drawn = (
        "The cohort table assigns the patients to the sets."
        if results.split_given
        else f"The patients were split {share}, at random and stratified by HER2 status, with the seed {protocol.seed}."
    )
    parts = (
        part(
            "methods-use",
            "Intended use",
            str(model.card["intended_use"]),
            "The user outlines the tumour on every slice of an excretory-phase CT urography; the model is applied "
            "in 3D Slicer or by the command her2predict predict. Reading the result takes a radiologist or "
            "urologist who knows the limits below.",
        ),
        part("methods-outcome", "Outcome", outcome(results.evidence)),
        features(results.evidence, list(study.features.columns), FINDINGS_TABLE),
        missing_data(results.evidence),
        part(
            "methods-split",
            "Training and test set",
            f"{drawn} The sets are disjoint by patient. Scaler, principal components, hyper-parameters, "
            "calibration and threshold were fitted on the training patients alone.",
        ),
        part(
            "methods-models",
            "Models",
            f"z-scores, then the principal components that explain {100 * EXPLAINED_VARIANCE:.0f} % of the variance, "
            "whitened, then a classifier: a multilayer perceptron (MLP), a random forest or a logistic regression "
            f"[5]. Hyper-parameters were chosen within the training set by the log-loss of calibrated out-of-fold "
            f"predictions in {protocol.folds}-fold cross-validation, repeated {protocol.repeats} times: the simplest "
            "whose loss is within one standard error of the lowest [14] (Table 3). The MLP is scored as the ensemble "
            f"that it is used as, of {protocol.choosing_members} members. Classes were neither weighted nor resampled.",
            f"The deployed model is the MLP: the mean of {protocol.members} MLPs, each started at random and fitted "
            "to a bootstrap sample of the training patients [6]. Its probability, as that of the other models, is "
            "calibrated by logistic regression [7] on the log-odds of out-of-fold predictions. It gives "
            "a probability with a model interval, which says where it might lie had the model learnt from very many "
            "such patients, from the spread of those MLPs and the error of the calibration, weighted as fitted on "
            "pairs of computer-made cohorts, and a call at the threshold that "
            f"{protocol.threshold.words()}{' [8]' if protocol.threshold.kind == 'youden' else ''}, from the calibrated "
            "out-of-fold predictions of the training patients; the other models have thresholds by the same rule. "
            "The model was not updated after evaluation.",
        ),
        part(
            "methods-statistics",
            "Evaluation",
            "Performance in the training set is out of fold: each patient is predicted by models, and a "
            "calibration, that were fitted without that patient, averaged over the repeats. The hyper-parameters "
            "and the threshold were chosen on the same patients, so that these values still flatter a little. "
            "Apparent values are those of the model on the patients that it was fitted to.",
            f"Intervals are 95 %: percentiles of {results.resamples} stratified bootstrap resamples for AUC, average "
            "precision, Brier score and F1; Wilson's score interval [10] for proportions; Wald's for calibration; "
            "DeLong's method [9] beside the bootstrap for AUCs and for paired comparisons. Tests are two-sided, and "
            "p-values are not corrected for their number.",
            "AUC, average precision and comparisons of models are of the scores before calibration: calibrations that "
            "were fitted in different folds disturb the order of patients. Whether anything was learnt was tested by "
            f"learning again from {protocol.shuffles} shuffles of the HER2 status [12] of the training patients: "
            "choice of hyper-parameters, fits and ranking anew, with ensembles of the size that hyper-parameters are "
            "chosen with and one repeat of the folds; folds, scalers and components, which do not depend on the "
            "status, are shared. p is (1 + shuffles that do as well) / (1 + shuffles) [15]. Intervals of measures out "
            "of fold take the scores as given, and are too narrow, since the models of different folds share patients "
            "[16]. That of the MLP's cross-validated AUC, on which it depends whether the model gives calls, is "
            "DeLong's, made wider by how much farther from guessing the AUCs of the shuffles lie than those of a given "
            "score would, and the less so the better the model ranks.",
            "Net benefit is that of decision curve analysis [11]. Beside the one split, repeated hold-out: "
            f"{protocol.splits} other random splits of all patients, in each of which hyper-parameters are chosen, "
            "models fitted, calibrated and given a threshold anew, as in the one. Splits share patients. "
            "Contributions of features are integrated gradients [13] of the calibrated log-odds, from the "
            "mean training patient.",
        ),
    )
    return "\n".join(parts)


def limits(results: Results) -> list[str]:
    test = results.performances["mlp", TEST]
    sensitivity = test.operating_point.sensitivity
    texts = [
        f"The test set has {test.patients} patients, {test.positive} of them HER2-positive. {_width(test.auc)}The "
        f"interval of its sensitivity is {sensitivity.high - sensitivity.low:.2f} wide: values as printed can be far "
        "from those of many patients.",
        "All patients come from one cohort table. "
        + (
            "It assigns them to training and test set; whether the test patients are of another hospital, with other "
            "scanners, contrast timing or readers, is not known here."
            if results.test_may_be_elsewhere
            else "Nothing here tells how the model does in another hospital, with other scanners, contrast timing or "
            "readers; that takes her2predict evaluate on a cohort from there."
        ),
        *_overfitting(results),
        *limits_of_data(results.evidence),
        "Predictive values hold for the share of HER2-positive patients in these sets and change with it.",
    ]
    if results.simulated:
        texts.insert(0, "The patients were simulated: performance is a property of the simulator, not of tumours.")
    return texts


def limits_of_data(evidence: Evidence) -> list[str]:
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
        "Who outlined the ROIs is not told here, and how much predictions change with another outline is not measured.",
    ]
    return [text for text in texts if text]


def _overfitting(results: Results) -> tuple[str, ...]:
    features, patients = results.study.features.shape[1], len(results.study.train)
    if features <= patients:
        return ()
    return (
        f"There are {features} features and {patients} training patients. Components, small layers and strong "
        "penalties hold overfitting back and do not abolish it; the spread over random splits and the apparent values "
        "show what is left.",
    )


def _width(auc: Estimate) -> str:
    """Empty where every resample separates the classes, or predictions are all alike: the interval says nothing."""
    return (
        f"The interval of its AUC is {auc.high - auc.low:.2f} wide. "
        if auc.low < auc.high and 0 < auc.value < 1
        else ""
    )
