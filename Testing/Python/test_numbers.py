"""Every number of a report and of `metrics.json`, computed again from the tables beside it by other software."""

from __future__ import annotations

import io
import json
import math
import re
import unittest
from functools import lru_cache
from typing import Any

import numpy as np

try:
    import matplotlib
    import pandas as pd
    import scipy.stats
    import statsmodels.api as statsmodels
    from scipy.special import expit, logit
    from sklearn import metrics
    from sklearn.decomposition import PCA
    from statsmodels.stats.proportion import proportion_confint

    import studies
    from test_report import Page, read, written
except ImportError:
    matplotlib = None

LABELS = {"mlp": "MLP", "rf": "Random forest", "lr": "Logistic regression"}
SETS = {"train": "Training set, out of fold", "test": "Test set", "apparent": "Training set, apparent"}
ROWS = {
    "auc": "AUC (bootstrap)",
    "auc_delong": "AUC (DeLong)",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "Positive predictive value",
    "npv": "Negative predictive value",
    "accuracy": "Accuracy",
    "f1": "F1",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "calibration_in_the_large": "Calibration-in-the-large",
    "expected_observed": "Expected / observed",
}
#: Numbers that are of the method, of the study that it follows, of the layout or of a name.
CONSTANTS = (
    r"HER2\w*|her2predict",
    r"(Figures?|Tables?) \d+( to \d+)?( and (Tables )?\d+( and \d+)?)?",
    r"\[\d+\]",
    r"95 % (CI|of|confidence|bootstrap|intervals?)",
    r"central 95 %|Central 95 %|Intervals are 95 %|pointwise 95 %|Wilson 95 %",
    r"F1",
    r"90 % of the variance",
    r"1 of 20",
    r"0\.05 level",
    r"above 0\.5\b|covers 0\.5\b|0\.50 or less|At most 0\.50",
    r"ideal of 1|1 is ideal|0 is ideal|± 1 SD",
    r"between 0\.05 and 0\.95|over 100 components|at 100 %|5 % of patients",
    r"IHC 2\+ or 3\+|3D Slicer",
    r"40/400 HU|bars 1 cm",
    r"p is \(1 \+ shuffles that do as well\) / \(1 \+ shuffles\)",
)


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(read(name)), float_precision="round_trip")


@lru_cache(maxsize=1)
def patients() -> dict[tuple[str, str], pd.DataFrame]:
    """Status, score and probability of the patients, by model and set."""
    found = table("tables/predictions.csv")
    return {(key, name): rows.reset_index(drop=True) for (key, name), rows in found.groupby(["model", "set"])}


@lru_cache(maxsize=1)
def found() -> dict[str, Any]:
    return json.loads(read("metrics.json"))


def text_of(value: float, low: float = math.nan, high: float = math.nan) -> str:
    numbers = [re.sub(r"^-(0\.0+)$", r"\1", f"{number:.2f}") for number in (value, low, high)]
    return numbers[0] if math.isnan(low) else f"{numbers[0]} ({numbers[1]} to {numbers[2]})"


@lru_cache(maxsize=4)
def draws(status: tuple[int, ...]) -> list[np.ndarray]:
    """Patients of each resample, as the seed draws them: each class with replacement, the negative ones first."""
    random = np.random.default_rng(found()["protocol"]["seed"])
    parts = []
    for value in (0, 1):
        members = np.flatnonzero(np.array(status) == value)
        parts.append(members[random.integers(len(members), size=(found()["resamples"], len(members)))])
    return list(np.hstack(parts))


def resampled(rows: pd.DataFrame, measure: Any, column: str) -> np.ndarray:
    status, values = rows["her2"].to_numpy(), rows[column].to_numpy()
    return np.array([measure(status[drawn], values[drawn]) for drawn in draws(tuple(status))])


@lru_cache(maxsize=16)
def resampled_areas(key: str, name: str) -> np.ndarray:
    return resampled(patients()[key, name], metrics.roc_auc_score, "score")


def percentiles(values: np.ndarray) -> list[float]:
    return np.quantile(values, (0.025, 0.975)).tolist()


