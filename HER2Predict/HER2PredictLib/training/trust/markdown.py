"""What was measured of a model's trustworthiness, as Markdown, and its place in a page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from ...errors import InputError
from ...files import write_files
from .measure import AREA_ASKED_FOR, SHIFT_THAT_MATTERS, ShiftedCohort, Trust

#: What stands between these two lines of a page is replaced.
BEGIN, END = "<!-- begin: her2predict trust -->", "<!-- end: her2predict trust -->"

_WORDS = {
    "thin-slices": "thin slices (1.25 mm, averaged to 5 mm)",
    "thick-slices": "thick slices (8 mm)",
    "sharp-kernel": "sharp kernel, twice the noise",
    "nephrographic": "nephrographic phase",
    "wide-roi": "ROI drawn 3 mm too wide",
}


def write_trust(trust: Trust, out: Path, page: Path | None = None) -> None:
    """Write ``trust.md`` and ``trust.json`` into a folder, and the tables into a page that has a place for them.

    Raises
    ------
    InputError
        Where a file cannot be written, or the page has no place for the tables.
    """
    tables = tables_of(trust)
    text = json.dumps(asdict(trust), indent=1, allow_nan=False) + "\n"
    write_files(out, {"trust.md": tables.encode(), "trust.json": text.encode()})
    if page is not None:
        write_files(page.parent, {page.name: _inserted(page, tables).encode()})


def require_place(page: Path) -> tuple[str, str]:
    """What stands before and after the place for the tables in a page.

    Raises
    ------
    InputError
        Where the page has none.
    """
    if not page.is_file():
        raise InputError(f"{page} does not exist; name a Markdown page, or leave --page out.")
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{page} has no lines {BEGIN} and {END}; add them where the tables belong.")
    return before, after


def _inserted(page: Path, tables: str) -> str:
    before, after = require_place(page)
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


def tables_of(trust: Trust) -> str:
    """Both tables, and what they say in a sentence each."""
    own = trust.own
    rows = [
        ("patients (HER2-positive), refused", f"{own.patients} ({own.positive}), {own.refused}"),
        ("AUC of the model; of the true probability", f"{own.auc:.2f}; {own.best_auc:.2f}"),
        ("mean width of the model interval", f"{own.mean_width:.2f}"),
        ("true probability within it", f"{own.coverage:.1%}"),
        ("inside / edge / outside", f"**{own.inside:.1%}** / {own.edge:.1%} / {own.outside:.1%}"),
        (f"calls that flip, of {own.variations} variations of each outline", f"**{own.flips:.1%}**"),
        ("patients with at least one such variation", f"{own.patients_with_flips:.1%}"),
        ("range of the probability over the variations, mean", f"{own.mean_range:.2f}"),
    ]
    return "\n".join(
        [
            f"Model: {trust.model}. {own.patients + own.refused} held-out simulated patients, seed {trust.seed}.",
            "",
            "| on patients like the training patients | |",
            "| --- | --- |",
            *(f"| {name} | {value} |" for name, value in rows),
            "",
            "The model interval says where the number might lie had the model learnt from very many such patients. How "
            "much of the true probability an image does not tell is not in it.",
            "",
            "| the same patients with | change of the probability, mean | calls changed | inside / edge / outside "
            "| true probability within the model interval | AUC of applicability | caught? | findings on the input |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *map(_row, trust.shifted),
            "",
            f"Caught: applicability tells shifted patients from the others with an AUC of at least {AREA_ASKED_FOR}. "
            f"That is asked for where a shift changes the probability by more than {SHIFT_THAT_MATTERS} on average.",
            "",
        ]
    )


def _row(cohort: ShiftedCohort) -> str:
    findings = ", ".join(f"{code} ({share:.0%})" for code, share in cohort.findings.items()) or "none"
    cells = (
        _WORDS.get(cohort.acquisition, cohort.acquisition),
        f"{cohort.change:.2f}",
        f"{cohort.calls_changed:.0%}",
        f"{cohort.inside:.0%} / {cohort.edge:.0%} / {cohort.outside:.0%}",
        f"{cohort.coverage:.0%}",
        f"{cohort.auc:.2f}",
        _verdict(cohort),
        findings + (f"; {cohort.refused} refused" if cohort.refused else ""),
    )
    return "| " + " | ".join(cells) + " |"


def _verdict(cohort: ShiftedCohort) -> str:
    if cohort.is_caught:
        return "yes" if cohort.matters else "yes, though it changes little"
    return "**NO**" if cohort.matters else "no, and it changes little"
