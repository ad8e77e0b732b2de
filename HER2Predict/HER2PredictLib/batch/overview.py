"""The overview of many cases: a page with a row for each that links its JSON and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..many.outcome import Exclusion
from ..model.model import Model
from ..outputs import gauge
from ..outputs.report.html import Markup, document, element, section, table
from ..outputs.report.page_style import INK, LINE, STYLE
from ..result import wording

_BAR_WIDTH, _BAR_HEIGHT = 120.0, 12.0


@dataclass(frozen=True)
class Line:
    """A case: the cells of its row of the table, and where its files are; `report` is empty where there is none."""

    name: str
    row: Mapping[str, str]
    json: str
    report: str


def overview(lines: Sequence[Line], failures: Mapping[str, Exclusion], model: Model) -> str:
    """The page, in the order of the cases."""
    title = "HER2 predictions of many cases"
    calls = [line.row["call"] for line in lines]
    counts = ", ".join(f"{calls.count(call)} {call}" for call in sorted(set(calls) - {""}))
    told = f"{len(lines)} predicted{f' ({counts})' * bool(counts)}, {len(failures)} failed. Model: {model.describe()}."
    notice = [element("p", element("strong", model.banner))] if model.banner else []
    simulated = ["The model knows simulated patients; its probabilities say nothing about a real one."]
    notice.append(element("p", " ".join([wording.research_only(), *(simulated if model.simulated else [])])))
    parts = [section("results", "Results", _results(lines, model))] if lines else []
    if failures:
        rows = [(name, why.code, why.message) for name, why in failures.items()]
        parts.append(section("failures", "Failed", table("Why there is no result", ("Case", "Code", "Reason"), rows)))
    header = element(
        "header",
        element("h1", title),
        element("p", told, class_="byline"),
        element("div", *notice, class_="notice", role="note"),
    )
    return document(title, STYLE, header, element("main", *parts))


def _results(lines: Sequence[Line], model: Model) -> Markup:
    heads = ("Case", "Probability", "Interval", "Where that lies", "Call", "Applicability", "Outline", "Findings")
    rows = [
        (
            _linked(line),
            f"{float(line.row['probability']):.0%}",
            f"{float(line.row['interval_low']):.0%} to {float(line.row['interval_high']):.0%}",
            _bar(line.row, has_call=not model.guessing),
            line.row["call"] or "no call",
            line.row["applicability"] or "-",
            line.row["stability"] or "-",
            line.row["findings"].replace("simulated-model", "").strip() or "-",
        )
        for line in lines
    ]
    caption = "Probability of HER2 over-expression with its model interval; the line is the threshold"
    return table(caption, heads, rows)


def _linked(line: Line) -> Markup:
    name = element("a", line.name, href=line.report or line.json)
    return name if not line.report else Markup(f"{name} ({element('a', 'JSON of ' + line.name, href=line.json)})")


def _bar(row: Mapping[str, str], *, has_call: bool) -> Markup:
    """The gauge in small; the numbers beside it say the same."""
    low, high, at, threshold = (
        float(row[name]) * _BAR_WIDTH for name in ("interval_low", "interval_high", "probability", "threshold")
    )
    is_known = has_call and row["applicability"] != "outside"
    colour = gauge.COLOUR_OF_CALL[row["call"] == "HER2-positive"] if is_known else INK
    middle = _BAR_HEIGHT / 2
    return element(
        "svg",
        element("rect", x=0, y=middle - 1, width=_BAR_WIDTH, height=2, fill=LINE),
        element("rect", x=low, y=middle - 3, width=max(high - low, 1.0), height=6, fill=colour, fill_opacity=0.6),
        element("rect", x=at - 2, y=0, width=4, height=_BAR_HEIGHT, fill=INK),
        element("path", d=f"M{threshold:.2f} 0V{_BAR_HEIGHT}", stroke=INK, stroke_width=1, stroke_dasharray="2 2"),
        viewBox=f"0 0 {_BAR_WIDTH:g} {_BAR_HEIGHT:g}",
        width=_BAR_WIDTH,
        height=_BAR_HEIGHT,
        aria_hidden="true",
    )