def kernel(rows: pd.DataFrame) -> np.ndarray:
    """1, one half or 0 of each pair of a positive and a negative patient, whose mean is the AUC."""
    score, positive = rows["score"].to_numpy(), rows["her2"].to_numpy() == 1
    above = score[positive][:, None] - score[~positive][None, :]
    return np.where(above > 0, 1.0, np.where(above == 0, 0.5, 0.0))


def delong_variance(*kernels: np.ndarray) -> float:
    """Of the AUC, or of the difference of two: the definition of DeLong et al., patient by patient."""
    psi = kernels[0] if len(kernels) == 1 else kernels[0] - kernels[1]
    m, n = psi.shape
    return float(np.var(psi.mean(axis=1), ddof=1) / m + np.var(psi.mean(axis=0), ddof=1) / n)


def measures(key: str, name: str, threshold: float) -> dict[str, tuple[float, float, float]]:
    """All measures of one model in one set, with their limits."""
    rows = patients()[key, name]
    status, score, probability = (rows[column].to_numpy() for column in ("her2", "score", "probability"))
    called = probability >= threshold

    def resampling(measure: Any, column: str) -> tuple[float, float, float]:
        return (measure(status, rows[column].to_numpy()), *percentiles(resampled(rows, measure, column)))

    def share(successes: Any, total: Any) -> tuple[float, float, float]:
        low, high = proportion_confint(int(successes), int(total), method="wilson")
        return (successes / total, low, high)

    area = metrics.roc_auc_score(status, score)
    half = scipy.stats.norm.ppf(0.975) * math.sqrt(delong_variance(kernel(rows)))
    delong = (area, math.nan, math.nan)
    if 0 < area < 1:
        scale = area * (1 - area)
        delong = (area, expit(logit(area) - half / scale), expit(logit(area) + half / scale))
    negative, positive = metrics.confusion_matrix(status, called)
    return {
        "auc": (area, *percentiles(resampled_areas(key, name))),
        "auc_delong": delong,
        "average_precision": resampling(metrics.average_precision_score, "score"),
        "brier": resampling(metrics.brier_score_loss, "probability"),
        "sensitivity": share(positive[1], positive.sum()),
        "specificity": share(negative[0], negative.sum()),
        "ppv": share(positive[1], called.sum()),
        "npv": share(negative[0], (~called).sum()),
        "accuracy": share((called == status).sum(), len(status)),
        "f1": resampling(lambda truth, values: metrics.f1_score(truth, values >= threshold), "probability"),
        **calibration(status, probability),
    }


def calibration(status: np.ndarray, probability: np.ndarray) -> dict[str, tuple[float, float, float]]:
    odds = logit(np.clip(probability, 1e-6, 1 - 1e-6))
    binomial = statsmodels.families.Binomial()
    large = statsmodels.GLM(status, np.ones(len(status)), family=binomial, offset=odds).fit(tol=1e-12)
    expected, observed = probability.sum(), status.sum()
    spread = math.exp(scipy.stats.norm.ppf(0.975) * math.sqrt((1 - observed / len(status)) / observed))
    found = {
        "calibration_in_the_large": (large.params[0], *large.conf_int()[0]),
        "expected_observed": (expected / observed, expected / observed / spread, expected / observed * spread),
    }
    if probability[status == 1].min() > probability[status == 0].max():  # no maximum of the likelihood
        return {**found, **dict.fromkeys(("calibration_slope", "calibration_intercept"), (math.nan,) * 3)}
    both = statsmodels.Logit(status, statsmodels.add_constant(odds)).fit(disp=0, tol=1e-12, maxiter=200)
    limits = both.conf_int()
    return {
        **found,
        "calibration_intercept": (both.params[0], *limits[0]),
        "calibration_slope": (both.params[1], *limits[1]),
    }


@lru_cache(maxsize=1)
def computed() -> dict[tuple[str, str], dict[str, tuple[float, float, float]]]:
    return {(key, name): measures(key, name, youden(key)) for key, name in patients()}


@lru_cache(maxsize=4)
def youden(key: str) -> float:
    """The threshold of a model, from its out-of-fold predictions."""
    rows = patients()[key, "train"]
    return best_threshold(rows["her2"].to_numpy(), rows["probability"].to_numpy())


