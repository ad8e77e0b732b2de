"""The commands `train`, `evaluate`, `trust` and `model`: a bundle made, its worth, what it says of itself."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..files import check_folder
from .arguments import Bar, add_jobs, add_model, not_negative, positive, report_exclusions

_SHOWN_FIELDS = (
    "guessing", "discrimination", "created", "intended_use", "licence", "threshold", "interval", "training_cohort",
    "software", "seed",
)  # fmt: skip


def add(commands: Any) -> None:
    _add_train(commands)
    _add_evaluate(commands)
    _add_trust(commands)
    _add_model(commands)


def _add_train(commands: Any) -> None:
    train = commands.add_parser("train", help="train, evaluate and document a model on a cohort")
    train.add_argument("cohort", type=Path, metavar="COHORT.csv|FEATURES.csv")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the model, report, figures, tables")
    train.add_argument("--seed", type=not_negative, default=2024, metavar="N")
    train.add_argument("--name", default="HER2 model", help="name of the model")
    train.add_argument("--description", default="", metavar="TEXT", help="of the cohort, for the model's card")
    train.add_argument(
        "--threshold",
        default="youden",
        metavar="RULE",
        help="youden (default), sensitivity=0.9, or cost=R: a missed HER2-positive patient costs R false alarms",
    )
    add_jobs(train)
    train.set_defaults(run=_train)


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate", help="external validation of a model on another cohort")
    evaluate.add_argument("model", type=Path, metavar="MODEL")
    evaluate.add_argument("cohort", type=Path, metavar="COHORT.csv|FEATURES.csv")
    evaluate.add_argument("--out", type=Path, required=True, metavar="DIR", help="for report, predictions and figures")
    evaluate.add_argument("--description", default="", metavar="TEXT", help="of the cohort, for report and card")
    evaluate.add_argument(
        "--recalibrate", metavar="NAME", help="also write DIR/recalibrated.her2model, under this name, for that cohort"
    )
    add_jobs(evaluate)
    evaluate.set_defaults(run=_evaluate)


def _add_trust(commands: Any) -> None:
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


def _add_model(commands: Any) -> None:
    model = commands.add_parser("model", help="show or verify a model bundle")
    model.add_argument("action", choices=("show", "verify"))
    model.add_argument("file", type=Path, metavar="FILE")
    model.set_defaults(run=_model)


def _train(options: argparse.Namespace) -> None:
    from ..training.train import MODEL_FILE, protocol_of, train

    protocol = protocol_of(options.seed, options.jobs, options.threshold)
    with Bar("extracting", "patient") as extracting, Bar("learning", "step") as learning:
        training = train(
            options.cohort,
            options.out,
            name=options.name,
            description=options.description,
            protocol=protocol,
            jobs=options.jobs,
            extracting=extracting.show,
            learning=learning.show,
        )
    report_exclusions(training.exclusions)
    model, choice = training.model, training.results.threshold_choice
    if model.banner:
        print(model.banner)
    for name in ("train", "test"):
        print(f"MLP, {name}: AUC {training.results.performances['mlp', name].auc}")
    if model.discrimination is not None:
        told = model.discrimination
        print(f"{told.describe()}; p = {told.p_value:.3f} by {told.shuffles} shuffles of the HER2 status")
    print(choice.describe())
    print(options.out / MODEL_FILE)
    print(options.out / "report.html")


def _evaluate(options: argparse.Namespace) -> None:
    from ..model.model import Model
    from ..training.measured.evaluate import evaluate
    from ..training.report.external.evaluation_files import write_evaluation

    model = Model.load(options.model)
    with Bar("extracting", "patient") as bar:
        evaluation = evaluate(
            model,
            options.cohort,
            options.out,
            description=options.description,
            jobs=options.jobs,
            progress=bar.show,
        )
    write_evaluation(evaluation, options.out)
    report_exclusions(evaluation.exclusions)
    if model.banner:
        print(model.banner)
    for name, estimate in evaluation.performance.estimates().items():
        print(f"{name}: {estimate}")
    print(options.out / "report.html")
    if options.recalibrate:
        from ..training.measured.recalibration import write_recalibrated

        print(write_recalibrated(model, evaluation, options.recalibrate, options.out))


def _trust(options: argparse.Namespace) -> None:
    from ..model.model import BUNDLED_MODEL, Model
    from ..training.trust.markdown import require_place, tables_of, write_trust
    from ..training.trust.measure import measure_trust

    if options.page:
        require_place(options.page)
    check_folder(options.out, "the tables")
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


def _model(options: argparse.Namespace) -> None:
    from ..model.model import Model

    model = Model.load(options.file)
    if options.action == "verify":
        if model.banner:
            print(model.banner)
        print(f"{options.file}: sound, {len(model.feature_names)} features, sha256 {model.sha256}")
        return
    print(model.describe())
    for field in _SHOWN_FIELDS:
        print(f"{field}: {json.dumps(model.card.get(field), ensure_ascii=False)}")
    print(f"features: {len(model.feature_names)}")
    print(f"sha256: {model.sha256}")
    _show_metrics(model)


def _show_metrics(model: Any) -> None:
    """Measures of the model; of a recalibrated one those of its original, and that it has none."""
    if model.recalibration is None:
        print(f"metrics: {json.dumps(model.card.get('metrics'), indent=1, ensure_ascii=False)}")
        return
    original = dict(model.recalibration["original"])
    metrics = original.pop("metrics")
    print(f"recalibration: {json.dumps({**model.recalibration, 'original': original}, indent=1, ensure_ascii=False)}")
    print("metrics: none of its own; calibration and threshold were fitted anew and not measured on other patients")
    print(f"metrics of {original['name']} before: {json.dumps(metrics, indent=1, ensure_ascii=False)}")
