"""How a CTU is acquired: the same simulated patient can be scanned and outlined in several ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Distance of slices and their thickness in mm, as in the study.
STUDY_SLICE_MM = 5.0

Phase = Literal["excretory", "nephrographic"]
Kernel = Literal["soft", "sharp"]


@dataclass(frozen=True)
class Acquisition:
    """Everything about an image and its ROI that is not the patient. The default is that of the study.

    `slice_mm` is the distance of slices and their thickness. The kernel says how much the reconstruction blurs, and at
    which frequencies its noise lies; `noise` is a factor on the standard deviation of the noise, apart from what the
    slices' thickness does to it. `roi_grow_mm` is how much too wide the ROI is drawn.
    """

    slice_mm: float = STUDY_SLICE_MM
    phase: Phase = "excretory"
    kernel: Kernel = "soft"
    noise: float = 1.0
    roi_grow_mm: float = 0.0

    @property
    def noise_factor(self) -> float:
        """Standard deviation of the noise relative to the study's: at the same dose it goes with 1 / sqrt(slice)."""
        return self.noise * float((STUDY_SLICE_MM / self.slice_mm) ** 0.5)


#: The acquisitions that have a name. That a sharp kernel about doubles the noise is a rough choice.
ACQUISITIONS: dict[str, Acquisition] = {
    "study": Acquisition(),
    "thin-slices": Acquisition(slice_mm=1.25),
    "thick-slices": Acquisition(slice_mm=8.0),
    "sharp-kernel": Acquisition(kernel="sharp", noise=2.0),
    "nephrographic": Acquisition(phase="nephrographic"),
    "wide-roi": Acquisition(roi_grow_mm=3.0),
}
