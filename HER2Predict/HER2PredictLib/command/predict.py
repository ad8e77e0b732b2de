"""The commands `predict`, `demo` and `sample`: the main job on files, and on the sample case."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import STANDARD_OUTPUT, check_file, check_folder, check_json, write_file, write_json, writing
from .arguments import VOLUME_HELP, add_jobs, add_json, add_model, add_series, add_variations, report_choice


def add(commands: Any) -> None:
    _add_predict(commands)
    _add_demo(commands)
    _add_sample(commands)


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help="probability of HER2 over-expression for one ROI")
    predict.add_argument("volume", type=Path, metavar="VOLUME", help=VOLUME_HELP)
    predict.add_argument(
        "roi", type=Path, metavar="ROI", help="segmentation (.seg.nrrd, DICOM SEG), RTSTRUCT or label map"
    )
    predict.add_argument("--segment", metavar="NAME", help="name or ID of the segment, or the label value")
    add_series(predict)
    _add_result_options(predict)
    predict.set_defaults(run=_predict)


def _add_result_options(command: argparse.ArgumentParser) -> None:
    add_model(command)
    add_json(command)
    command.add_argument("--keep-inputs", type=Path, metavar="DIR", help="write the pair that features are computed on")
    command.add_argument("--picture", type=Path, metavar="FILE", help="write the result as a PNG picture")
    command.add_argument(
        "--dicom-out",
        type=Path,
        metavar="DIR",
        help="write ROI and result as DICOM objects of the volume's study; without --identify they hold its UIDs, but "
        "neither name, ID nor dates",
    )
    command.add_argument(
        "--identify",
        action="store_true",
        help="let what identifies the patient into the DICOM objects and the report, and there alone",
    )
    command.add_argument(
        "--report", type=Path, metavar="FILE", help="write the result as a page for a colleague, .html or .pdf"
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="append the result as a row to a CSV table")
    command.add_argument(
        "--case",
        metavar="KEY",
        help="names the row of --csv and the report, by a pseudonym of yours; a digest of the CT by default",
    )
    add_variations(command)
    add_jobs(command)


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="the main job on the sample case, through Slicer's MRML nodes")
    _add_result_options(demo)
    demo.set_defaults(run=_demo)


def _add_sample(commands: Any) -> None:
    sample = commands.add_parser("sample", help="make the sample case and print the paths of its volume and ROI")
    sample.set_defaults(run=_sample)


def _predict(options: argparse.Namespace) -> None:
    from ..case.case import Case

    _check_outputs(options)
    case = Case.from_files(options.volume, options.roi, options.segment, options.series)
    report_choice(case.volume.choice)
    _report(case, options)


def _demo(options: argparse.Namespace) -> None:
    from .demo import load_sample_nodes

    _check_outputs(options)
    _report(load_sample_nodes(_sample_folder()), options)


def _report(case: Any, options: argparse.Namespace) -> None:
    """Assess a case and write every output that was asked for."""
    from ..assess import assess, with_variations
    from ..model.model import BUNDLED_MODEL, Model
    from ..outputs.text import as_text

    sources = _dicom_sources(case, options) if options.dicom_out else None
    if options.report and options.identify:
        from ..outputs.report.page import check_identity

        check_identity(case)
    model = Model.load(options.model or BUNDLED_MODEL)
    assessment = with_variations(assess(case, model), options.perturbations, options.jobs)
    if options.picture:
        from ..outputs.picture import write_picture

        write_file(options.picture, lambda path: write_picture(assessment, path))
    if options.keep_inputs:
        with writing(options.keep_inputs):
            assessment.checked.prepared.write(options.keep_inputs)
    written = "" if sources is None else _write_dicom(assessment, sources, options)
    if options.json:
        write_json(options.json, assessment.to_dict())
    if options.json != STANDARD_OUTPUT:
        print(as_text(assessment))
    if written:
        print(written, file=sys.stderr if options.json == STANDARD_OUTPUT else sys.stdout)
    if options.report:
        _write_report(assessment, options)
    if options.csv:
        _append(assessment, options)


def _write_report(assessment: Any, options: argparse.Namespace) -> None:
    from ..outputs.report.page import write_report

    command = _command(options)
    write_report(assessment, options.report, case=options.case or "", identify=options.identify, command=command)


def _command(options: argparse.Namespace) -> str:
    """The command that gives the same result; names of files and segments, which may tell who it is, if identified."""
    from ..outputs.report.page import command_line

    model = "" if not options.model else str(options.model) if options.identify else options.model.name
    if "volume" not in options:
        return command_line(["demo"], {"model": model}, options.perturbations)
    files = [str(options.volume), str(options.roi)] if options.identify else ["VOLUME", "ROI"]
    named = {name: getattr(options, name) for name in ("segment", "series")}
    if not options.identify:
        named = {name: value and name.upper() for name, value in named.items()}
    return command_line(["predict", *files], {**named, "model": model}, options.perturbations)


def _dicom_sources(case: Any, options: argparse.Namespace) -> Any:
    """What the DICOM objects are made from; refused before any feature is computed."""
    from ..outputs.dicom.objects import sources_of

    return sources_of(case, case.volume.dicom_files, identify=options.identify)


def _write_dicom(assessment: Any, sources: Any, options: argparse.Namespace) -> str:
    """Write the DICOM objects; what to tell of them."""
    from ..outputs.dicom.objects import described, write_objects

    paths = write_objects(assessment, sources, options.dicom_out, identify=options.identify)
    return described(*paths, options.identify)


def _append(assessment: Any, options: argparse.Namespace) -> None:
    from ..outputs.csv_file import append
    from ..outputs.table import row_of
    from ..result.result import now

    if append(options.csv, row_of(assessment, options.case or "", now())):
        print(
            f"her2predict: the last row of {options.csv} was unfinished, as a run that was ended leaves it, "
            "and was taken out.",
            file=sys.stderr,
        )


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse outputs that cannot be written before any work is done."""
    if options.json:
        check_json(options.json)
    if options.picture:
        check_file(options.picture)
    if options.csv:
        from ..outputs import csv_file

        csv_file.check(options.csv)
    if options.report:
        from ..outputs.report.page import check_report

        check_report(options.report)
    if options.case is not None and not (options.csv or options.report):
        raise InputError("--case names the row of --csv and the report; give --csv FILE or --report FILE, too.")
    if options.identify and not (options.dicom_out or options.report):
        raise InputError(
            "--identify lets the patient's identity into the DICOM objects and the report; give --dicom-out DIR or "
            "--report FILE, too."
        )
    if options.keep_inputs:
        check_folder(options.keep_inputs, "the prepared pair")
    if options.dicom_out:
        check_folder(options.dicom_out, "the DICOM objects")


def _sample_folder() -> Path:
    return Path(__file__).resolve().parents[3] / ".sample"


def _sample(_: argparse.Namespace) -> None:
    from ..training.simulator.simulate import sample_case

    sample = sample_case(_sample_folder())
    print(sample.volume)
    print(sample.roi)