def best_threshold(status: np.ndarray, probability: np.ndarray) -> float:
    """Highest of those at which sensitivity + specificity is largest, counted in whole patients at every prediction."""
    values = np.unique(probability)
    called = probability[:, None] >= values
    positive, negative = called[status == 1], called[status == 0]
    gained = positive.sum(axis=0) * len(negative) - negative.sum(axis=0) * len(positive)
    return float(values[gained == gained.max()].max())


@lru_cache(maxsize=1)
def threshold_choice() -> dict[str, Any]:
    rows = patients()["mlp", "train"]
    status, probability = rows["her2"].to_numpy(), rows["probability"].to_numpy()
    random = np.random.default_rng(found()["protocol"]["seed"])
    classes = [np.flatnonzero(status == value) for value in (0, 1)]
    chosen, achieved = [], []
    for _ in range(found()["resamples"]):
        drawn = np.concatenate([random.choice(members, len(members)) for members in classes])
        chosen.append(best_threshold(status[drawn], probability[drawn]))
        others = np.setdiff1d(np.arange(len(status)), drawn)
        achieved.append(shares(status[others], probability[others], chosen[-1]))
    own = shares(status, probability, youden("mlp"))
    optimism = own - np.mean(achieved, axis=0)
    low, high = percentiles(np.array(chosen))
    return {
        "value": youden("mlp"),
        "low": low,
        "high": high,
        "sensitivity": own[0],
        "specificity": own[1],
        "youden": own.sum() - 1,
        "optimism": {"sensitivity": optimism[0], "specificity": optimism[1], "youden": optimism.sum()},
    }


def shares(status: np.ndarray, probability: np.ndarray, threshold: float) -> np.ndarray:
    called = probability >= threshold
    return np.array([metrics.recall_score(status, called), metrics.recall_score(status, called, pos_label=0)])


@lru_cache(maxsize=1)
def comparisons() -> dict[tuple[str, str, str], dict[str, tuple[float, float, float, float]]]:
    """By set and models: difference, limits and p-value by DeLong and by bootstrap."""
    pairs = (("mlp", "rf"), ("mlp", "lr"), ("rf", "lr"))
    result = {}
    for name in ("train", "test"):
        for first, second in pairs:
            one, other = patients()[first, name], patients()[second, name]
            difference = kernel(one).mean() - kernel(other).mean()
            error = math.sqrt(delong_variance(kernel(one), kernel(other)))
            half = scipy.stats.norm.ppf(0.975) * error
            replicates = resampled_areas(first, name) - resampled_areas(second, name)
            result[name, first, second] = {
                "delong": (difference, difference - half, difference + half, two_sided(difference / error)),
                "bootstrap": (
                    difference,
                    *percentiles(replicates),
                    two_sided(difference / np.std(replicates, ddof=1)),
                ),
            }
    return result


def two_sided(z: float) -> float:
    return float(2 * scipy.stats.norm.sf(abs(z)))


@lru_cache(maxsize=1)
def variance() -> dict[str, float]:
    """Of the principal components of the training patients' features."""
    study, rows = studies.study(), patients()["mlp", "train"]["row"].to_numpy() - 1
    values = study.features.to_numpy()[rows]
    explained = PCA().fit(scipy.stats.zscore(values)).explained_variance_ratio_[: len(rows) - 1]
    cumulative = np.cumsum(explained)
    kept = int(np.argmax(cumulative > 0.9)) + 1
    held = np.concatenate([cumulative, np.ones(100)])[:100]
    return {
        "components": len(cumulative),
        "kept": kept,
        "explained": 100 * cumulative[kept - 1],
        "area": 100 * cumulative.mean(),
        "area_study": 100 * held.mean(),
    }


