"""Who the patients are: Table 1 (the cohort) and Table 2 (training against test) of the study."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ...errors import InputError
from ..cohort.columns import Categories, Column, Numbers, clinical_columns
from ..statistics.group_tests import GroupTest, compare_counts, wilcoxon_rank_sum

#: How the two parts of a split are called, in the order of the columns.
_GROUP_NAMES = {"train": "Training group", "test": "Testing group"}


@dataclass(frozen=True)
class BaselineRow:
    """One line of a table: a characteristic, or one category of the characteristic above it.

    There is a cell per column of patients, and a test where the line carries a p-value.
    """

    label: str
    category: bool
    cells: tuple[str, ...]
    test: GroupTest | None = None

    @property
    def p_value(self) -> str:
        """As printed; empty where there is none."""
        return "" if self.test is None else p_value_text(self.test.p_value)


@dataclass(frozen=True)
class BaselineTable:
    """A table that can be printed.

    `columns` are heads of the columns of patients; a table that `compares` has one of p-values. `notes` tell what the
    numbers are and which tests were done, `left_out` which columns of the cohort table it does not report.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[BaselineRow, ...]
    compares: bool
    notes: tuple[str, ...]
    left_out: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per line, cells as printed, categories indented by two spaces."""
        lines = [[("  " if row.category else "") + row.label, *self._cells(row)] for row in self.rows]
        return pd.DataFrame(lines, columns=self._heads())

    def to_csv(self) -> bytes:
        """`to_frame` as UTF-8 CSV, with the exact p-values and the tests in columns of their own."""
        frame = self.to_frame()
        if self.compares:
            frame["exact p-value"] = [row.test.p_value if row.test else math.nan for row in self.rows]
            frame["test"] = [row.test.name if row.test else "" for row in self.rows]
        return frame.to_csv(index=False, lineterminator="\n").encode()

    def to_html(self) -> str:
        """A ``<table>`` with caption and notes; every text from the cohort is escaped."""
        heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in self._heads())
        notes = "".join(f"<p>{html.escape(note)}.</p>" for note in self.notes)
        return (
            f'<table class="baseline"><caption>{html.escape(self.title)}</caption>\n<thead><tr>{heads}</tr></thead>\n'
            f"<tbody>\n{''.join(self._html_line(row) for row in self.rows)}</tbody>\n"
            f'<tfoot><tr><td colspan="{len(self._heads())}">{notes}</td></tr></tfoot></table>\n'
        )

    def _heads(self) -> list[str]:
        return ["Characteristic", *self.columns, *(["p-value"] if self.compares else [])]

    def _cells(self, row: BaselineRow) -> tuple[str, ...]:
        return (*row.cells, row.p_value) if self.compares else row.cells

    def _html_line(self, row: BaselineRow) -> str:
        kind = "category" if row.category else "characteristic"
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in self._cells(row))
        return f'<tr class="{kind}"><th scope="row">{html.escape(row.label)}</th>{cells}</tr>\n'


def table1(frame: pd.DataFrame) -> BaselineTable:
    """The whole cohort, as the study's Table 1.

    Numbers: mean ± standard error. Categories: counts (% of all patients, those with a missing value among them).
    `frame` has one row per patient; see `columns.clinical_columns` for the columns that are reported.

    Raises
    ------
    InputError
        Where there is no patient or no column to report.
    """
    columns, left_out = _reported(frame)
    rows = [row for column in columns for row in _described(column)]
    notes = (_cells_note(columns, "Mean ± standard error"),)
    return BaselineTable(
        "Characteristics of the cohort", (f"All patients, N = {len(frame)}",), tuple(rows), False, notes, left_out
    )


def table2(frame: pd.DataFrame, group: ArrayLike) -> BaselineTable:
    """Two groups of patients against each other, as the study's Table 2.

    Numbers: median (interquartile range) and the Wilcoxon rank-sum test. Categories: counts (% of the patients whose
    value is known) and Pearson's chi-squared test without continuity correction, or Fisher's exact test where an
    expected count is below 5. Missing values are counted and take no part in percentages and tests.

    `frame` is as in `table1`. `group`, shape (patients,), holds two different values; ``train`` and ``test`` are called
    training and testing group, others as they are.

    Raises
    ------
    InputError
        Where there is no column to report, or `group` has another length or not two values.
    """
    columns, left_out = _reported(frame)
    belongs = _memberships(group, len(frame))
    everybody = np.ones(len(frame), dtype=bool)
    rows = [row for column in columns for row in _compared(column, [everybody, *belongs.values()])]
    heads = ("Overall", *(_GROUP_NAMES.get(name, name) for name in belongs))
    sizes = (len(frame), *(int(members.sum()) for members in belongs.values()))
    tests = dict.fromkeys(row.test.name for row in rows if row.test and math.isfinite(row.test.p_value))
    notes = (_cells_note(columns, "Median (interquartile range)"), *(["; ".join(tests)] if tests else []))
    return BaselineTable(
        "Characteristics of the patients by group",
        tuple(f"{head}, N = {size}" for head, size in zip(heads, sizes, strict=True)),
        tuple(rows),
        True,
        notes,
        left_out,
    )


def _cells_note(columns: tuple[Column, ...], numbers: str) -> str:
    kinds = [numbers] if any(isinstance(column, Numbers) for column in columns) else []
    if any(isinstance(column, Categories) for column in columns):
        kinds.append("number of patients (%)" if kinds else "Number of patients (%)")
    return "; ".join(kinds)


def p_value_text(p_value: float) -> str:
    """As the study prints p-values: ``0.13``, ``0.077``, ``>0.99``, ``<0.001``; empty for nan.

    Two decimals from 0.10 on, three below (R's gtsummary, ``style_pvalue(digits = 2)``).
    """
    if math.isnan(p_value):
        return ""
    if p_value > 0.99:
        return ">0.99"
    if p_value < 0.001:
        return "<0.001"
    return f"{p_value:.2f}" if round(p_value, 2) >= 0.1 else f"{p_value:.3f}"


def _reported(frame: pd.DataFrame) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    if frame.empty:
        raise InputError("The cohort has no patients; a table of their characteristics needs at least one.")
    columns, left_out = clinical_columns(frame)
    if not columns:
        raise InputError(
            f"None of the columns {', '.join(map(str, frame.columns))} is clinical; "
            "add age, gender, stage or the like to the cohort table."
        )
    return columns, left_out


def _memberships(group: ArrayLike, patients: int) -> dict[str, np.ndarray]:
    """Name of each of the two groups to its patients."""
    names = np.asarray(group).astype(str)
    if len(names) != patients:
        raise InputError(f"{len(names)} patients are assigned to groups, but the cohort has {patients}.")
    distinct = sorted(
        set(names), key=lambda name: (list(_GROUP_NAMES).index(name) if name in _GROUP_NAMES else 9, name)
    )
    if len(distinct) != 2:
        raise InputError(f"The groups to compare are {', '.join(distinct)}; give two, such as train and test.")
    return {name: names == name for name in distinct}


def _described(column: Column) -> list[BaselineRow]:
    """Lines of one characteristic of the whole cohort."""
    patients = len(column.values)
    if isinstance(column, Numbers):
        known = column.values[np.isfinite(column.values)]
        rows, present = [BaselineRow(column.label, False, (_mean_se(known),))], len(known)
    else:
        counts = column.counts(np.ones(patients, dtype=bool)).tolist()
        rows, present = [BaselineRow(column.label, False, ("",))], sum(counts)
        for level, count in zip(column.levels, counts, strict=True):
            rows.append(BaselineRow(level, True, (_share_two_decimals(count, patients),)))
    if missing := patients - present:
        rows.append(BaselineRow("Missing", True, (_share_two_decimals(missing, patients),)))
    return rows


def _compared(column: Column, memberships: list[np.ndarray]) -> list[BaselineRow]:
    """Lines of one characteristic; the first membership is everybody, the others are the groups."""
    if isinstance(column, Numbers):
        rows, totals = _compared_numbers(column, memberships)
    else:
        rows, totals = _compared_categories(column, memberships)
    missing = [int(members.sum()) - total for members, total in zip(memberships, totals, strict=True)]
    if missing[0]:
        rows.append(BaselineRow("Missing", True, tuple(map(str, missing))))
    return rows


def _compared_numbers(column: Numbers, memberships: list[np.ndarray]) -> tuple[list[BaselineRow], list[int]]:
    known = [column.values[members & np.isfinite(column.values)] for members in memberships]
    cells = tuple(_median_iqr(values, column) for values in known)
    test = wilcoxon_rank_sum(known[1], known[2])
    return [BaselineRow(column.label, False, cells, test)], [len(values) for values in known]


def _compared_categories(column: Categories, memberships: list[np.ndarray]) -> tuple[list[BaselineRow], list[int]]:
    counts = np.array([column.counts(members) for members in memberships])
    totals = counts.sum(axis=1).tolist()
    rows = [BaselineRow(column.label, False, ("",) * len(memberships), compare_counts(counts[1:].T))]
    for level, of_level in zip(column.levels, counts.T.tolist(), strict=True):
        rows.append(BaselineRow(level, True, tuple(map(_share, of_level, totals))))
    return rows, totals


def _mean_se(values: np.ndarray) -> str:
    """``68.20 ± 1.03``."""
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    decimals = _decimals(error, 3)
    return f"{values.mean():.{decimals}f} ± {error:.{decimals}f}"


def _median_iqr(values: np.ndarray, column: Numbers) -> str:
    """``69 (62, 76)``: quartiles as R's default, quantile type 7; as many decimals for any group of the column."""
    if not len(values):
        return ""
    low, high = np.nanquantile(column.values, (0.25, 0.75))
    decimals = _decimals(high - low, 2)
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return f"{middle:.{decimals}f} ({low:.{decimals}f}, {high:.{decimals}f})"


def _decimals(spread: float, digits: int) -> int:
    """Decimals that show a spread to so many significant digits, at most four."""
    if not spread > 0 or math.isinf(spread):
        return digits - 1
    return min(4, max(0, digits - 1 - math.floor(math.log10(spread))))


def _share(count: int, total: int) -> str:
    """``43 (44%)``, ``3 (3.1%)``, ``0 (0%)``, as in the study's Table 2."""
    if not total:
        return "0"
    percent = 100 * count / total
    return f"{count} ({percent:.0f}%)" if count == 0 or round(percent, 1) >= 10 else f"{count} ({percent:.1f}%)"


def _share_two_decimals(count: int, total: int) -> str:
    """``10 (10.31%)``, ``0 (0%)``, as in the study's Table 1."""
    return f"{count} ({100 * count / total:.2f}%)" if count else "0 (0%)"
