"""What results mean, in sentences: the numbers are those of the results, and small samples are called small."""

from __future__ import annotations

import numpy as np

from ..cohort.evidence import Evidence
from ..measured.baseline import BaselineTable, p_value_text
from ..measured.results import APPARENT, Flow, Results
from ..protocol.protocol import TEST, TRAIN
from . import measures_in_words
from .measures_in_words import listed

#: Level of significance, two-sided, as in the study.
SIGNIFICANCE = 0.05
#: Contributions to the log-odds no larger than this are rounding.
LEAST_CONTRIBUTION = 1e-9


def analysed(flow: Flow, evidence: Evidence) -> str:
    """``67 patients were analysed, 27 of them HER2-positive (40 %)``."""
    kind = "simulated patients" if evidence.all_simulated else "patients"
    positive = sum(flow.positive.values())
    return (
        f"{flow.analysed} {kind} were analysed, {positive} of them HER2-positive "
        f"({100 * positive / flow.analysed:.0f} %)"
    )


def cohort(results: Results) -> str:
    """How many patients, in which sets."""
    return (
        f"{analysed(results.flow, results.evidence)}: {_set(results, TRAIN)} in the training set and "
        f"{_set(results, TEST)} in the test set."
    )


def left_out(flow: Flow, evidence: Evidence) -> str:
    """How many patients of the table were left out, and why."""
    table = "cohort table" if evidence.listed_before_extraction else "feature table"
    if not flow.left_out and not evidence.listed_before_extraction:
        return (
            f"The {table} lists {flow.listed} patients, and all were analysed; who was left out before it was made is "
            "not known here."
        )
    if not flow.left_out:
        return f"The {table} lists {flow.listed} patients; none was left out."
    reasons = listed(
        [
            f"{reason[0].lower() if reason[1:2].islower() else reason[0]}{reason[1:]} ({count})"
            for reason, count in flow.reasons.items()
        ]
    )
    return f"The {table} lists {flow.listed} patients; {flow.left_out} were left out: {reasons}."


def findings(evidence: Evidence, table: str) -> str:
    """In how many patients the checks of the input found something, counted in `table`; empty where none was done."""
    if evidence.findings is None:
        return ""
    with_finding = evidence.patients - int(evidence.findings.iloc[-1]["all"])
    if not with_finding:
        return f"The checks of image and ROI found nothing to note in the {evidence.patients} patients."
    return (
        f"The checks of image and ROI found something to note in {with_finding} of {evidence.patients} patients "
        f"({table})."
    )


def differences(table: BaselineTable, evidence: Evidence) -> str:
    """Which characteristics differ between training and test set."""
    if not evidence.characteristics:
        return (
            "The cohort table holds no clinical characteristics: whether training and test patients are alike in more "
            "than HER2 status cannot be judged."
        )
    tests = [(row.label, row.test.p_value) for row in table.rows if row.test and np.isfinite(row.test.p_value)]
    below = [f"{label} (p = {p_value_text(p)})".replace("= <", "< ") for label, p in tests if p < SIGNIFICANCE]
    if not tests:
        return "No characteristic could be compared between the sets."
    if not below:
        return (
            f"None of the {len(tests)} characteristics that could be compared differed between the sets at the "
            f"{SIGNIFICANCE} level; with so few patients, that is no proof that they are alike."
            if len(tests) > 1
            else f"The one characteristic that could be compared did not differ between the sets at the {SIGNIFICANCE} "
            "level."
        )
    return f"At the {SIGNIFICANCE} level, the sets differed in {listed(below)}."


def discrimination(results: Results, name: str) -> str:
    """AUC of the MLP in a set, and what its interval allows to say."""
    where = "In the test set" if name == TEST else "In the training set, out of fold,"
    return measures_in_words.discrimination(results.performances["mlp", name], "the MLP", where)


def others(results: Results) -> str:
    texts = [
        f"{label.lower()} {results.performances[key, TRAIN].auc.text()} in the training set, out of fold, and "
        f"{results.performances[key, TEST].auc.text()} in the test set"
        for key, label in results.labels.items()
        if key != "mlp"
    ]
    return f"The other models had AUCs of: {'; '.join(texts)}."


def optimism(results: Results) -> str:
    """Apparent against out-of-fold AUC."""
    apparent, honest = (results.performances["mlp", name].auc.value for name in (APPARENT, TRAIN))
    return (
        f"On the patients that it was fitted to, the MLP had an apparent AUC of {apparent:.2f} against {honest:.2f} "
        "out of fold. Apparent values are printed beside for comparison and say nothing about new patients."
    )


