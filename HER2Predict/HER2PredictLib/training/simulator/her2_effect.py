"""How HER2 status shows in a simulated tumour: the three latent variables, and what the best classifier could know."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, log, sqrt

import numpy as np

from .body.tumour import Look


@dataclass(frozen=True)
class Effect:
    """The stated difference between HER2-positive and HER2-negative tumours.

    Each latent variable is normal with standard deviation 1 in both classes, independent of the others given the
    class, with mean 0 in HER2-negative tumours and the mean below in HER2-positive ones. Nothing else about a patient
    depends on HER2 status. The shifts are made up: moderate, so that the best possible classifier is far from perfect.
    """

    heterogeneity: float = 1.50
    """Shift of the texture's amplitude, in standard deviations."""
    enhancement: float = 1.20
    """Shift of the mean enhancement, in standard deviations."""
    size: float = 0.80
    """Shift of the logarithm of the volume, in standard deviations."""

    @property
    def shifts(self) -> np.ndarray:
        """The shifts in the order of :class:`Latents`, shape (3,)."""
        return np.array([self.heterogeneity, self.enhancement, self.size])


EFFECT = Effect()

#: Share of HER2-positive patients in the study (42 of 97; Jiao et al., J Cancer 2024, Table 2).
PREVALENCE = 42 / 97

#: Median volume of a HER2-negative tumour in ml, the standard deviation of its logarithm, and the range on the image.
_MEDIAN_ML, _LOG_ML_SD, _RANGE_ML = 8.0, 0.75, (2.0, 60.0)
#: Mean HU of a HER2-negative tumour and its standard deviation (excretory phase).
_MEAN_HU, _MEAN_HU_SD = 74.0, 14.0
#: Texture of a HER2-negative tumour: standard deviation in HU and patch size in mm, each with the change of its
#: logarithm per unit of the latent.
_TEXTURE_HU, _TEXTURE_HU_LOG, _TEXTURE_MM, _TEXTURE_MM_LOG = 13.0, 0.45, 4.2, 0.10


@dataclass(frozen=True)
class Latents:
    """The latent variables of one tumour, in standard deviations from the mean of HER2-negative tumours."""

    heterogeneity: float
    enhancement: float
    size: float

    @classmethod
    def draw(cls, rng: np.random.Generator, positive: bool, effect: Effect = EFFECT) -> Latents:
        return cls(*(float(value) for value in rng.standard_normal(3) + positive * effect.shifts))

    @property
    def look(self) -> Look:
        """What of these latents is seen on the image."""
        volume = _MEDIAN_ML * exp(_LOG_ML_SD * self.size)
        return Look(
            volume_ml=float(np.clip(volume, *_RANGE_ML)),
            mean_hu=float(np.clip(_MEAN_HU + _MEAN_HU_SD * self.enhancement, 35, 135)),
            texture_hu=float(np.clip(_TEXTURE_HU * exp(_TEXTURE_HU_LOG * self.heterogeneity), 3, 48)),
            texture_mm=float(np.clip(_TEXTURE_MM * exp(_TEXTURE_MM_LOG * self.heterogeneity), 2.5, 7)),
        )


def true_probability(latents: Latents, prevalence: float = PREVALENCE, effect: Effect = EFFECT) -> float:
    """P(HER2-positive | latents), exactly.

    The log likelihood ratio of two normal densities of equal unit covariance is s . x - |s|^2 / 2 with the shift s
    (linear discriminant, e.g. Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, eq. 4.9).
    `prevalence` is the share of HER2-positive patients, between 0 and 1 (both excluded).
    """
    x = np.array([latents.heterogeneity, latents.enhancement, latents.size])
    shifts = effect.shifts
    logit = log(prevalence / (1 - prevalence)) + float(shifts @ x - shifts @ shifts / 2)
    return 1 / (1 + exp(-logit))


def best_auc(effect: Effect = EFFECT) -> float:
    """AUC of :func:`true_probability`: no classifier of these tumours can have a higher one.

    Two normals of equal covariance whose means are the Mahalanobis distance d apart give AUC = Phi(d / sqrt 2)
    (Su and Liu, J Am Stat Assoc 1993;88:1350-1355).
    """
    distance = sqrt(float(effect.shifts @ effect.shifts))
    return 0.5 * (1 + erf(distance / 2))
