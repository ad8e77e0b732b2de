"""The `her2predict` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__, threads
from ..errors import InputError
from . import inputs, models, predict, readers, trust

EXIT_MENDABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, or 2 where the user can mend what is wrong (one line on standard error says what).
    """
    options = _parser().parse_args(arguments)
    threads.pin_this_process()
    try:
        options.run(options)
    except InputError as error:
        print(f"her2predict: {error}", file=sys.stderr)
        return EXIT_MENDABLE
    except KeyboardInterrupt:
        print("her2predict: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="her2predict",
        description="Predict the HER2 status of a bladder tumour from an excretory-phase CT urography. Research use.",
    )
    parser.add_argument("--version", action="version", version=f"her2predict {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for room in (predict, readers, inputs, models, trust):
        room.add(commands)
    return parser


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help="probability of HER2 over-expression for one ROI")
    predict.add_argument("volume", type=Path, metavar="VOLUME", help="NRRD, NIfTI, MetaImage or a DICOM folder")
    predict.add_argument("roi", type=Path, metavar="ROI", help="segmentation (.seg.nrrd) or label map")
    predict.add_argument("--segment", metavar="NAME", help="name or ID of the segment, or the label value")
    _add_result_options(predict)
    predict.set_defaults(run=_predict)


def _add_result_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", type=Path, metavar="FILE", help="a .her2model bundle instead of the bundled one")
    command.add_argument("--json", metavar="FILE", help="write the result as JSON; - for standard output")
    command.add_argument("--keep-inputs", type=Path, metavar="DIR", help="write the pair that features are computed on")
    command.add_argument("--picture", type=Path, metavar="FILE", help="write the result as a PNG picture")
    command.add_argument(
        "--perturbations",
        type=not_negative,
        default=30,
        metavar="N",
        help="variations of the outline that tell how much the probability depends on it; 30 by default, 0 for none",
    )
    command.add_argument("--jobs", type=positive, metavar="N", help="processes for them; all cores by default")


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="the main job on the sample case, through Slicer's MRML nodes")
    _add_result_options(demo)
    demo.set_defaults(run=_demo)


def _add_sample(commands: Any) -> None:
    sample = commands.add_parser("sample", help="make the sample case and print the paths of its volume and ROI")
    sample.set_defaults(run=_sample)


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
    simulate.add_argument("--jobs", type=positive, metavar="N", help="processes; all cores by default")
    simulate.set_defaults(run=_simulate)


def _add_extract(commands: Any) -> None:
    extract = commands.add_parser("extract", help="radiomic features of a cohort, as a table; goes on where it stopped")
    extract.add_argument("cohort", type=Path, metavar="COHORT.csv")
    extract.add_argument("--out", type=Path, required=True, metavar="FEATURES.csv")
    extract.add_argument("--jobs", type=positive, metavar="N", help="processes; all cores by default")
    extract.add_argument("--dask", metavar="ADDRESS", help="run on this Dask cluster instead of this machine's cores")
    extract.set_defaults(run=_extract)


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
    train.add_argument("--jobs", type=positive, metavar="N", help="processes; all cores by default")
    train.set_defaults(run=_train)


def _predict(options: argparse.Namespace) -> None:
    from ..case.case import Case

    _check_outputs(options)
    _report(Case.from_files(options.volume, options.roi, options.segment), options)


def _demo(options: argparse.Namespace) -> None:
    from .demo import load_sample_nodes

    _check_outputs(options)
    _report(load_sample_nodes(_sample_folder()), options)


def _report(case: Any, options: argparse.Namespace) -> None:
    """Assess a case and write every output that was asked for."""
    from ..assess import assess
    from ..model.model import BUNDLED_MODEL, Model
    from ..outputs.text import as_text

    model = Model.load(options.model or BUNDLED_MODEL)
    assessment = assess(case, model)
    if options.perturbations and not assessment.banner:
        assessment = _with_stability(assessment, options)
    if options.picture:
        from ..outputs.picture import write_picture

        write_file(options.picture, lambda path: write_picture(assessment, path))
    if options.keep_inputs:
        write(options.keep_inputs, assessment.checked.prepared.write)
    if options.json:
        write_json(options.json, assessment.to_dict())
    if options.json != "-":
        print(as_text(assessment))


def _with_stability(assessment: Any, options: argparse.Namespace) -> Any:
    from ..assess import with_stability
    from ..outline.stability import measure

    started = time.perf_counter()
    stability = measure(
        assessment.case,
        assessment.model,
        assessment.probability,
        count=options.perturbations,
        jobs=options.jobs,
    )
    return with_stability(assessment, stability, {"stability": time.perf_counter() - started})


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse outputs that cannot be written before any work is done."""
    if options.json:
        check_json(options.json)
    if options.picture:
        check_file(options.picture)
    if options.keep_inputs and options.keep_inputs.exists() and not options.keep_inputs.is_dir():
        raise InputError(f"{options.keep_inputs} is a file; name a folder for the prepared pair.")


def _sample_folder() -> Path:
    return Path(__file__).resolve().parents[3] / ".sample"


def _sample(_: argparse.Namespace) -> None:
    from ..training.simulator.simulate import sample_case

    sample = sample_case(_sample_folder())
    print(sample.volume)
    print(sample.roi)


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
    from ..training.cohort.cohort import read_table
    from ..training.cohort.extraction import extract

    with Bar("extracting", "patient") as bar:
        extraction = extract(
            read_table(options.cohort), options.out, jobs=options.jobs, dask=options.dask, progress=bar.show
        )
    report_exclusions(extraction.failures)
    print(f"{options.out}: {len(extraction.table)} patients")


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
