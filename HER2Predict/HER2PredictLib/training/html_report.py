"""report.html: methods and results of a study on one page that needs no network, no script and no other file."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

import pandas as pd

from ..model import Model
from . import prose, sentences
from .baseline import BaselineTable, p_value_text
from .candidates import Candidate
from .figure_style import StudyFigure
from .results import APPARENT, SET_LABELS, SETS, Results
from .study import TEST, TRAIN
from .tripod import CLAIM, TRIPOD_AI, Item

SIMULATED_HEADING = "Simulated patients."
SIMULATED_NOTICE = (
    "Nothing here says how well HER2 status can be predicted in real patients, and the model is not for clinical use."
)
RESEARCH_NOTICE = (
    "For research: the model has not been validated on patients of another hospital and is not a medical device."
)

#: Measures that are printed of apparent predictions.
_APPARENT_ROWS = ("AUC (bootstrap)", "Average precision", "Brier score")

_STYLE = """
:root { --ink: #1a1d21; --muted: #5b6470; --line: #c9ced6; --accent: #0072b2; }
* { box-sizing: border-box; }
html { font: 16px/1.55 "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif; color: var(--ink); }
body { max-width: 48rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; background: #fff; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .4rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .2rem; }
p { margin: .5rem 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.byline { color: var(--muted); margin: 0 0 1rem; }
.notice { border: 1px solid #b35c00; border-left-width: 6px; background: #fff6e9; padding: .7rem 1rem; margin: 1rem 0; }
.notice strong { color: #8a4600; }
nav { font-size: .9rem; margin: 1rem 0; }
nav a { margin-right: .9rem; white-space: nowrap; }
figure { margin: 1.8rem 0; }
figure img { display: block; max-width: 100%; height: auto; margin: 0 auto .6rem; }
figcaption, caption, tfoot { font-size: .85rem; line-height: 1.45; color: var(--ink); text-align: left; }
.scroll { overflow-x: auto; margin: 1.4rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .84rem; line-height: 1.35; }
table { font-variant-numeric: tabular-nums; }
caption { padding-bottom: .45rem; }
thead th { border-top: 1.5px solid var(--ink); border-bottom: 1px solid var(--ink); font-weight: 600; }
th, td { padding: .2rem .5rem; text-align: left; vertical-align: top; }
th { font-weight: 400; }
tbody tr:last-child > * { border-bottom: 1.5px solid var(--ink); }
tr.category th { padding-left: 1.5rem; color: var(--muted); }
tr.group th { font-weight: 600; padding-top: .6rem; border-top: 1px solid var(--line); }
tfoot td { padding-top: .4rem; color: var(--muted); }
tfoot p { margin: .1rem 0; }
table.items td:first-child, table.items th:first-child { white-space: nowrap; }
.status { white-space: nowrap; }
ol.references { font-size: .9rem; padding-left: 1.5rem; }
@page { margin: 16mm; }
@media print {
  html { font-size: 10pt; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  h2, h3 { break-after: avoid; }
  figure, tr, .notice, table:not(.items) { break-inside: avoid; }
  figure img { width: auto; max-height: 185mm; }
  tfoot { display: table-row-group; }
  .scroll { overflow: visible; }
  a { color: inherit; }
}
"""

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<header id="top">
<h1>$title</h1>
<p class="byline">$byline</p>
$notice
</header>
<nav>$contents</nav>
<main>
$body
</main>
</body>
</html>
""")

#: Identifier and heading of the parts of the page.
_PARTS = (
    ("summary", "Summary"),
    ("methods", "Methods"),
    ("results", "Results"),
    ("limits", "Limits"),
    ("reproduction", "To do it again"),
    ("tripod-ai", "TRIPOD+AI"),
    ("claim", "CLAIM"),
    ("references", "References"),
)


def report_html(results: Results, figures: Sequence[StudyFigure], model: Model) -> str:
    """The page; the same results, figures and model give the same text."""
    bodies = {
        "summary": _summary(results),
        "methods": _methods(results, model),
        "results": _results(results, {figure.number: figure for figure in figures}),
        "limits": _limits(results),
        "reproduction": _reproduction(results, model),
        "tripod-ai": _items(TRIPOD_AI, "TRIPOD+AI items of a study that develops and evaluates a model"),
        "claim": _items(CLAIM, "CLAIM items (2024 update)"),
        "references": _references(),
    }
    return _PAGE.substitute(
        title="Development and evaluation of a model that predicts HER2 status of bladder tumours from CT urography",
        style=_STYLE,
        byline=html.escape(f"Model {model.name} {model.version}; cohort: {results.description}"),
        notice=_notice(results),
        contents="".join(f'<a href="#{name}">{heading}</a>' for name, heading in _PARTS),
        body="\n".join(
            f'<section id="{name}">\n<h2>{heading}</h2>\n{bodies[name]}\n</section>' for name, heading in _PARTS
        ),
    )


def data_frame_html(frame: pd.DataFrame, caption: str, notes: Sequence[str] = ()) -> str:
    """A table; a row whose cells after the first are None is the heading of a group."""
    heads = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in frame.columns)
    lines = []
    for first, *cells in frame.itertuples(index=False):
        if all(cell is None for cell in cells):
            heading = f'<th scope="rowgroup" colspan="{len(frame.columns)}">{html.escape(str(first))}</th>'
            lines.append(f'<tr class="group">{heading}</tr>')
        else:
            row = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
            lines.append(f'<tr><th scope="row">{html.escape(str(first))}</th>{row}</tr>')
    foot = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    footer = f'<tfoot><tr><td colspan="{len(frame.columns)}">{foot}</td></tr></tfoot>' if notes else ""
    return (
        f'<div class="scroll"><table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody>{footer}</table></div>"
    )


def models_table(results: Results) -> pd.DataFrame:
    """What was searched and chosen for each model."""
    return pd.DataFrame(
        [
            {
                "Model": candidate.label,
                "Searched": _grid(candidate),
                "Chosen": _assignments(results.study.fits[candidate.key].parameters),
                "Threshold": f"{results.thresholds[candidate.key]:.3f}",
            }
            for candidate in results.candidates
        ]
    )


def spread_table(results: Results) -> pd.DataFrame:
    """Test AUC over the random splits, one row per model."""
    return pd.DataFrame(
        [
            {
                "Model": results.labels[str(key)],
                "Mean (SD)": f"{row['mean']:.2f} ({row['sd']:.2f})",
                "Median": f"{row['median']:.2f}",
                "Central 95 %": f"{row['low']:.2f} to {row['high']:.2f}",
                "Range": f"{row['min']:.2f} to {row['max']:.2f}",
                "At most 0.50": f"{100 * row['share_at_most_half']:.0f} %",
                "This split": f"{row['this_split']:.2f}",
            }
            for key, row in results.spread.iterrows()
        ]
    )


def _notice(results: Results) -> str:
    simulated = f"<p><strong>{SIMULATED_HEADING}</strong> {SIMULATED_NOTICE}</p>" if results.simulated else ""
    return f'<div class="notice" role="note">{simulated}<p>{RESEARCH_NOTICE}</p></div>'


def _paragraphs(*texts: str) -> str:
    return "\n".join(f"<p>{html.escape(text)}</p>" for text in texts)


def _part(name: str, heading: str, *texts: str) -> str:
    return f'<h3 id="{name}">{heading}</h3>\n{_paragraphs(*texts)}'


def _summary(results: Results) -> str:
    return _paragraphs(
        "Aim: to develop a model that tells, from radiomic features of a tumour outlined on excretory-phase CT "
        "urography, the probability that a bladder tumour over-expresses HER2 (IHC 2+ or 3+), and to evaluate it on "
        "patients who had no part in its making.",
        f"Patients: {sentences.cohort(results)}",
        f"Discrimination: {sentences.discrimination(results, TEST)} {sentences.spread(results)}",
        f"Calls and calibration: {sentences.calls(results)} {sentences.calibration(results)}",
    )


def _methods(results: Results, model: Model) -> str:
    return "\n".join(_part(part.name, part.heading, *part.paragraphs) for part in prose.methods(results, model))


def _results(results: Results, figures: Mapping[int, StudyFigure]) -> str:
    def figure(number: int) -> str:
        return _figure(figures[number]) if number in figures else ""

    rois = (
        figure(3)
        if 3 in figures
        else _paragraphs(
            "Figure 3 is left out: images and ROIs of the patients could not be read when the report was made."
        )
    )
    parts = [
        _part("patients", "Patients", sentences.left_out(results), sentences.cohort(results)),
        figure(2),
        _baseline(results.table1, 1),
        _baseline(results.table2, 2),
        _paragraphs(sentences.differences(results.table2)),
        rois,
        _part("components", "Principal components", _components(results)),
        figure(4),
        data_frame_html(models_table(results), "<b>Table 3.</b> Hyper-parameters and thresholds of the models"),
        _part(
            "discrimination",
            "Discrimination",
            sentences.discrimination(results, TEST),
            sentences.discrimination(results, TRAIN),
            sentences.optimism(results),
            sentences.others(results),
            sentences.comparisons(results),
        ),
        figure(5),
        _performance(results),
        _comparisons(results),
        _part("mlp", "Calls, learning curve, precision and recall", sentences.calls(results)),
        figure(6),
        _part("calibration", "Calibration", sentences.calibration(results)),
        figure(7),
        _part("decision", "Net benefit", sentences.decision(results)),
        figure(8),
        _part("splits", "Other random splits", sentences.spread(results)),
        figure(9),
        data_frame_html(spread_table(results), "<b>Table 6.</b> Test AUC over random splits (nested cross-validation)"),
        _part("importance", "Importance of features", sentences.importance(results)),
        figure(10),
        _part("applicability", "Applicability", sentences.applicability(results)),
        figure(11),
    ]
    intro = (
        "Figures 2 to 6 and Tables 1 and 2 are numbered as in the study whose protocol this follows ([1]; its "
        "Figure 1 shows the workflow). Figures 7 to 11 and the other tables go beyond it."
    )
    return "\n".join([_paragraphs(intro), *parts])


def _components(results: Results) -> str:
    variance = results.variance
    return (
        f"{variance.kept} of {variance.components} principal components explain {variance.explained:.1f} % of the "
        f"variance and enter the models. The area under the cumulative explained variance is {variance.area:.2f} %."
    )


def _performance(results: Results) -> str:
    rows: list[dict[str, Any]] = []
    for name in SETS:
        table = results.performance_tables()[SET_LABELS[name]]
        counts = results.performances["mlp", name]
        heading = f"{SET_LABELS[name]} (n = {counts.patients}, {counts.positive} HER2-positive)"
        rows.append({"Measure": heading, **dict.fromkeys(table.columns)})
        for measure, cells in table.iterrows():
            if name != APPARENT or measure in _APPARENT_ROWS:
                rows.append({"Measure": measure, **cells.to_dict()})
    notes = (
        "Value (95 % confidence interval). Sensitivity to F1 at each model's own threshold (Table 3), which was "
        "chosen on the out-of-fold predictions of the training set. Random forest and logistic regression are not "
        "calibrated.",
    )
    return data_frame_html(pd.DataFrame(rows), "<b>Table 4.</b> Performance", notes)


def _comparisons(results: Results) -> str:
    table = results.comparison_table()
    for name in ("p (DeLong)", "p (bootstrap)"):
        table[name] = [p_value_text(value) for value in table[name]]
    rows: list[dict[str, Any]] = []
    for name, pairs in table.groupby("Set", sort=False):
        rows.append({"Models": name, **dict.fromkeys(table.columns[2:])})
        rows += [
            {str(key): value for key, value in row.items()} for row in pairs.drop(columns="Set").to_dict("records")
        ]
    return data_frame_html(pd.DataFrame(rows), "<b>Table 5.</b> Paired comparisons of the models")


def _limits(results: Results) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(text)}</li>' for text in prose.limits(results))}</ul>"


def _reproduction(results: Results, model: Model) -> str:
    software = ", ".join(f"{name} {version}" for name, version in dict(model.card.get("software", {})).items())
    digest = f" Its SHA-256 is {model.sha256}." if model.sha256 else ""
    settings = _assignments(results.study.protocol.settings())
    return _paragraphs(
        f"Settings: {settings}; {results.resamples} bootstrap resamples. Software: {software}.",
        "The model bundle model.her2model holds the whole model: means and scales, components, weights of every "
        f"member, calibration, threshold, feature settings and these results.{digest} The same cohort, seed and "
        "versions give the same numbers again.",
        "Every figure lies in figures/ as SVG, PNG and CSV with the numbers behind it, every table in tables/, all "
        "measures in metrics.json. Patients are numbered by their row; no identifier of a patient is in any of "
        "these files.",
    )


def _items(items: Sequence[Item], caption: str) -> str:
    lines = []
    for item in items:
        where = f'<a href="#{item.section}">{_section_name(item.section)}</a>' if item.section else ""
        cells = [where, f'<span class="status">{item.answer}</span>', html.escape(item.missing)]
        row = "".join(f"<td>{cell}</td>" for cell in [html.escape(item.topic), *cells])
        lines.append(f'<tr><th scope="row">{item.number}</th>{row}</tr>')
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Item", "Topic", "Where", "Answer", "What the data cannot tell")
    )
    answered = sum(item.answer == "answered" for item in items)
    partly = sum(item.answer == "in part" for item in items)
    introduction = _paragraphs(
        f"Of {len(items)} items this report answers {answered} and {partly} in part; the others are for the "
        "researcher to add."
    )
    return (
        f'{introduction}<div class="scroll"><table class="items"><caption>{caption}, topics in short</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _section_name(section: str) -> str:
    part, _, rest = section.partition("-")
    name = rest or part
    return {
        "top": "Title",
        "use": "Intended use",
        "missing": "Missing data",
        "split": "Training and test set",
        "statistics": "Evaluation",
        "mlp": "Calls",
        "reproduction": "To do it again",
        "splits": "Other random splits",
    }.get(name, name.capitalize())


def _references() -> str:
    lines = []
    for text, doi in prose.REFERENCES:
        link = f' <a href="https://doi.org/{doi}">doi:{doi}</a>' if doi else ""
        lines.append(f"<li>{html.escape(text)}{link}</li>")
    return f'<ol class="references">{"".join(lines)}</ol>'


def _figure(figure: StudyFigure) -> str:
    width = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', figure.svg)
    # A CSS pixel is 0.75 points; on the screen figures are shown a quarter larger than in print.
    size = f' width="{float(width[1]) / 0.75 * 1.25:.0f}"' if width else ""
    source = f"data:image/svg+xml;base64,{base64.b64encode(figure.svg).decode()}"
    first = re.split(r"(?<=[.:]) ", figure.caption)[0]
    return (
        f'<figure id="figure-{figure.number}"><img{size} alt="{html.escape(first)}" src="{source}">'
        f"<figcaption><b>Figure {figure.number}.</b> {html.escape(figure.caption)}</figcaption></figure>"
    )


def _baseline(table: BaselineTable, number: int) -> str:
    return f'<div class="scroll">{table.to_html().replace("<caption>", f"<caption><b>Table {number}.</b> ", 1)}</div>'


def _grid(candidate: Candidate) -> str:
    return "; ".join(
        f"{_name(name)}: {', '.join(_value(value) for value in values)}" for name, values in candidate.grid.items()
    )


def _assignments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{_name(name)} {_value(value)}" for name, value in values.items())


def _name(parameter: str) -> str:
    return {"C": "C (inverse penalty)", "alpha": "alpha (penalty)"}.get(parameter, parameter.replace("_", " "))


def _value(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return " × ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
