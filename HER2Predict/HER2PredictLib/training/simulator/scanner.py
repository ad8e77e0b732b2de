"""What the scanner adds to the anatomy: blur, beam hardening, and correlated noise with streaks between the hips."""

from __future__ import annotations

import numpy as np

from .acquisition import Acquisition, Kernel
from .body.fields import Array, enlarge

#: Linear attenuation of water at 70 keV, the mean energy of a 120 kVp beam: 0.193 / cm (NIST XCOM).
WATER_PER_MM = 0.0193
#: HU of the padding outside the reconstructed circle.
PADDING_HU = -1024
#: Side of the blocks of voxels on which beam hardening is computed; it is smooth.
_BLOCK = 4
_ANGLES = 90
#: Profile of one bad ray after the filter: a line about 2 mm wide with dark flanks.
_STREAK = (-0.3, -0.2, 0.1, 0.25, 0.3, 0.25, 0.1, -0.2, -0.3)


#: Of each kernel, the weight of each neighbour in a blur along an axis (a resolution of about 1.3 mm at 0.8 mm voxels
#: with the soft one), and the frequency in cycles/mm at which the noise's amplitude has fallen off to 1/e.
_KERNELS: dict[Kernel, tuple[float, float]] = {"soft": (0.25, 0.38), "sharp": (0.08, 0.70)}


