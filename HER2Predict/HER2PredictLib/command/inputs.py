"""The commands `simulate` and `extract`: a cohort made, and the features of a cohort."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..training.simulator.acquisition import ACQUISITIONS
from .arguments import Bar, add_jobs, not_negative, positive, report_exclusions


def add(commands: Any) -> None:
    _add_simulate(commands)
    _add_extract(commands)


def _add_simulate(commands: Any) -> None:
    simulate = commands.add_parser("simulate", help="make a cohort of simulated patients")
    simulate.add_argument("--patients", type=positive, required=True, metavar="N")
    simulate.add_argument("--seed", type=not_negative, required=True, metavar="S")
    simulate.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    simulate.add_argument("--format", choices=("nrrd", "nifti", "dicom"), default="nrrd")
    simulate.add_argument(
        "--acquisition",
        choices=tuple(ACQUISITIONS),
        default="study",
        help="how they are scanned and outlined; the patients of a seed are the same in each",
    )
    add_jobs(simulate)
    simulate.set_defaults(run=_simulate)


def _add_extract(commands: Any) -> None:
    extract = commands.add_parser("extract", help="radiomic features of a cohort, as a table; goes on where it stopped")
    extract.add_argument("cohort", type=Path, metavar="COHORT.csv")
    extract.add_argument("--out", type=Path, required=True, metavar="FEATURES.csv")
    add_jobs(extract)
    extract.add_argument("--dask", metavar="ADDRESS", help="run on this Dask cluster instead of this machine's cores")
    extract.set_defaults(run=_extract)


def _simulate(options: argparse.Namespace) -> None:
    from ..training.simulator.simulate import simulate_cohort

    with Bar("simulating", "patient") as bar:
        table = simulate_cohort(
            options.patients,
            options.seed,
            options.out,
            fmt=options.format,
            acquisition=options.acquisition,
            jobs=options.jobs,
            progress=bar.show,
        )
    print(table)


def _extract(options: argparse.Namespace) -> None:
    from ..training.cohort.extraction import extract
    from ..training.cohort.read_table import read_table

    with Bar("extracting", "patient") as bar:
        extraction = extract(
            read_table(options.cohort), options.out, jobs=options.jobs, dask=options.dask, progress=bar.show
        )
    report_exclusions(extraction.failures)
    print(f"{options.out}: {extraction.computed + extraction.reused} patients")
