"""An Assessment as one row of a table: the columns of every CSV file of results, and what a cell may hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from .. import __version__
from ..assess import Assessment

#: In this order in every file. The last one tells a whole row from one whose writer was ended: it has a fixed length.
COLUMNS = (
    "case",
    "time",
    "probability",
    "interval_low",
    "interval_high",
    "interval_level",
    "threshold",
    "call",
    "applicability",
    "tail_probability",
    "stability",
    "variations",
    "variations_failed",
    "variations_flipped",
    "variations_low",
    "variations_high",
    "flip_bound",
    "surface_distance_mm",
    "volume_change",
    "roi_volume_ml",
    "roi_slices",
    "findings",
    "simulated_model",
    "model_name",
    "model_version",
    "model_sha256",
    "program_version",
    "input_sha256",
)
#: Length of the last cell of a row.
DIGEST_LENGTH = 64

#: Without it Excel reads UTF-8 as the code page of its country.
BYTE_ORDER_MARK = "\ufeff"
#: A cell that begins so is a formula to a spreadsheet, which may run a program or ask a server.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Value = str | float | int | bool | None


def row_of(assessment: Assessment, case: str = "", time: str = "") -> dict[str, str]:
    """The cells of `COLUMNS`, as text.

    `case` names the row, in the user's own words; by default a digest of the CT does, which is the same for every
    outline and file format of it. `time` is when the prediction was made. No name of a file or node is in a row.
    """
    return dict(zip(COLUMNS, map(cell, _values(assessment, case, time)), strict=True))


def case_name(assessment: Assessment) -> str:
    """What a case is called whose user has no name for it: a digest of its CT."""
    return f"ct-{assessment.case.volume.digest[:16]}"


def _values(assessment: Assessment, case: str, time: str) -> Iterator[Value]:
    result, model = assessment.result(), assessment.model
    yield from (case or case_name(assessment), time)
    yield from (result.probability, *result.interval, result.interval_level, result.threshold)
    yield from ("" if result.banner else result.call, result.applicability)
    yield None if result.applicability is None else assessment.tail_probability
    found = result.stability
    if found is None:
        yield from (None,) * 9
    else:
        yield from (found.level, found.count, found.failed, found.flips, found.low, found.high, found.flip_bound)
        yield from (found.mean_surface_distance_mm, found.mean_volume_change)
    yield from (result.roi_volume_ml, result.roi_slices)
    yield " ".join(finding.code for finding in result.findings)
    yield from (model.simulated, model.name, model.version, model.sha256)
    yield from (__version__, assessment.checked.prepared.digest)


def cell(value: Value) -> str:
    """A value as text that reads back as it is: every digit of a number, with a point; text in one line.

    Text that a spreadsheet would take for a formula is given an apostrophe in front.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
        return f"'{text}" if text.startswith(_FORMULA) else text
    if isinstance(value, (bool, int)):
        return str(int(value))
    return repr(float(value))


def line(cells: Iterable[str]) -> str:
    """Cells as one line of a CSV file, with its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def as_csv(rows: Iterable[Mapping[str, str]], columns: Iterable[str] = COLUMNS) -> bytes:
    """Rows of `columns` as a whole file; a cell that a row lacks is empty."""
    columns = tuple(columns)
    lines = [line(columns), *(line(row.get(name, "") for name in columns) for row in rows)]
    return (BYTE_ORDER_MARK + "".join(lines)).encode()
