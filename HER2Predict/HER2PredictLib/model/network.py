"""The bagged MLP of a model, applied with numpy alone, and the logistic function and log-odds that it ends in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

#: Raw probabilities are kept this far from 0 and 1 before the log-odds are taken.
_LOG_ODDS_CLIP = 1e-6


def log_odds(probability: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)), with p kept within [1e-6, 1 - 1e-6]."""
    clipped = np.clip(probability, _LOG_ODDS_CLIP, 1.0 - _LOG_ODDS_CLIP)
    return np.log(clipped / (1.0 - clipped))


def expit(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def layer_count(arrays: Mapping[str, np.ndarray]) -> int:
    """Number of layers of weights of a bundle."""
    return sum(name.startswith("weights_") for name in arrays)


@dataclass(frozen=True, eq=False)
class Network:
    """The members of an ensemble side by side: hidden layers of tanh, one logistic output.

    For each layer, `weights` have the shape (members, inputs, outputs) and `biases` (members, outputs).
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Network:
        """That of a bundle, whose arrays are ``weights_0``, ``bias_0`` and so on."""
        layers = range(layer_count(arrays))
        return cls(
            tuple(arrays[f"weights_{layer}"] for layer in layers), tuple(arrays[f"bias_{layer}"] for layer in layers)
        )

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Probability by each member before calibration, shape (members,), at `scores`, shape (components,)."""
        return self._outputs(scores)[-1][:, 0, 0]

    def gradients(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability by each member, and its gradient with respect to the scores, shape (members, components)."""
        outputs = self._outputs(scores)
        probability = outputs[-1][:, 0, 0]
        slope = (probability * (1.0 - probability))[:, None, None]
        for layer in reversed(range(len(outputs))):
            slope = slope @ self.weights[layer].transpose(0, 2, 1)
            if layer > 0:
                slope = slope * (1.0 - outputs[layer - 1] ** 2)  # the derivative of tanh
        return probability, slope[:, 0, :]

    def _outputs(self, scores: np.ndarray) -> list[np.ndarray]:
        """What each layer gives out, shape (members, 1, units), the logistic one last."""
        signal = np.broadcast_to(scores, (len(self.biases[0]), 1, len(scores)))
        outputs: list[np.ndarray] = []
        for weights, bias in zip(self.weights, self.biases, strict=True):
            activation = expit if len(outputs) == len(self.weights) - 1 else np.tanh
            signal = activation(signal @ weights + bias[:, None, :])
            outputs.append(signal)
        return outputs
