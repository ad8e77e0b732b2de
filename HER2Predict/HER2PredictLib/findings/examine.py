"""Findings: what is wrong or doubtful with a Case, and what to do about it. Puts the checks together."""

from __future__ import annotations

from collections.abc import Iterator

from ..case.case import Case
from ..case.prepared import Prepared
from ..i18n import tr as _
from .finding import Finding
from .roi_checks import LONGEST_ROI_MM, extent_mm, roi_findings
from .tissue_checks import tissue_findings
from .volume_checks import slice_findings, volume_findings


def examine_grids(case: Case) -> tuple[Finding, ...]:
    """Findings on volume, slices and ROI, errors first: no other finding is an error.

    Raises
    ------
    InputError
        Where the ROI is empty.
    """
    return _errors_first([*volume_findings(case), *slice_findings(case), *roi_findings(case)])


def examine_tissue(case: Case, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings of `examine_grids`, and those on the tissue in and around the ROI.

    Tissue is not looked at where an error says that it cannot be told by its HU, nor in an ROI that is no tumour by its
    size.
    """
    if max(extent_mm(case)) > LONGEST_ROI_MM or any(finding.severity == "error" for finding in found):
        return found
    return _errors_first([*found, *tissue_findings(case)])


def examine_prepared(prepared: Prepared) -> tuple[Finding, ...]:
    """Findings on the prepared pair, errors first."""
    return _errors_first([*_preparation_findings(prepared)])


def _errors_first(findings: list[Finding]) -> tuple[Finding, ...]:
    rank = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(findings, key=lambda finding: rank[finding.severity]))


def _preparation_findings(prepared: Prepared) -> Iterator[Finding]:
    if prepared.slices_averaged > 1:
        yield Finding(
            "slices-averaged",
            "info",
            _("{count} thin slices were averaged to one of {spacing:g} mm; the model learnt on 5 mm.").format(
                count=prepared.slices_averaged, spacing=prepared.image.GetSpacing()[2]
            ),
        )
    if any(prepared.missing_margin_mm):
        sides = (_("right"), _("left"), _("anterior"), _("posterior"), _("foot"), _("head"))
        lacking = ", ".join(
            _("{missing:.0f} mm at the {side}").format(missing=missing, side=side)
            for side, missing in zip(sides, prepared.missing_margin_mm, strict=True)
            if missing > 0
        )
        yield Finding(
            "margin-cut",
            "warning",
            _(
                "The volume ends too near the ROI ({lacking} missing): the filters lack their surroundings. Use a "
                "volume that reaches further."
            ).format(lacking=lacking),
        )
