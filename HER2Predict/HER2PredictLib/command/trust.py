"""The command `her2predict trust`: how far a model's numbers can be trusted, on simulated patients."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..errors import InputError
from .arguments import Bar, add_jobs, add_model, not_negative, positive


def add(commands: Any) -> None:
    """Add the command to the parser."""
    trust = commands.add_parser(
        "trust", help="measure interval, applicability and stability of a model on simulated patients; takes long"
    )
    add_model(trust)
    trust.add_argument("--patients", type=positive, default=200, metavar="N")
    trust.add_argument("--seed", type=not_negative, default=4711, metavar="S", help="not that of the training cohort")
    trust.add_argument("--perturbations", type=positive, default=20, metavar="N", help="variations of each outline")
    trust.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the tables and the features")
    trust.add_argument("--page", type=Path, metavar="FILE", help="a Markdown page that has a place for the tables")
    add_jobs(trust)
    trust.set_defaults(run=_trust)


def _trust(options: argparse.Namespace) -> None:
    from ..model.model import BUNDLED_MODEL, Model
    from ..training.trust.markdown import require_place, tables_of, write_trust
    from ..training.trust.measure import measure_trust

    if options.page:
        require_place(options.page)
    if options.out.exists() and not options.out.is_dir():
        raise InputError(f"{options.out} is a file; name a folder for the tables.")
    model = Model.load(options.model or BUNDLED_MODEL)
    with ExitStack() as bars:
        trust = measure_trust(
            model,
            options.out,
            patients=options.patients,
            seed=options.seed,
            variations=options.perturbations,
            jobs=options.jobs,
            progress=lambda name: bars.enter_context(Bar(name, "patient")).show,
        )
    write_trust(trust, options.out, options.page)
    print(tables_of(trust))
