"""How HER2 status shows in a simulated tumour: the three latent variables, and what they tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np

from .body.tumour import Look

#: Means of the latent variables in HER2-positive tumours, in the order of `Latents`. They are made up: moderate, so
#: that the best possible classifier is far from perfect.
SHIFTS = np.array([1.50, 1.20, 0.80])

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
    """The latent variables of one tumour: texture's amplitude, mean enhancement and logarithm of the volume.

    Each is normal with standard deviation 1 in both classes, independent of the others given the class, with mean 0 in
    HER2-negative tumours and that of `SHIFTS` in HER2-positive ones. Nothing else about a patient depends on HER2
    status.
    """

    heterogeneity: float
    enhancement: float
    size: float

    @classmethod
    def draw(cls, rng: np.random.Generator, positive: bool) -> Latents:
        return cls(*(float(value) for value in rng.standard_normal(3) + positive * SHIFTS))

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


def true_probability(latents: Latents) -> float:
    """P(HER2-positive | latents) in a cohort of the study's prevalence, exactly.

    The log likelihood ratio of two normal densities of equal unit covariance is s . x - |s|^2 / 2 with the shift s
    (linear discriminant, e.g. Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, eq. 4.9).
    """
    x = np.array([latents.heterogeneity, latents.enhancement, latents.size])
    logit = log(PREVALENCE / (1 - PREVALENCE)) + float(SHIFTS @ x - SHIFTS @ SHIFTS / 2)
    return 1 / (1 + exp(-logit))