@lru_cache(maxsize=1)
def splits() -> pd.DataFrame:
    """Table 6, from the splits themselves."""
    rows = table("tables/random-splits.csv").groupby("model")
    aucs = rows["auc"]
    summary = aucs.describe(percentiles=[0.025, 0.5, 0.975])
    own = {key: computed()[key, "test"] for key in LABELS}
    return pd.DataFrame(
        {
            "splits": summary["count"],
            "mean": summary["mean"],
            "sd": summary["std"],
            "median": summary["50%"],
            "low": summary["2.5%"],
            "high": summary["97.5%"],
            "min": summary["min"],
            "max": summary["max"],
            "share_at_most_half": aucs.apply(lambda values: (values <= 0.5).mean()),
            "this_split": {key: measured["auc"][0] for key, measured in own.items()},
            **{
                f"{name}_{kind}": values
                for name in ("brier", "sensitivity", "specificity")
                for kind, values in (
                    ("mean", rows[name].mean()),
                    ("this_split", {key: measured[name][0] for key, measured in own.items()}),
                )
            },
        }
    ).loc[list(LABELS)]


@lru_cache(maxsize=1)
def shuffles() -> dict[str, float]:
    areas = table("tables/label-shuffles.csv")["auc"].to_numpy()
    own, others = areas[0], areas[1:]
    return {
        "auc": own,
        "mean": others.mean(),
        "highest_twentieth": np.quantile(others, 0.95),
        "p": (1 + (others >= own).sum()) / (1 + len(others)),
        "count": len(others),
        "square": ((others - 0.5) ** 2).mean(),
    }


def cross_validated_area() -> tuple[float, float, float]:
    """AUC of the MLP in the training set with the interval that is widened by what the shuffles show."""
    area, low, high = computed()["mlp", "train"]["auc_delong"]
    m, n = kernel(patients()["mlp", "train"]).shape
    times = max(shuffles()["square"] / ((m + n + 1) / (12 * m * n)), 1)
    wider = math.sqrt(1 + 4 * area * (1 - area) * (times - 1))
    return area, *(float(expit(logit(area) + wider * (logit(limit) - logit(area)))) for limit in (low, high))


@lru_cache(maxsize=1)
def beyond() -> dict[str, Any]:
    """Limits of the distances, and who lies beyond either of them."""
    distances = table("figures/figure-11-applicability.csv")
    study = studies.results().applicability
    outside = (distances["hotelling_t2"] > study.limit_t2) | (distances["q_residual"] > study.limit_q)
    return {name: int(outside[distances["set"] == name].sum()) for name in ("train", "test")}


@unittest.skipIf(matplotlib is None, "scikit-learn, matplotlib or statsmodels is not installed")
class MetricsAgainTest(unittest.TestCase):
    """metrics.json and the tables, to many digits."""

    def same(self, value: Any, expected: float, what: str) -> None:
        if math.isnan(expected):
            self.assertTrue(value is None or math.isnan(value), what)
        else:
            self.assertAlmostEqual(value, expected, places=7, msg=what)

    def test_every_measure_of_every_model_and_set(self) -> None:
        for (key, name), own in computed().items():
            told = found()["models"][key][name]
            self.assertEqual(set(own), set(told) - {"patients", "positive", "threshold", "confusion"})
            for measure, numbers in own.items():
                for part, expected in zip(("value", "low", "high"), numbers, strict=True):
                    self.same(told[measure][part], expected, f"{key} {name} {measure} {part}")
            rows = patients()[key, name]
            self.assertEqual((told["patients"], told["positive"]), (len(rows), rows["her2"].sum()))
            (tn, fp), (fn, tp) = metrics.confusion_matrix(rows["her2"], rows["probability"] >= youden(key)).tolist()
            self.assertEqual(
                told["confusion"],
                {"true_positive": tp, "false_positive": fp, "false_negative": fn, "true_negative": tn},
            )
            self.same(told["threshold"], youden(key), f"{key} threshold")

    def test_comparisons(self) -> None:
        told = {
            (name, pair["first"], pair["second"]): pair
            for name, pairs in found()["comparisons"].items()
            for pair in pairs
        }
        self.assertEqual(set(told), set(comparisons()))
        for cell, methods in comparisons().items():
            for method, numbers in methods.items():
                for part, expected in zip(("value", "low", "high", "p_value"), numbers, strict=True):
                    self.same(told[cell][method][part], expected, f"{cell} {method} {part}")

    def test_threshold_discrimination_components_and_splits(self) -> None:
        told, expected = found()["threshold"], threshold_choice()
        for name, number in expected["optimism"].items():
            self.same(told["optimism"][name], number, f"optimism of {name}")
        for name in set(expected) - {"optimism"}:
            self.same(told[name], expected[name], name)
        for name, number in zip(("auc", "low", "high"), cross_validated_area(), strict=True):
            self.same(found()["discrimination"][name], number, name)
        self.same(found()["discrimination"]["p_value"], shuffles()["p"], "p-value")
        for name, number in variance().items():
            self.same(found()["principal_components"][name], number, name)
        for key, row in splits().iterrows():
            for name, number in row.items():
                self.same(found()["models"][key]["random_splits"][name], number, f"{key} {name}")

    def test_importance_and_applicability(self) -> None:
        for part, group in (("feature-class", "feature_class"), ("image", "image_type")):
            bars = table(f"figures/figure-10-importance-{part}.csv")
            self.assertEqual(dict(zip(bars.iloc[:, 0], bars["mean"], strict=True)), found()["importance"][group])
        self.assertEqual(found()["applicability"]["beyond"], beyond())

    def test_tables_hold_the_same_numbers(self) -> None:
        for _, row in table("tables/table-5-comparisons.csv").iterrows():
            expected = comparisons()[row["set"], row["first"], row["second"]][row["method"]]
            for name, number in zip(("value", "low", "high", "p_value"), expected, strict=True):
                self.same(row[name], number, name)
        for _, row in table("tables/table-4-performance.csv").iterrows():
            for name, number in zip(
                ("value", "low", "high"), computed()[row["model"], row["set"]][row["measure"]], strict=True
            ):
                self.same(row[name], number, name)


