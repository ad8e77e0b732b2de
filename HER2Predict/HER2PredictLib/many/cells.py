"""The cells of a table with one row a patient, with the standard library alone."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import InputError

PATIENT_COLUMN = "patient_id"
#: How pyradiomics' batch mode calls what is called image and roi here.
_PYRADIOMICS_NAMES = {"Image": "image", "Mask": "roi"}


@dataclass(frozen=True)
class Cells:
    """Text without blanks around it; each of `rows` is as long as `columns`, and names another patient."""

    columns: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """The cells of a column; empty ones where there is none."""
        if name not in self.columns:
            return [""] * len(self.rows)
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


def read_cells(path: Path) -> Cells:
    """Read a CSV with a column ``patient_id``.

    Raises
    ------
    InputError
        Where it is no CSV in UTF-8, has no rows, names a column twice, or a patient twice or not at all.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist or is no file. Give the cohort table, a CSV file.")
    try:
        with _opened(path) as file:
            lines = [[cell.strip() for cell in line] for line in csv.reader(file, strict=True)]
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (UnicodeDecodeError, csv.Error, EOFError) as error:
        raise _no_csv(path, " ".join(str(error).split())) from error
    lines = [line for line in lines if line not in ([], [""])]
    if not lines:
        raise _no_csv(path, "it is empty")
    columns, *rows = lines
    columns = [_own_name(name, columns) for name in columns]
    width = len(columns)
    for number, row in enumerate(rows, 1):
        if len(row) > width:
            raise _no_csv(path, f"patient number {number} has {len(row)} cells, the header {width}")
        row.extend([""] * (width - len(row)))
    cells = Cells(columns, rows)
    _check(cells, path)
    return cells


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def need_columns(columns: Iterable[str], needed: tuple[str, ...], path: Path) -> None:
    """Raise InputError where a table lacks one of the columns that are needed."""
    columns = [name for name in columns if name]
    missing = [name for name in needed if name not in columns]
    if missing:
        shown = ", ".join(columns[:10]) + (f" and {len(columns) - 10} more" if len(columns) > 10 else "")
        raise InputError(f"{path} lacks the column {' and '.join(missing)}; it has {shown}.")


def absolute(table: Path, name: str) -> Path:
    """A path that stands in a table."""
    # Not Path.resolve: a link stays the name that the researcher knows.
    return Path(table.absolute().parent, name)


def _own_name(name: str, columns: list[str]) -> str:
    own = _PYRADIOMICS_NAMES.get(name, name)
    return name if own in columns else own


def _check(cells: Cells, path: Path) -> None:
    repeated = _repeated(cells.columns)
    if repeated is not None:
        raise InputError(f'{path} has more than one column "{repeated}"; keep one.')
    need_columns(cells.columns, (PATIENT_COLUMN,), path)
    if not cells.rows:
        raise InputError(f"{path} has no rows; list one patient per row.")
    patients = cells.column(PATIENT_COLUMN)
    if "" in patients:
        raise InputError(f"{path} names no patient_id for patient number {patients.index('') + 1}; fill it in.")
    repeated = _repeated(patients)
    if repeated is not None:
        raise InputError(f'{path} lists the patient "{repeated}" more than once; keep one row per patient.')


def _repeated(names: list[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _no_csv(path: Path, reason: str) -> InputError:
    return InputError(f"{path} is not a CSV table in UTF-8 that can be read ({reason}).")