def comparisons(results: Results) -> str:
    pairs = results.comparisons[TEST]
    differing = [
        f"{results.labels[pair.first]} and {results.labels[pair.second]} ({pair.delong.difference.text()}, "
        f"p {p_value_phrase(pair.delong.p_value)})"
        for pair in pairs
        if pair.delong.p_value < SIGNIFICANCE
    ]
    if differing:
        return f"In the test set, the AUCs differed at the {SIGNIFICANCE} level (DeLong) between {listed(differing)}."
    return (
        f"In the test set, no two of the {len(results.labels)} models differed in AUC at the {SIGNIFICANCE} level "
        f"(DeLong); {results.performances['mlp', TEST].patients} patients cannot rank models unless they differ much."
    )


def calls(results: Results) -> str:
    return measures_in_words.calls(results.performances["mlp", TEST].operating_point, "test patients")


def calibration(results: Results) -> str:
    return measures_in_words.calibration(results.performances["mlp", TEST].recalibration, "In the test set")


def decision(results: Results) -> str:
    """Where acting on the model is better than not having it."""
    return measures_in_words.decision(results.decision[TEST], "the MLP", "In the test set")


def spread(results: Results) -> str:
    summary = results.spread.loc["mlp"]
    below = f"in {100 * summary['share_at_most_half']:.0f} % of the splits it was 0.50 or less"
    return (
        f"Over {int(summary['splits'])} random splits (repeated hold-out), with hyper-parameters, ensemble, "
        "calibration and threshold chosen and fitted anew in each as in the split of this report, the MLP's test "
        f"AUC was {summary['mean']:.2f} on average (SD {summary['sd']:.2f}), between {summary['min']:.2f} and "
        f"{summary['max']:.2f}; {below}. The split of this report gave {summary['this_split']:.2f}. The average says "
        "more about the method than any single split of so few patients."
    )


def guessing(results: Results) -> str:
    """Why the deployed model tells no better than guessing, and what follows."""
    return (
        f"It learnt nothing that can be told from chance: {'; '.join(results.guessing)}. Its bundle is marked: it "
        "gives no call, and nothing below speaks for its use."
    )


def shuffles(results: Results) -> str:
    """What learning from shuffled HER2 status gives, against the true one."""
    found, told = results.study.shuffles, results.study.discrimination
    if found.p_value > SIGNIFICANCE:
        meaning = "the features do not tell the true status better than a random one"
    else:
        meaning = "learning found more than chance gives"
    return (
        f"Learning again from {told.shuffles} shuffles of the HER2 status of the training patients gave "
        f"cross-validated AUCs of {found.shuffled.mean():.2f} on average, and {np.quantile(found.shuffled, 0.95):.2f} "
        f"or more in 1 of 20; the true status gave {found.auc:.2f} in the same way (p = {found.p_value:.3f}): "
        f"{meaning}. The deployed MLP has the {told.describe()}; the interval is as wide as the shuffles ask for."
    )


def importance(results: Results) -> str:
    by_class, by_image = results.importance.by_class, results.importance.by_image
    if not by_class["mean"].max() > LEAST_CONTRIBUTION:
        return "No feature moved the predictions: they are the same for every patient."
    return (
        f"Predictions moved most with {listed([_spoken(name) for name in by_class.index[:2]])} features, and by image "
        f"with {listed([_spoken(name) for name in by_image.index[:2]])}."
    )


def applicability(results: Results) -> str:
    """Test patients that are unlike the training patients."""
    beyond, total = results.applicability.beyond[TEST], len(results.study.test)
    expected = f"{results.applicability.beyond[TRAIN]} of {len(results.study.train)} training patients"
    return (
        f"{beyond} of {total} test patients and {expected} lay farther out than 95 % of patients like the "
        "training patients are expected to. For patients like these a prediction extrapolates."
    )


def p_value_phrase(p_value: float) -> str:
    """``= 0.03``, ``< 0.001``, ``> 0.99``."""
    text = p_value_text(p_value)
    return f"{text[0]} {text[1:]}" if text[:1] in ("<", ">") else f"= {text}"


def _spoken(name: object) -> str:
    text = str(name)
    return text.upper() if text.startswith("gl") else {"firstorder": "first-order"}.get(text, text)


def _set(results: Results, name: str) -> str:
    positive, negative = results.flow.positive[name], results.flow.negative[name]
    return f"{positive + negative} ({positive} positive)"
