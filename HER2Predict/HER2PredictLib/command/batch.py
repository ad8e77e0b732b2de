"""The command `batch`: many cases predicted into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import InputError
from .arguments import Bar, add_jobs, add_model, add_variations, report_exclusions


def add(commands: Any) -> None:
    batch = commands.add_parser("batch", help="predict many cases into a folder; goes on where it stopped")
    batch.add_argument(
        "source",
        type=Path,
        metavar="FOLDER|TABLE.csv",
        help="a folder of folders with one CT and one ROI each, or of pairs such as A.nrrd and A.seg.nrrd; or a table",
    )
    batch.add_argument("--out", type=Path, required=True, metavar="DIR", help="for tables, JSON, reports and overview")
    batch.add_argument("--reports", action="store_true", help="also write a page for each case")
    add_model(batch)
    add_variations(batch)
    add_jobs(batch)
    batch.set_defaults(run=_batch)


def _batch(options: argparse.Namespace) -> None:
    from ..batch.cases import find_cases
    from ..batch.run import OVERVIEW_FILE, run_batch
    from ..model.model import BUNDLED_MODEL, Model

    if options.out.exists() and options.source.exists() and options.out.samefile(options.source):
        raise InputError(f"{options.out} holds the cases; name another folder for the results.")
    model_file = options.model or BUNDLED_MODEL
    banner = Model.load(model_file).banner
    with Bar("predicting", "case") as bar:
        batch = run_batch(
            find_cases(options.source, options.out),
            model_file,
            options.out,
            variations=options.perturbations,
            with_reports=options.reports,
            jobs=options.jobs,
            progress=bar.show,
        )
    report_exclusions(batch.failures, "case")
    if banner:
        print(banner)
    print(f"{len(batch.results)} predicted, {batch.reused} of them before; {len(batch.failures)} failed")
    print(options.out / OVERVIEW_FILE)