class Scanner:
    """A scanner: kernel, noise and artefacts, for slices of `matrix` rows and columns."""

    def __init__(self, rng: np.random.Generator, matrix: int, pixel_mm: float, acquisition: Acquisition) -> None:
        self._rng = rng
        self._pixel_mm = pixel_mm
        self._noise_hu = float(rng.uniform(9, 14)) * acquisition.noise_factor
        self._streaks_factor = np.float32(acquisition.noise_factor)
        self._neighbour, falloff = _KERNELS[acquisition.kernel]
        self._hardening = float(rng.uniform(0.03, 0.06))
        frequency = np.hypot(np.fft.fftfreq(matrix, pixel_mm)[:, None], np.fft.rfftfreq(matrix, pixel_mm)[None, :])
        # Noise power of filtered back-projection: the ramp of the filter times the kernel's fall-off (Hanson 1979),
        # for the soft kernel with a peak near 0.25 cycles/mm as measured for body kernels.
        amplitude = np.sqrt(frequency + 0.02) * np.exp(-((frequency / falloff) ** 2))
        amplitude[0, 0] = 0
        full = np.full(frequency.shape[1], 2.0)
        full[0] = full[-1] = 1
        self._spectrum = (
            (amplitude / np.sqrt((amplitude**2 * full).sum() / matrix**2)).astype(np.float32) * matrix / np.sqrt(2)
        )
        offset = (np.arange(matrix) - (matrix - 1) / 2) * pixel_mm
        radius2 = offset[:, None] ** 2 + offset[None, :] ** 2
        self._falloff = (0.62 + 0.38 * np.exp(-radius2 / 110.0**2)).astype(np.float32)
        self._padding = radius2 > (matrix / 2 * pixel_mm) ** 2
        self._hardener = _BeamHardening(matrix // _BLOCK, pixel_mm * _BLOCK)

    def scan(self, ideal: Array) -> Array:
        """An ideal slice in HU, shape (rows, columns), as the scanner would show it, int16 HU."""
        hu = _blurred(ideal, self._neighbour)
        hu += self._hardener(hu, self._hardening)
        hu += self._noise(hu)
        hu[self._padding] = PADDING_HU
        return np.clip(np.rint(hu), PADDING_HU, 3071).astype(np.int16)

    def _noise(self, hu: Array) -> Array:
        """Correlated noise in HU: more where the rays are long, and drawn out sideways where they are longest."""
        attenuation = np.maximum(hu + 1000, 0) * np.float32(WATER_PER_MM / 1000 * self._pixel_mm)
        across, along = attenuation.sum(axis=1), attenuation.sum(axis=0)
        # Tube-current modulation takes about two thirds of the logarithm of the difference away.
        level = (
            np.float32(0.5) * np.exp(0.3 * (across - 6.5))[:, None]
            + np.float32(0.5) * np.exp(0.3 * (along - 4.2))[None, :]
        )
        draws = self._rng.standard_normal((*self._spectrum.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
        isotropic = np.fft.irfft2(draws * self._spectrum, s=hu.shape).astype(np.float32)
        return np.float32(self._noise_hu) * np.sqrt(level) * self._falloff * isotropic + self._streaks(across)

    def _streaks(self, across: Array) -> Array:
        """Photon starvation: thin sideways streaks in HU in the rows whose rays lose most."""
        size = len(across)
        rays = self._rng.standard_normal((size + len(_STREAK) - 1, 9), dtype=np.float32)
        coarse = np.zeros((size, 9), np.float32)
        for k, weight in enumerate(_STREAK):
            coarse += np.float32(weight) * rays[k : k + size]
        position = np.linspace(0, 8, size)
        first = np.minimum(position.astype(int), 7)
        t = (position - first).astype(np.float32)
        strength = np.clip(4.5 * np.exp(0.75 * (across - 7.6)), 0, 12).astype(np.float32)
        return self._streaks_factor * strength[:, None] * (coarse[:, first] * (1 - t) + coarse[:, first + 1] * t)


class _BeamHardening:
    """Dark bands and streaks between dense objects: the part of the projections that a water correction leaves."""

    def __init__(self, size: int, pixel_mm: float) -> None:
        self._size, self._pixel_mm = size, pixel_mm
        centre = (size - 1) / 2
        y, x = (np.mgrid[:size, :size] - centre).reshape(2, -1)
        angles = np.arange(_ANGLES) * np.pi / _ANGLES
        self._bins = int(np.ceil(size * 1.5))
        position = np.cos(angles)[:, None] * x + np.sin(angles)[:, None] * y + self._bins / 2
        self._bin = position.astype(np.int32) + (np.arange(_ANGLES, dtype=np.int32) * self._bins)[:, None]
        frequency = np.fft.rfftfreq(2 * self._bins, pixel_mm)
        self._ramp = frequency * (0.5 + 0.5 * np.cos(np.pi * frequency / frequency[-1]))

    def __call__(self, hu: Array, strength: float) -> Array:
        """What beam hardening adds to a slice, HU."""
        size = self._size
        blocks = hu.reshape(size, _BLOCK, size, _BLOCK).mean(axis=(1, 3)).ravel()
        dense = np.nonzero(blocks > 140)[0]
        if dense.size == 0:
            return np.zeros_like(hu)
        excess = blocks[dense] * (WATER_PER_MM / 1000 * self._pixel_mm)
        sinogram = np.bincount(self._bin[:, dense].ravel(), np.tile(excess, _ANGLES), _ANGLES * self._bins).reshape(
            _ANGLES, -1
        )
        error = -strength * sinogram**2
        filtered = np.fft.irfft(np.fft.rfft(error, 2 * self._bins) * self._ramp)[:, : self._bins].astype(np.float32)
        image = filtered.ravel()[self._bin].sum(axis=0) * np.float32(np.pi / _ANGLES * 1000 / WATER_PER_MM)
        return enlarge(enlarge(image.reshape(size, size)))


def _blurred(image: Array, neighbour: float) -> Array:
    """The image convolved with (w, 1 - 2 w, w) along both axes, w being the weight of a neighbour; edges are kept."""
    side, middle = np.float32(neighbour), np.float32(1 - 2 * neighbour)
    for axis in (0, 1):
        source = np.moveaxis(image, axis, 0)
        image = image * middle
        out = np.moveaxis(image, axis, 0)
        out[1:-1] += side * (source[:-2] + source[2:])
        out[[0, -1]] = source[[0, -1]]
    return image
