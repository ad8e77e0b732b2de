"""Which of the series in a pile is the excretory-phase CT, by what the headers say; and why."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...errors import InputError
from ...i18n import tr as _
from ..images import readable
from .phase import excretory
from .series import Series


def choose(found: list[Series], where: Path, wanted: str | None, drawn_on: Collection[str]) -> tuple[Series, str]:
    """The series to take, and a sentence that says why; empty where there is no other.

    `wanted` is its UID, where the user names it. `drawn_on` are the UIDs of the series that the ROI refers to. No
    text of a header is repeated: it may name the patient.

    Raises
    ------
    InputError
        Where there is none, no such one, or a choice that headers do not decide.
    """
    if not found:
        raise InputError(
            _("{folder} holds no DICOM image series. Give {kinds}.").format(folder=where, kinds=readable()),
            code="no-dicom-series",
        )
    if wanted:
        return _named(found, where, wanted), ""
    if len(found) == 1:
        return found[0], ""
    left = _plain(found)
    if len(left) == 1:
        return left[0], _because(left[0], found, _("no other is a CT that is neither localizer nor derived"))
    referred = [series for series in left if series.uid in drawn_on]
    if len(referred) == 1:
        return referred[0], _because(referred[0], found, _("the ROI was drawn on it"))
    late = [series for series in left if series.phase[0] == excretory()]
    if len(late) != 1:
        raise InputError(
            _(
                "{folder} holds {count} DICOM image series of which {excretory} are of the excretory phase by what "
                "their headers say: {series}. Name one with --series UID."
            ).format(folder=where, count=len(left), excretory=len(late), series="; ".join(map(_line, left))),
            code="several-dicom-series",
        )
    return late[0], _because(late[0], found, _reason(late[0]))


def _plain(found: list[Series]) -> list[Series]:
    """Without localizers; of CT where there is any; without derived series unless all are."""
    left = [series for series in found if not series.is_localizer] or found
    left = [series for series in left if series.first.modality == "CT"] or left
    return [series for series in left if not series.is_derived] or left


def _named(found: list[Series], where: Path, wanted: str) -> Series:
    for series in found:
        if series.uid == wanted:
            return series
    raise InputError(
        _("{folder} holds no image series {wanted}; it holds {series}.").format(
            folder=where, wanted=wanted, series="; ".join(map(_line, found))
        ),
        code="series-not-found",
    )


def _because(series: Series, found: list[Series], reason: str) -> str:
    return _("Of {count} image series {series} is taken: {reason}. --series UID takes another one.").format(
        count=len(found), series=_line(series), reason=reason
    )


def _reason(series: Series) -> str:
    if series.phase[1] == "time":
        return _("its acquisition began {minutes:.0f} min after the contrast medium").format(
            minutes=(series.first.delay_s or 0.0) / 60
        )
    return _("its description alone names the excretory phase")


def _line(series: Series) -> str:
    """A series in words of ours."""
    number = "" if series.first.number is None else f"{series.first.number}, "
    thick = series.first.thickness_mm
    parts = [_("{count} slices").format(count=series.count)]
    if thick is not None:
        parts.append(_("{thickness:g} mm").format(thickness=thick))
    if series.phase[0]:
        parts.append(series.phase[0])
    return f"{number}{' '.join(parts)} ({series.uid})"
