"""Predicts cases into a folder, and goes on there where it was ended."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import check_folder, not_writable, open_locked, write_files
from ..many.processes import Exclusion, Progress, joblib_here, on_this_machine
from ..model.model import Model
from ..outputs.table import as_csv, cell
from ..parallel import usable
from .cases import CaseFiles, Found, file_names, natural
from .overview import Line, overview
from .work import CASES, CaseTask, Kept, Settings, finished, json_name, predict_case, remove, report_name, task_of

RESULTS_FILE, FAILURES_FILE, OVERVIEW_FILE = "results.csv", "failures.csv", "index.html"
_LOCK = ".lock"


@dataclass(frozen=True)
class Batch:
    """What there is of each case that is finished, why the others failed, and how many were there from before."""

    results: Mapping[str, Kept]
    failures: Mapping[str, Exclusion]
    reused: int


def run_batch(
    found: Found,
    model_file: Path,
    out: Path,
    *,
    variations: int,
    with_reports: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Predict cases; write a table, a JSON and if wanted a report of each, what failed, and an overview.

    A case is finished when its JSON is there, which is written last. One that was finished before is left as it is,
    unless CT, ROI, segment, series, number of variations or a version has changed.

    Raises
    ------
    InputError
        Where the folder `out` cannot be written, is not of this command or of another model, another run is writing
        it, joblib is not installed, or no case could be predicted.
    """
    model = Model.load(model_file)
    settings = Settings(model_file, model.sha256, variations, with_reports, out)
    _refuse_other_folder(out)
    joblib_here()
    try:
        (out / CASES).mkdir(parents=True, exist_ok=True)
        lock = open_locked(out / _LOCK)
    except BlockingIOError as error:
        raise InputError(f"Another run is writing to {out}; wait until it ends, or choose another folder.") from error
    except OSError as error:
        raise not_writable(out, error) from error
    try:
        with lock:
            _refuse_other_model(out, model)
            files = dict(file_names(list(found)))
            batch = _predicted(found, files, settings, jobs, progress or (lambda _done, _total: None))
            for name in batch.failures:
                remove(files[name], out)
            _write_summary(batch, found, files, settings, model)
    finally:
        with suppress(OSError):  # another run holds it by now
            (out / _LOCK).unlink()
    if not batch.results:
        name, first = next(iter(batch.failures.items()))
        raise InputError(f'None of the {len(found)} cases could be predicted; the first one, "{name}": {first.message}')
    return batch


def _refuse_other_folder(out: Path) -> None:
    """Raise InputError where files of another program or command would be overwritten."""
    check_folder(out, "the results")
    if (out / CASES).is_dir():
        return
    for name in (RESULTS_FILE, FAILURES_FILE, OVERVIEW_FILE):
        if (out / name).exists():
            raise InputError(f"{out / name} is not of her2predict batch; name another folder for the results.")


def _refuse_other_model(out: Path, model: Model) -> None:
    """Raise InputError where results of another model lie in the folder; one overview must not mix them."""
    for file in sorted((out / CASES).glob("*.json")):
        try:
            other = json.loads(file.read_text(encoding="utf-8"))["model"]
            sha256, name = str(other["sha256"]), f"{other['name']} {other['version']}"
        except (OSError, ValueError, TypeError, KeyError):
            continue  # unfinished, and done again
        if sha256 != model.sha256:
            raise InputError(
                f"{out} holds results of another model ({name}, SHA-256 {sha256[:12]}...); name another folder for "
                f"those of {model.name} {model.version} ({model.sha256[:12]}...)."
            )


def _predicted(found: Found, files: Mapping[str, str], settings: Settings, jobs: int | None, show: Progress) -> Batch:
    results: dict[str, Kept] = {}
    failures: dict[str, Exclusion] = {}
    tasks: dict[str, CaseTask] = {}
    for name, task in _tasks(found, files, settings, jobs).items():
        if isinstance(task, Exclusion):
            failures[name] = task
        elif (kept := finished(task, settings)) is not None:
            results[name] = kept
        else:
            tasks[task.key] = task
    reused, total = len(results), len(found)
    show(reused + len(failures), total)
    outcomes = on_this_machine(tasks.values(), jobs, functools.partial(predict_case, settings=settings))
    with closing(outcomes):
        for outcome in outcomes:
            name = tasks[outcome.key].case.name
            if outcome.failure is None:
                results[name] = outcome.row
            else:
                failures[name] = outcome.failure
            show(len(results) + len(failures), total)
    return Batch(
        {name: results[name] for name in found if name in results},
        {name: failures[name] for name in found if name in failures},
        reused,
    )


def _tasks(
    found: Found, files: Mapping[str, str], settings: Settings, jobs: int | None
) -> dict[str, CaseTask | Exclusion]:
    def made(name: str) -> CaseTask | Exclusion:
        case = found[name]
        return case if isinstance(case, Exclusion) else task_of(case, files[name], settings)

    # Threads, for reading and hashing let each other run.
    with ThreadPoolExecutor(jobs or usable()) as pool:
        return dict(zip(found, pool.map(made, found), strict=True))


def _write_summary(batch: Batch, found: Found, files: Mapping[str, str], settings: Settings, model: Model) -> None:
    reasons = {name: _reason(why, found[name]) for name, why in batch.failures.items()}
    failed = [
        {"case": cell(name), "code": why.code, "reason": cell(reasons[name])} for name, why in batch.failures.items()
    ]
    lines = [
        Line(name, kept, json_name(files[name]), report_name(files[name]) if settings.with_reports else "")
        for name, kept in sorted(batch.results.items(), key=lambda item: natural(item[0]))
    ]
    page = overview(lines, [(name, why.code, reasons[name]) for name, why in batch.failures.items()], model)
    write_files(
        settings.out,
        {
            RESULTS_FILE: as_csv(kept.row for kept in batch.results.values()),
            FAILURES_FILE: as_csv(failed, ("case", "code", "reason")),
            OVERVIEW_FILE: page.encode(),
        },
    )


def _reason(why: Exclusion, case: CaseFiles | Exclusion) -> str:
    """Why a case failed without the names of its files, which may tell who it is."""
    if why.code == "program-fault":
        return "a fault of HER2Predict; standard error told more."
    if isinstance(case, Exclusion):
        return why.message
    names = {f'"{case.roi.name}" ': ""}
    for what, path in (("ROI", case.roi), ("CT", case.image)):
        names |= {str(inner): f"a file of the {what}" for inner in path.rglob("*")} if path.is_dir() else {}
        names[str(path)] = f"the {what}"
    text = why.message
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text
