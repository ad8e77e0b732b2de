"""How the page looks on a screen and on paper. Contrast of every text is 4.5 to 1 or more (WCAG 2.2, 1.4.3)."""

#: Colours of text and drawings; nothing is told by a colour alone.
INK, MUTED, PALE, LINE = "#1a1d21", "#4a5360", "#aab2bd", "#c9ced6"

STYLE = """
:root { color: #1a1d21; background: #fff; }
* { box-sizing: border-box; }
html { font: 15px/1.45 "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans Condensed", sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.6rem 1.4rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1rem; line-height: 1.3; margin: 0 0 .45rem; padding-bottom: .2rem; border-bottom: 1px solid #c9ced6; }
p { margin: 0 0 .3rem; }
section { margin: 1.3rem 0 0; }
figure { margin: 0; }
figure svg { display: block; width: 100%; height: auto; }
.byline, .note, .meaning, figcaption, caption, .name, .facts th { color: #4a5360; }
.note, figcaption, caption { font-size: .85rem; line-height: 1.35; }
.byline { margin: .2rem 0 0; }
.note { margin: .4rem 0 0; }
.notice { border: 1px solid #b35c00; border-left-width: 6px; padding: .45rem .8rem; margin: .8rem 0 0; }
.notice p { margin: 0; }
.notice p + p { margin-top: .2rem; }
.strip { display: flex; flex-wrap: wrap; gap: .35rem 2.2rem; margin: 0; padding: 0; list-style: none; }
.strip > li { max-width: 100%; overflow-wrap: anywhere; }
.strip span { display: block; }
.strip .name { font-size: .8rem; line-height: 1.3; }
.result { display: flex; flex-wrap: wrap; gap: .6rem 2rem; }
.answer { flex: 0 0 auto; }
.doubtful { flex: 0 0 16rem; }
.meaning { white-space: nowrap; }
.told { flex: 1 1 22rem; font-size: .95rem; }
.told figure { margin-bottom: .5rem; }
.number { font-size: 4.2rem; line-height: 1; font-weight: 700; letter-spacing: -.02em; margin: 0; }
.verdict { font-size: 1.5rem; line-height: 1.2; font-weight: 700; margin: .5rem 0 0; }
.doubtful .verdict { margin: 0 0 .5rem; }
.doubtful .number { font-size: 1.5rem; font-weight: 400; letter-spacing: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0 2rem; }
.pushes { display: flex; flex-wrap: wrap; gap: .8rem 2rem; }
.pushes > * { flex: 2 1 17rem; }
.pushes > * + * { flex: 3 1 27rem; }
.views { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; }
.views figcaption, figure svg + figcaption { margin-top: .25rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .35rem; }
th, td { padding: .13rem .6rem .13rem 0; text-align: left; vertical-align: top; font-weight: 400; }
thead th { font-weight: 600; border-bottom: 1px solid #1a1d21; }
.facts th { width: 10rem; padding-right: 1rem; }
.reliance .facts th { width: 7rem; }
.model .facts th { width: 12.5rem; }
.facts td { overflow-wrap: anywhere; }
.findings .facts th { width: 5rem; color: inherit; font-weight: 600; }
.facts td, .numbers th, .numbers td { padding-right: 0; }
.numbers th + th, .numbers td { text-align: right; white-space: nowrap; padding-left: .8rem; }
.pushes > :first-child th + th + th, .pushes > :first-child td + td { text-align: center; padding-left: 1.2rem; }
.numbers td svg { width: 100%; max-width: 13rem; height: .75rem; vertical-align: -.05rem; }
code { font: .85rem/1.4 "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
@page { size: A4; margin: 10mm 15mm; }
@media print {
  html { font-size: 8.8pt; line-height: 1.35; }
  body { max-width: none; padding: 0; }
  section { margin-top: 3.6mm; }
  h2 { break-after: avoid; }
  tr, figure, .views, .result, .strip, header { break-inside: avoid; }
  /* As tables, which every program that prints lays out alike. */
  .result, .columns, .pushes, .views { display: table; table-layout: fixed; width: 100%; border-spacing: 0; }
  .result > *, .columns > *, .pushes > *, .views > * { display: table-cell; vertical-align: top; }
  .columns, .pushes { break-inside: avoid; }
  .columns > *, .pushes > * { padding-right: 4mm; }
  .columns > * + *, .pushes > * + * { padding: 0 0 0 4mm; }
  .pushes > :first-child { width: 37%; }
  .columns > section { border-top: 3.6mm solid transparent; }
  .answer, .doubtful { width: 60mm; }
  .views > * { padding-right: 2mm; }
  .views > * + * { padding: 0 1mm; }
  .views > * + * + * { padding: 0 0 0 2mm; }
  .strip { display: block; }
  .strip > li { display: inline-block; vertical-align: top; margin: 0 8mm 1mm 0; }
}
"""