def p_text(value: float) -> str:
    """Two decimals from 0.10 on, three below."""
    if value > 0.99 or value < 0.001:
        return ">0.99" if value > 0.99 else "<0.001"
    return f"{value:.2f}" if round(value, 2) >= 0.1 else f"{value:.3f}"


def performance_phrases() -> list[str]:
    phrases = []
    for name, label in SETS.items():
        rows = patients()["mlp", name]
        phrases.append(f"{label} (n = {len(rows)}, {rows['her2'].sum()} HER2-positive)")
        for measure, row in ROWS.items():
            if name == "apparent" and measure not in ("auc", "average_precision", "brier"):
                continue
            cells = " ".join(text_of(*computed()[key, name][measure]) for key in LABELS)
            phrases.append(f"{row} {cells}")
    return phrases


def comparison_phrases() -> list[str]:
    phrases = []
    for (_name, first, second), methods in comparisons().items():
        cells = " ".join(f"{text_of(*own[:3])} {p_text(own[3])}" for own in methods.values())
        phrases.append(f"{LABELS[first]} − {LABELS[second]} {cells}")
    return phrases


def split_phrases() -> list[str]:
    phrases = []
    for key, row in splits().iterrows():
        calls = " ".join(
            f"{row[f'{name}_mean']:.2f}; {row[f'{name}_this_split']:.2f}"
            for name in ("sensitivity", "specificity", "brier")
        )
        phrases.append(
            f"{LABELS[key]} {row['mean']:.2f} ({row['sd']:.2f}) {row['median']:.2f} {row['low']:.2f} to "
            f"{row['high']:.2f} {row['min']:.2f} to {row['max']:.2f} {100 * row['share_at_most_half']:.0f} % "
            f"{row['this_split']:.2f} {calls}"
        )
    mlp = splits().loc["mlp"]
    return [
        *phrases,
        f"Over {mlp['splits']:.0f} random splits",
        f"{mlp['splits']:.0f} other random splits",
        f"over {mlp['splits']:.0f} random splits of the same patients",
        f"was {mlp['mean']:.2f} on average (SD {mlp['sd']:.2f}), between {mlp['min']:.2f} and {mlp['max']:.2f}; in "
        f"{100 * mlp['share_at_most_half']:.0f} % of the splits",
        f"The split of this report gave {mlp['this_split']:.2f}.",
    ]


