"""Findings on tissue: is opacified urine near, is there a bladder at all, and does the ROI hold tumour alone?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case.case import Case
from ..i18n import tr as _
from .finding import TRIM_RIM, Finding
from .tissues import FAT_HU, METAL_HU, OPACIFIED_HU, REACH_MM, Tissues

#: Opacified urine counts as near when so much of it is this near and outside the ROI, whose bright patches are none. In
#: 97 simulated excretory-phase CTUs there are 17 ml and more; in 200 nephrographic ones less than this, or none so near
#: as to touch.
NEAR_MM = 15.0
LEAST_URINE_ML = 1.0
#: A tumour grows from the lining of the lumen, so urine comes as near as the wall is thick (to 5 mm, thickened) and a
#: voxel more; iliac vessels, which enhance as strongly in the arterial phase, run further out.
TOUCHING_MM = 8.0
#: Least volume of urine, opacified or not, by which a bladder is known: what is left after voiding is more. In four
#: real CTs of limbs up to 0.8 ml are like water.
LEAST_BLADDER_ML = 2.0
_BLADDER_MM = min(REACH_MM)

#: Largest shares of the ROI. As the reader draws them, 97 simulated ROIs hold no air, bone or metal, up to 1.1 % of
#: fat and 5.6 % of urine (partial volume at the edge); grown by 3 mm, 8.6 % of urine and more. Three of four real ROIs
#: of soft-tissue tumours, whose outline runs in fat, hold up to 2.6 % of fat, the fourth reaches into it (11 %).
LARGEST_SHARE = {"air": 0.01, "fat": 0.05, "urine": 0.07, "bone": 0.03}
#: One clip in a tumour of 20 ml is 0.1 % of it, and its streaks reach further.
LARGEST_METAL_SHARE = 0.001
#: An ROI of which more would go is not frayed but misplaced.
_LARGEST_TRIM = 0.5


def tissue_findings(case: Case) -> Iterator[Finding]:
    """Is the ROI beside opacified urine, and does it hold tumour alone?"""
    tissues = Tissues.around(case)
    if not tissues.roi.any():
        return
    yield from _place_findings(tissues)
    yield from _content_findings(tissues)


def _place_findings(tissues: Tissues) -> Iterator[Finding]:
    urine_mm = tissues.distance_mm[tissues.urine & ~tissues.roi]
    near_ml = np.count_nonzero(urine_mm <= NEAR_MM) * tissues.voxel_ml
    if near_ml < LEAST_URINE_ML or urine_mm.min() > TOUCHING_MM:
        yield Finding(
            "not-excretory-phase",
            "warning",
            _(
                "No opacified urine ({level:.0f} HU or more) is beside the ROI: {found:.1f} ml within {distance:.0f} "
                "mm, where a bladder has {least:g} ml at least. The model learnt on excretory-phase CTU; choose the "
                "excretory phase."
            ).format(level=OPACIFIED_HU, found=near_ml, distance=NEAR_MM, least=LEAST_URINE_ML),
        )
    bladder_ml = np.count_nonzero(urine_mm <= _BLADDER_MM) * tissues.voxel_ml
    if bladder_ml < LEAST_BLADDER_ML:
        bladder_ml += np.count_nonzero(tissues.distance_mm[tissues.water] <= _BLADDER_MM) * tissues.voxel_ml
    if bladder_ml < LEAST_BLADDER_ML:
        yield Finding(
            "far-from-bladder",
            "warning",
            _(
                "No bladder was found within {distance:.0f} mm of the ROI: {found:.1f} ml look like urine, opacified "
                "or not, where {least:g} ml are expected. Check that the ROI is a tumour of the bladder."
            ).format(distance=_BLADDER_MM, found=bladder_ml, least=LEAST_BLADDER_ML),
        )


def _content_findings(tissues: Tissues) -> Iterator[Finding]:
    whole = np.count_nonzero(tissues.roi)
    shares = {tissue: np.count_nonzero(inside) / whole for tissue, inside in tissues.inside.items()}
    messages = {
        "air": _("{share:.1%} of the ROI is air (below {low:.0f} HU); leave gas out of the outline."),
        "fat": _("{share:.1%} of the ROI is fat ({low:.0f} to {high:.0f} HU); outline the tumour alone."),
        "urine": _("{share:.1%} of the ROI is opacified urine; outline the tumour alone."),
        "bone": _("{share:.1%} of the ROI is bone; outline the tumour alone."),
    }
    for tissue, message in messages.items():
        if shares[tissue] > LARGEST_SHARE[tissue]:
            text = message.format(share=shares[tissue], low=FAT_HU[0], high=FAT_HU[1])
            yield Finding(f"roi-holds-{tissue}", "warning", text, _trim_if_it_helps(tissues, tissue))
    if shares["metal"] > LARGEST_METAL_SHARE:
        yield Finding(
            "roi-holds-metal",
            "warning",
            _(
                "{share:.1%} of the ROI is metal (from {level:.0f} HU); its streaks change the texture around it, so "
                "do not rely on this result."
            ).format(share=shares["metal"], level=METAL_HU),
        )


def _trim_if_it_helps(tissues: Tissues, tissue: str) -> str | None:
    """The remedy, where the tissue lies at the rim and most of the ROI would stay."""
    whole, rim = np.count_nonzero(tissues.roi), tissues.strange_rim
    left = np.count_nonzero(tissues.roi & ~rim)
    if left < (1.0 - _LARGEST_TRIM) * whole:
        return None
    enclosed = np.count_nonzero(tissues.inside[tissue] & ~rim)
    return TRIM_RIM if enclosed <= LARGEST_SHARE[tissue] * left else None
