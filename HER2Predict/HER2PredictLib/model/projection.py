"""A patient's features in standard deviations, on the principal components, and what these leave over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Projection:
    """Of one patient, or of several with a first axis (patients,).

    `z`, shape (features,), is in standard deviations from the training patients' mean; `scores`, shape (components,),
    are the coordinates on the principal components, not whitened; `residual`, shape (features,), is what the components
    do not hold of `z`.
    """

    z: np.ndarray
    scores: np.ndarray
    residual: np.ndarray


def project(values: np.ndarray, arrays: Mapping[str, np.ndarray]) -> Projection:
    """Of feature values, in the order of the model whose bundle holds `arrays`."""
    z = (values - arrays["mean"]) / arrays["scale"]
    centred = z - arrays["pca_mean"]
    scores = centred @ arrays["components"].T
    return Projection(z, scores, centred - scores @ arrays["components"])
