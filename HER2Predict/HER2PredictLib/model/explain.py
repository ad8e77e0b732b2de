"""Which features pushed a prediction up or down: contributions to the log-odds that add up to the whole difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..features import class_of, image_of
from .model import Model, Prediction

#: Largest difference between the sum of the contributions and the change in log-odds that they explain.
_ADDITIVITY_TOLERANCE = 1e-9

_POINTS_PER_PANEL = 16
_MOST_PANELS = 4096


@dataclass(frozen=True, eq=False)
class Explanation:
    """Contributions of one patient's features to the log-odds, against the mean training patient.

    `z_scores`, in standard deviations from the training patients' mean, and `contributions` have the shape (features,).
    The latter sum to `log_odds` - `baseline_log_odds`: calibrated, of this patient and of one with every feature at its
    mean.
    """

    names: tuple[str, ...]
    z_scores: np.ndarray
    contributions: np.ndarray
    log_odds: float
    baseline_log_odds: float

    def by_class(self) -> dict[str, float]:
        """Sum of the contributions for each feature class (shape, firstorder, glcm, ...)."""
        return sum_by(class_of, self.names, self.contributions)

    def by_image(self) -> dict[str, float]:
        """Sum of the contributions for each image type (original, wavelet-LLH, log-sigma-3-0-mm-3D, ...)."""
        return sum_by(image_of, self.names, self.contributions)

    def strongest(self, count: int = 10) -> list[tuple[str, float, float]]:
        """The features that pull most: name, contribution, z-score; strongest first."""
        order = np.argsort(-np.abs(self.contributions), kind="stable")[:count]
        return [(self.names[i], float(self.contributions[i]), float(self.z_scores[i])) for i in order]


def sum_by(group_of: Callable[[str], str], names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    """Sum of the values of the features of each group."""
    sums: dict[str, float] = {}
    for name, value in zip(names, values, strict=True):
        group = group_of(name)
        sums[group] = sums.get(group, 0.0) + float(value)
    return sums


def distance_contributions(model: Model, features: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """What each feature contributes to Hotelling's T2 and to the Q residual, shape (features,) each; they sum to them.

    With the centred z-scores x, T2 = x' M x. Feature i contributes ((M^1/2 x)_i)^2 to it, its complete decomposition
    contribution (Alcala and Qin, J Process Control 2011, 21:322-330), and its squared residual to Q. Neither is ever
    negative.
    """
    projection = model.project(features)
    # M is components' diag(1 / variance) components with orthonormal rows, so its root takes that of the variance.
    whitened = projection.scores / np.sqrt(model.arrays["variance"])
    return (whitened @ model.arrays["components"]) ** 2, projection.residual**2


def usual_contributions(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """What each feature contributes to T2 and Q of the average training patient when left out, shape (features,) each.

    Over the patients that the components were fitted to, the mean complete decomposition contribution of a feature to
    T2 is proportional to the sum of its squared loadings, since their whitened scores have unit covariance.
    """
    loadings = np.sum(model.arrays["components"] ** 2, axis=0)
    return loadings * (model.arrays["train_t2"].mean() / loadings.sum()), model.arrays["usual_q"]


def distance_ratios(model: Model, features: Mapping[str, float], prediction: Prediction) -> dict[str, float]:
    """For each feature class, how many times the usual share it adds to the distance from the training patients.

    1 is what the average training patient has. Of the two distances the one counts by which this patient is rarer.
    """
    t2, q = model.domain.standardised(prediction.hotelling_t2, prediction.q_residual)
    measure = 0 if t2 >= q else 1
    own = sum_by(class_of, model.feature_names, distance_contributions(model, features)[measure])
    usual = sum_by(class_of, model.feature_names, usual_contributions(model)[measure])
    shares = {name: own[name] / usual[name] for name in own if usual[name] > 0}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def explain(model: Model, features: Mapping[str, float]) -> Explanation:
    """Integrated gradients of the calibrated log-odds from the mean training patient to this one.

    The contribution of feature i is z_i times the mean of d(log-odds)/dz_i along the straight line between the two
    (Sundararajan, Taly, Yan, ICML 2017, eq. 1). By the fundamental theorem of calculus the contributions add up to
    the difference in log-odds; the integral is refined until they do to 1e-9.

    Raises
    ------
    InputError
        Where a feature of the model is missing or not finite.
    """
    patient = model.project(features)
    origin = model.project(dict(zip(model.feature_names, model.arrays["mean"], strict=True))).scores
    start, end = _log_odds(model, origin), _log_odds(model, patient.scores)
    gradient = _mean_gradient(model, origin, patient.scores, end - start)
    return Explanation(
        names=model.feature_names,
        z_scores=patient.z,
        contributions=patient.z * (gradient @ model.arrays["components"]),
        log_odds=end,
        baseline_log_odds=start,
    )


def _mean_gradient(model: Model, origin: np.ndarray, scores: np.ndarray, difference: float) -> np.ndarray:
    """Mean gradient of the log-odds with respect to the scores along the line, shape (components,)."""
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS_PER_PANEL)
    panels = 4
    while True:
        positions = ((nodes[None, :] + 1) / 2 + np.arange(panels)[:, None]).ravel() / panels
        share = np.tile(weights / 2 / panels, panels)
        along = origin + positions[:, None] * (scores - origin)
        gradient = share @ np.stack([_gradient(model, point) for point in along])
        if abs(gradient @ (scores - origin) - difference) < _ADDITIVITY_TOLERANCE or panels >= _MOST_PANELS:
            return gradient
        panels *= 2


def _log_odds(model: Model, scores: np.ndarray) -> float:
    return float(model.calibrated_log_odds(model.network.probabilities(scores).mean()))


def _gradient(model: Model, scores: np.ndarray) -> np.ndarray:
    """Gradient of the calibrated log-odds with respect to the scores, shape (components,)."""
    members, slopes = model.network.gradients(scores)
    mean = members.mean()
    return model.arrays["calibration"][0] * slopes.mean(axis=0) / (mean * (1.0 - mean))
