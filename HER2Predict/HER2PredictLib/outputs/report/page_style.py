"""How the page looks on a screen and on paper. Contrast of every text is 4.5 to 1 or more (WCAG 2.2, 1.4.3)."""

#: Colours of text and lines; nothing is told by a colour alone.
INK, MUTED, LINE, ACCENT = "#1a1d21", "#4a5360", "#c9ced6", "#0072b2"

STYLE = """
:root { color: #1a1d21; background: #fff; }
* { box-sizing: border-box; }
html { font: 15px/1.45 "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.45rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .35rem; padding-bottom: .15rem; border-bottom: 1px solid #c9ced6; }
p { margin: .2rem 0; }
section { margin: 1rem 0 0; }
.byline, .note, figcaption, .facts th, caption { color: #4a5360; }
.byline { margin: .15rem 0 0; }
.note, figcaption, caption { font-size: .85rem; }
.notice { border: 1px solid #b35c00; border-left-width: 6px; padding: .35rem .7rem; margin: .7rem 0 0; }
.notice p { margin: .1rem 0; }
.result { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0 1.5rem; }
.answer, .doubtful { flex: 0 0 16rem; }
.answer p, .doubtful p { margin: 0; }
.number { font-size: 3rem; line-height: 1.05; font-weight: 700; }
.doubtful .number { font-size: 1.6rem; }
.verdict { font-size: 1.25rem; font-weight: 700; }
.gauge { flex: 1 1 20rem; }
.gauge svg { width: 100%; height: auto; display: block; }
.columns { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
.columns > * { flex: 1 1 20rem; min-width: 0; }
.views { display: flex; flex-wrap: wrap; gap: .8rem; }
.views figure { flex: 1 1 11rem; margin: 0; min-width: 0; }
figure { margin: 0; }
figure svg { display: block; width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .2rem; }
th, td { padding: .12rem .4rem .12rem 0; text-align: left; vertical-align: top; font-weight: 400; }
thead th { font-weight: 600; border-bottom: 1px solid #1a1d21; }
.facts th { width: 10.5rem; padding-right: .8rem; }
.facts td { overflow-wrap: anywhere; }
.numbers td { text-align: right; white-space: nowrap; }
.numbers td svg { width: 8rem; height: .7rem; vertical-align: middle; }
.numbers th { overflow-wrap: anywhere; }
.numbers thead th + th { text-align: right; }
.severity { white-space: nowrap; }
code { font: .85rem/1.4 "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
@page { size: A4; margin: 11mm 14mm; }
@media print {
  html { font-size: 8.6pt; line-height: 1.35; }
  body { max-width: none; padding: 0; }
  .result, .columns, .views { flex-wrap: nowrap; }
  .columns, .views, figure, tr, h2 + table { break-inside: avoid; }
  h2 { break-after: avoid; }
  section { margin-top: .7rem; }
  .views figure { max-width: 52mm; }
}
"""
