"""Parts of a page that needs no network, no script and no other file: frame, paragraphs, tables, figures."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from string import Template

import pandas as pd

from ..cohort.evidence import Evidence
from ..figures.style import StudyFigure
from ..measured.baseline import BaselineTable

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


def page(title: str, byline: str, notice: str, bodies: Mapping[tuple[str, str], str]) -> str:
    """The page; `title` and `byline` are plain text, `notice` is HTML, `bodies` HTML by identifier and heading."""
    return _PAGE.substitute(
        title=html.escape(title),
        style=_STYLE,
        byline=html.escape(byline),
        notice=notice,
        contents="".join(f'<a href="#{name}">{heading}</a>' for name, heading in bodies),
        body="\n".join(
            f'<section id="{name}">\n<h2>{heading}</h2>\n{body}\n</section>' for (name, heading), body in bodies.items()
        ),
    )


def notice_html(*paragraphs: tuple[str, str]) -> str:
    """A box that catches the eye; each paragraph has a heading, which may be empty, and a text."""
    lines = (
        f"<p>{f'<strong>{html.escape(heading)}</strong> ' if heading else ''}{html.escape(text)}</p>"
        for heading, text in paragraphs
    )
    return f'<div class="notice" role="note">{"".join(lines)}</div>'


def paragraphs(*texts: str) -> str:
    """Each text a paragraph; empty ones are left out."""
    return "\n".join(f"<p>{html.escape(text)}</p>" for text in texts if text)


def part(name: str, heading: str, *texts: str) -> str:
    """A heading that can be linked to, and paragraphs."""
    return f'<h3 id="{name}">{heading}</h3>\n{paragraphs(*texts)}'


def list_html(texts: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul>"


def data_frame_html(frame: pd.DataFrame, caption: str, notes: Sequence[str] = ()) -> str:
    """A table; a row with no cell but the first is the heading of a group."""
    heads = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in frame.columns)
    lines = []
    for first, *cells in frame.itertuples(index=False):
        if pd.isna(cells).all():
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


def figure_html(figure: StudyFigure) -> str:
    """A figure with its caption; the picture stands in the page itself."""
    width = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', figure.svg)
    # A CSS pixel is 0.75 points; on the screen figures are shown a quarter larger than in print.
    size = f' width="{float(width[1]) / 0.75 * 1.25:.0f}"' if width else ""
    source = f"data:image/svg+xml;base64,{base64.b64encode(figure.svg).decode()}"
    first = re.split(r"(?<=[.:]) ", figure.caption)[0]
    return (
        f'<figure id="figure-{figure.number}"><img{size} alt="{html.escape(first)}" src="{source}">'
        f"<figcaption><b>Figure {figure.number}.</b> {html.escape(figure.caption)}</figcaption></figure>"
    )


def rois_html(figure: StudyFigure | None, number: int, evidence: Evidence) -> str:
    """The figure of the ROIs, or why it is left out."""
    if figure is not None:
        return figure_html(figure)
    why = (
        "images and ROIs of the patients could not be read when the report was made"
        if evidence.names_images
        else "the table names no images and ROIs"
    )
    return paragraphs(f"Figure {number} is left out: {why}.")


def findings_html(evidence: Evidence, table: str, groups: Mapping[str, str]) -> str:
    """How many patients have each finding on the input; empty where nothing was checked.

    `table` is such as ``Table 7``; `groups` are the columns of the counts, besides that of all patients, to heads.
    """
    if evidence.findings is None:
        return ""
    counts = evidence.findings[["finding", *groups, "all"]].rename(columns={**groups, "all": "All patients"})
    return data_frame_html(
        counts.rename(columns={"finding": "Finding"}),
        f"<b>{table}.</b> Findings of the checks of image and ROI: number of patients",
        ("A patient may have several. Patients with an error are left out and not counted here.",),
    )


def baseline_html(table: BaselineTable, number: int) -> str:
    return f'<div class="scroll">{table.to_html().replace("<caption>", f"<caption><b>Table {number}.</b> ", 1)}</div>'
