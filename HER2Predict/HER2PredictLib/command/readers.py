"""The `readers` command: what two or more readers' outlines of one tumour make of the result."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import STANDARD_OUTPUT, check_json, write_json
from ..i18n import tr as _
from .arguments import VOLUME_HELP, add_json, add_model, add_series, report_choice

if TYPE_CHECKING:
    from ..agreement import Agreement
    from ..case.case import Case


def add(commands: Any) -> None:
    readers = commands.add_parser("readers", help="agreement of two or more readers' outlines of one tumour")
    readers.add_argument("volume", type=Path, metavar="VOLUME", help=VOLUME_HELP)
    readers.add_argument(
        "roi",
        type=Path,
        metavar="ROI",
        help="segmentation (.seg.nrrd, DICOM SEG) or RTSTRUCT with a segment for each",
    )
    readers.add_argument("--segments", required=True, metavar="A,B[,C]", help="names or IDs of the readers' segments")
    add_series(readers)
    add_model(readers)
    add_json(readers)
    readers.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from ..agreement import compare
    from ..model.model import BUNDLED_MODEL, Model

    segments = _segments(options.segments)
    if options.json:
        check_json(options.json)
    model = Model.load(options.model or BUNDLED_MODEL)
    agreement = compare(_cases(options, segments), model)
    if options.json:
        write_json(options.json, agreement.to_dict())
    if options.json != STANDARD_OUTPUT:
        print(_for_people(agreement))


def _segments(text: str) -> list[str]:
    segments = [segment.strip() for segment in text.split(",") if segment.strip()]
    if len(segments) < 2:
        words = _('--segments names {count}, "{text}"; name two or more, as A,B.')
        raise InputError(words.format(count=len(segments), text=text))
    for segment in segments:
        if segments.count(segment) > 1:
            raise _same_twice(segment)
    return segments


def _same_twice(segment: str) -> InputError:
    return InputError(
        _('--segments names "{segment}" twice; name each reader\'s segment once.').format(segment=segment)
    )


def _cases(options: argparse.Namespace, segments: list[str]) -> dict[str, Case]:
    """A case for each segment, on one volume that is read once."""
    from ..case.case import Case
    from ..case.rois import series_drawn_on
    from ..case.volumes import read_volume

    stored = read_volume(options.volume, options.series, series_drawn_on(options.roi))
    report_choice(stored.choice)
    cases: dict[str, Case] = {}
    for segment in segments:
        case = Case.on_volume(stored, options.roi, segment)
        for other in cases.values():
            # One may have been named by its ID and again by its name.
            if case.roi.name == other.roi.name and (case.roi_voxels == other.roi_voxels).all():
                raise _same_twice(case.roi.name)
        cases[segment] = case
    return cases


def _for_people(agreement: Agreement) -> str:
    model = _("Model: {model}").format(model=agreement.model)
    table = _aligned([agreement.header(), *agreement.table()])
    lead, end = ([agreement.banner], []) if agreement.banner else ([], [agreement.verdict])
    return "\n".join([*lead, *table, *end, model])


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """The rows with their columns one below the other."""
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
