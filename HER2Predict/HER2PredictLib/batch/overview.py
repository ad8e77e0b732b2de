"""The overview of many cases: a page with a row for each that links its JSON and its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model.guessing import GUESSING_CODE, NO_CALL, POSITIVE
from ..model.model import Model, interval_name
from ..outputs import gauge
from ..outputs.report.html import Markup, document, element, joined, section, table
from ..outputs.report.page_style import INK, LINE, STYLE
from ..result import cautions, wording
from .work import Kept

_TITLE = "HER2 predictions of many cases"
_NOT_RELIED_ON = "do not rely on it"
_BAR_WIDTH, _BAR_HEIGHT = 120.0, 12.0
_HEADS = ("Case", "Probability", "Scale", "Interval", "Call", "Applicability", "Outline", "Warnings", "Files")
_GUESSED_HEADS = ("Case", "Probability", "Call", "Warnings", "Files")
#: What the page leads with, and need not repeat in every row.
_SAID = (GUESSING_CODE, cautions.SIMULATED_CODE)
_OWN_STYLE = """
body { max-width: 80rem; }
.counts { margin: .8rem 0 0; }
main { overflow-x: auto; }
tbody th, td { border-bottom: 1px solid #e4e7eb; }
tbody th { overflow-wrap: anywhere; min-width: 6rem; }
.results th, .results td { padding-right: .9rem; }
.results td { white-space: nowrap; }
.results td:nth-last-child(2) { white-space: normal; min-width: 10rem; }
td svg { display: block; margin-top: .3rem; }
@page { size: A4 landscape; }
@media print { main { overflow: visible; } }
"""


@dataclass(frozen=True)
class Line:
    """A case, and where its files are; `report` is empty where there is none."""

    name: str
    kept: Kept
    json: str
    report: str


def overview(lines: Sequence[Line], failures: Sequence[tuple[str, str, str]], model: Model) -> str:
    """The page, in the order of `lines`; `failures` are case, code and reason."""
    header = element(
        "header",
        element("h1", _TITLE),
        _notice(model),
        element("p", element("strong", _counts(lines, failures, model)), class_="counts"),
        element("p", f"Model: {model.describe()}.", class_="byline"),
    )
    parts = [section("results", "Results", _results(lines, model))] if lines else []
    if failures:
        caption = "Cases without a result"
        parts.append(section("failures", "Failed", table(caption, ("Case", "Code", "Reason"), failures)))
    return document(_TITLE, STYLE + _OWN_STYLE, header, element("main", *parts))


def _notice(model: Model) -> Markup:
    lines = [wording.research_only(), *(finding.message for finding in cautions.of_simulation(model))]
    banner = [element("p", element("strong", model.banner))] if model.banner else []
    return element("div", *banner, element("p", " ".join(lines)), class_="notice", role="note")


def _counts(lines: Sequence[Line], failures: Sequence[object], model: Model) -> str:
    words = [f"{len(lines) + len(failures)} cases: {len(lines)} predicted, {len(failures)} failed."]
    if lines and not model.guessing:
        counts = Counter(_call(line.kept.row) for line in lines)
        unknown = counts.pop(_NOT_RELIED_ON, 0)
        calls = ", ".join(f"{counts[call]} {call}" for call in sorted(counts))
        words += [f"{calls}."] if calls else []
        words += [f"{unknown} not to be relied on, outside what the model knows."] if unknown else []
    return " ".join(words)


def _results(lines: Sequence[Line], model: Model) -> Markup:
    if model.guessing:
        guessed = [
            (line.name, _percent(line.kept.row["probability"]), NO_CALL, _warnings(line.kept), _links(line))
            for line in lines
        ]
        return table("What the model gives for each case", _GUESSED_HEADS, guessed, class_="results")
    caption = (
        f"Probability of HER2 over-expression and its {interval_name(model.interval_level)}; on the scale from 0 to "
        f"100 % the dashes are the threshold of {model.threshold:.0%}"
    )
    return table(caption, _HEADS, [_row(line) for line in lines], class_="results")


def _row(line: Line) -> tuple[str, ...]:
    row = line.kept.row
    return (
        line.name,
        element("strong", _percent(row["probability"])),
        _bar(row),
        f"{_percent(row['interval_low'])} to {_percent(row['interval_high'])}",
        _call(row),
        row["applicability"],
        row["stability"] or "not measured",
        _warnings(line.kept),
        _links(line),
    )


def _percent(cell: str) -> str:
    return format(float(cell), wording.PERCENT)


def _call(row: Mapping[str, str]) -> str:
    return _NOT_RELIED_ON if row["applicability"] == "outside" else row["call"]


def _warnings(kept: Kept) -> Markup:
    """How many beside those that the page leads with, and their codes."""
    codes = [code for code in kept.warnings if code not in _SAID]
    if not codes:
        return joined(["none"])
    return joined([str(len(codes)), " ", element("span", f"({', '.join(codes)})", class_="note")])


def _links(line: Line) -> Markup:
    links = [element("a", "JSON", href=line.json, aria_label=f"JSON of {line.name}")]
    if line.report:
        links.insert(0, element("a", "report", href=line.report, aria_label=f"report of {line.name}"))
    return Markup(", ".join(links))


def _bar(row: Mapping[str, str]) -> Markup:
    """The gauge in small; the numbers beside it say the same."""
    low, high, at, threshold = (
        float(row[name]) * _BAR_WIDTH for name in ("interval_low", "interval_high", "probability", "threshold")
    )
    colour = INK if row["applicability"] == "outside" else gauge.COLOUR_OF_CALL[row["call"] == POSITIVE]
    middle = _BAR_HEIGHT / 2
    return element(
        "svg",
        element("rect", x=0, y=middle - 1, width=_BAR_WIDTH, height=2, fill=LINE),
        element("rect", x=low, y=middle - 3, width=max(high - low, 1.0), height=6, fill=colour, fill_opacity=0.6),
        element("rect", x=min(max(at - 2, 0.0), _BAR_WIDTH - 4), y=0, width=4, height=_BAR_HEIGHT, fill=INK),
        element("path", d=f"M{threshold:.2f} 0V{_BAR_HEIGHT:g}", stroke=INK, stroke_width=1, stroke_dasharray="2 2"),
        viewBox=f"0 0 {_BAR_WIDTH:g} {_BAR_HEIGHT:g}",
        width=_BAR_WIDTH,
        height=_BAR_HEIGHT,
        aria_hidden="true",
    )