def discrimination_phrases() -> list[str]:
    phrases = []
    for name, where in (("test", "In the test set"), ("train", "In the training set, out of fold,")):
        own = computed()["mlp", name]
        phrases.append(
            f"{where} the MLP had an AUC of {own['auc'][0]:.2f} (95 % CI {own['auc'][1]:.2f} to {own['auc'][2]:.2f} by "
            f"bootstrap, {own['auc_delong'][1]:.2f} to {own['auc_delong'][2]:.2f} by DeLong). The interval is "
            f"{own['auc'][2] - own['auc'][1]:.2f} wide"
        )
    mlp, found = {name: computed()["mlp", name] for name in SETS}, shuffles()
    others = "; ".join(
        f"{LABELS[key].lower()} {text_of(*computed()[key, 'train']['auc'])} in the training set, out of fold, and "
        f"{text_of(*computed()[key, 'test']['auc'])} in the test set"
        for key in ("rf", "lr")
    )
    return [
        *phrases,
        f"apparent AUC of {mlp['apparent']['auc'][0]:.2f} against {mlp['train']['auc'][0]:.2f} out of fold",
        f"The other models had AUCs of: {others}",
        f"from {found['count']} shuffles of the HER2 status of the training patients gave cross-validated AUCs of "
        f"{found['mean']:.2f} on average, and {found['highest_twentieth']:.2f} or more in 1 of 20; the true status "
        f"gave {found['auc']:.2f} in the same way (p = {found['p']:.3f})",
        "the cross-validated AUC {:.2f} (95 % CI {:.2f} to {:.2f}); the interval".format(*cross_validated_area()),
        f"from {found['count']} shuffles of the HER2 status [12]",
        f"Cross-validated AUC of the MLP in the training set {mlp['train']['auc'][0]:.2f}: p = {found['p']:.3f} by "
        f"{found['count']} shuffles",
        f"average precision {mlp['train']['average_precision'][0]:.2f} in the training set (out of fold) and "
        f"{mlp['test']['average_precision'][0]:.2f} in the test set",
        f"The interval of its AUC is {mlp['test']['auc'][2] - mlp['test']['auc'][1]:.2f} wide",
        f"The interval of its sensitivity is {mlp['test']['sensitivity'][2] - mlp['test']['sensitivity'][1]:.2f} wide",
    ]


def call_phrases() -> list[str]:
    own, choice = computed()["mlp", "test"], threshold_choice()
    rows = patients()["mlp", "test"]
    (tn, fp), (fn, tp) = metrics.confusion_matrix(rows["her2"], rows["probability"] >= youden("mlp"))
    return [
        f"At the threshold {youden('mlp'):.2f}, {tp} of {tp + fn} HER2-positive and {tn} of {tn + fp} HER2-negative "
        f"test patients were called rightly: sensitivity {text_of(*own['sensitivity'])}, specificity "
        f"{text_of(*own['specificity'])}.",
        f"The threshold {text_of(choice['value'], choice['low'], choice['high'])} (95 % of resamples) maximises "
        f"sensitivity + specificity: sensitivity {choice['sensitivity']:.2f} and specificity "
        f"{choice['specificity']:.2f} in the patients that it was chosen on (Youden's index {choice['youden']:.2f}), "
        f"of which a bootstrap puts {choice['optimism']['youden']:.2f} down to the choice: "
        f"{choice['youden'] - choice['optimism']['youden']:.2f} is left for new patients",
        f"at the threshold {youden('mlp'):.2f}, in the training set",
    ]


def calibration_phrases() -> list[str]:
    slopes = {name: computed()["mlp", name]["calibration_slope"] for name in ("train", "test")}
    large = computed()["mlp", "test"]["calibration_in_the_large"]
    return [
        f"the calibration slope was {text_of(*slopes['test'])}, which does not differ from the ideal of 1",
        f"calibration-in-the-large was {text_of(*large)} (0 is ideal)",
        f"Calibration slope {text_of(*slopes['train'])} and {text_of(*slopes['test'])}; 1 is ideal",
    ]


def net_benefit_phrase() -> str:
    rows = patients()["mlp", "test"]
    status, probability = rows["her2"].to_numpy(), rows["probability"].to_numpy()
    thresholds = np.arange(5, 96) / 100
    draw = draws(tuple(status))

    def benefit(chosen: Any, threshold: float) -> float:
        called, truth = probability[chosen] >= threshold, status[chosen]
        odds = threshold / (1 - threshold)
        return float((np.sum(called & (truth == 1)) - odds * np.sum(called & (truth == 0))) / len(truth))

    better = surely = 0
    for threshold in thresholds:
        odds = threshold / (1 - threshold)
        other = max(0.0, status.mean() - (1 - status.mean()) * odds)
        better += benefit(slice(None), threshold) > other + 1e-12
        low = np.quantile([benefit(chosen, threshold) for chosen in draw], 0.025)
        surely += low > other + 1e-12
    return f"at {better} of {len(thresholds)} threshold probabilities between 0.05 and 0.95; at {surely} of them"


def component_phrases() -> list[str]:
    own = variance()
    return [
        f"{own['kept']} of {own['components']} principal components explain {own['explained']:.1f} % of the variance",
        f"The area under the cumulative explained variance is {own['area']:.2f} %",
        f"{own['kept']} components, which together explain {own['explained']:.1f} %, enter the models",
        f"over all {own['components']} components, is {own['area']:.2f} %",
        f"beyond the last, it is {own['area_study']:.2f} %",
    ]


def patient_phrases() -> list[str]:
    status = studies.study().status
    own = {name: patients()["mlp", name]["her2"] for name in ("train", "test")}
    listed = len(status) + len(studies.EXCLUSIONS)
    counts = {name: f"{len(rows)} ({rows.sum()} positive)" for name, rows in own.items()}
    return [
        f"{len(status)} patients were analysed, {status.sum()} of them HER2-positive "
        f"({100 * status.mean():.0f} %): {counts['train']} in the training set and {counts['test']} in the test set",
        f"The cohort table lists {listed} patients; {len(studies.EXCLUSIONS)} were left out: ROI empty (2), image or "
        "ROI file not found (1) and not computed, other reason (1)",
        f"Of {listed} patients in the cohort table, {len(studies.EXCLUSIONS)} were left out and {len(status)} were",
        f"The test set has {len(own['test'])} patients, {own['test'].sum()} of them HER2-positive",
        f"{len(own['test'])} patients cannot rank models",
        f"There are {studies.study().features.shape[1]} features and {len(own['train'])} training patients",
        f"mean over the {len(own['train'])} training patients",
        f"{beyond()['test']} of {len(own['test'])} test patients and {beyond()['train']} of {len(own['train'])} "
        "training patients lay farther out than 95 %",
        f"{beyond()['test']} of {len(own['test'])} test patients lie",
    ]


def baseline_phrases() -> list[str]:
    """Tables 1 and 2 from the cohort table, by SciPy."""
    clinical = studies.cohort().table.loc[studies.study().features.index]
    clinical = clinical.assign(age=clinical["age"].astype(float), her2=studies.study().status)
    test = np.isin(np.arange(len(clinical)), patients()["mlp", "test"]["row"].to_numpy() - 1)
    groups = [clinical, clinical[~test], clinical[test]]

    def ages(rows: pd.DataFrame) -> str:
        low, median, high = np.quantile(rows["age"], (0.25, 0.5, 0.75))
        return f"{median:.0f} ({low:.0f}, {high:.0f})"

    def counts(rows: pd.DataFrame, column: str, value: Any, spec: str) -> str:
        return f"{(rows[column] == value).sum()} ({format(100 * (rows[column] == value).mean(), spec)}%)"

    def chi(column: str) -> str:
        return p_text(scipy.stats.chi2_contingency(pd.crosstab(clinical[column], test), correction=False).pvalue)

    ages_p = scipy.stats.mannwhitneyu(clinical["age"][~test], clinical["age"][test], method="asymptotic").pvalue
    phrases = [
        f"All patients, N = {len(clinical)}",
        f"Overall, N = {len(clinical)} Training group, N = {(~test).sum()} Testing group, N = {test.sum()}",
        f"Age (years) {clinical['age'].mean():.2f} ± {clinical['age'].sem():.2f}",
        f"Age (years) {' '.join(map(ages, groups))} {p_text(ages_p)}",
        f"Gender {chi('gender')}",
        f"HER2 {chi('her2')}",
        "None of the 3 characteristics",
    ]
    names = {"gender": {"F": "Female", "M": "Male"}, "her2": {0: "HER2(-)", 1: "HER2(+)"}}
    for column, values in names.items():
        for value, words in values.items():
            phrases.append(f"{words} {counts(clinical, column, value, '.2f')}")
            phrases.append(f"{words} {' '.join(counts(rows, column, value, '.0f') for rows in groups)}")
    return phrases


def method_phrases() -> list[str]:
    """What was asked for: the protocol, and what the feature table holds."""
    protocol = found()["protocol"]
    share = protocol["test_share"]
    return [
        f"The patients were split {100 * (1 - share):.0f} % to {100 * share:.0f} %",
        f"with the seed {protocol['seed']}.",
        f"in {protocol['folds']}-fold cross-validation, repeated {protocol['repeats']} times",
        f"of {protocol['choosing_members']} members",
        f"the mean of {protocol['members']} MLPs",
        f"percentiles of {found()['resamples']} stratified bootstrap resamples",
        f"from {found()['resamples']} stratified bootstrap resamples",
        "48 radiomic features of 2 feature classes on 3 images",
        "no two of the 3 models differed",
    ]


def model_phrases() -> list[str]:
    """Table 3: cross-validated log-losses, of which the file holds the same text, and thresholds."""
    rows = table("tables/table-3-models.csv")
    return [" ".join(map(str, row)) for row in rows.itertuples(index=False)]


def roi_phrases() -> list[str]:
    volumes = table("figures/figure-03-roi-examples.csv")["roi_volume_ml"]
    return [f"has the median volume ({volumes[0]:.1f} and {volumes[1]:.1f} ml)"]


@unittest.skipIf(matplotlib is None, "scikit-learn, matplotlib or statsmodels is not installed")
class ReportAgainTest(unittest.TestCase):
    def test_every_number_that_the_report_prints_is_one_that_was_computed_again(self) -> None:
        text = Page(read("report.html")).text
        text = text[text.index("Summary Aim") : text.index("To do it again Settings")]
        phrases = [
            *performance_phrases(),
            *comparison_phrases(),
            *split_phrases(),
            *discrimination_phrases(),
            *call_phrases(),
            *calibration_phrases(),
            net_benefit_phrase(),
            *component_phrases(),
            *patient_phrases(),
            *baseline_phrases(),
            *method_phrases(),
            *model_phrases(),
            *roi_phrases(),
        ]
        for phrase in sorted(phrases, key=len, reverse=True):
            self.assertIn(phrase, text)
        for phrase in sorted(phrases, key=len, reverse=True):
            text = text.replace(phrase, "¶")
        for constant in CONSTANTS:
            text = re.sub(constant, "", text)
        left = [text[max(0, hit.start() - 40) : hit.end() + 40] for hit in re.finditer(r"\d", text)]
        self.assertEqual(left, [])

    def test_thresholds_of_table_3_are_computed_again(self) -> None:
        rows = table("tables/table-3-models.csv")
        for key, told in zip(LABELS, rows["Threshold"], strict=True):
            self.assertAlmostEqual(told, youden(key), places=3)

    def test_log_losses_of_what_was_chosen_follow_from_the_predictions(self) -> None:
        """Ensembles of the models that were taken are larger than those that were chosen with; of the others equal."""
        for key, searched, chosen in zip(
            LABELS,
            *(table("tables/table-3-models.csv")[name] for name in ("Searched (log-loss)", "Chosen")),
            strict=True,
        ):
            if key == "mlp":
                continue
            rows = patients()[key, "train"]
            loss = metrics.log_loss(rows["her2"], rows["probability"])
            self.assertIn(f"{chosen} ({loss:.3f})", searched)

    def test_predictions_name_no_patient(self) -> None:
        self.assertNotIn(studies.IDENTITY, (written()[0] / "tables" / "predictions.csv").read_text(encoding="utf-8"))
