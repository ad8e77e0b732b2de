"""Predicts cases into a folder, and goes on there where it was ended."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..assess import Assessment, assess, with_stability
from ..case.case import Case
from ..errors import InputError
from ..files import not_writable, open_locked, write_file, write_files
from ..many.fingerprint import key_of, software
from ..many.outcome import Exclusion, Outcome, Progress
from ..many.processes import guarded, on_this_machine
from ..model.model import Model
from ..outline.stability import measure
from ..outputs.table import as_csv, row_of
from .cases import CaseFiles, Found, file_names
from .overview import Line, overview

RESULTS_FILE, FAILURES_FILE, OVERVIEW_FILE = "results.csv", "failures.csv", "index.html"
_CASES, _REPORTS = "cases", "reports"
#: Of each case's JSON: what it was made of, and its row of the table.
_INPUTS, _ROW = "inputs_sha256", "row"


@dataclass(frozen=True)
class Settings:
    """How every case is predicted."""

    model: Path
    model_sha256: str
    variations: int
    with_reports: bool
    out: Path


@dataclass(frozen=True)
class CaseTask:
    """One case, the `file` that its results are called by, and the digest of all that decides them."""

    key: str
    file: str
    case: CaseFiles


@dataclass(frozen=True)
class Batch:
    """Rows of the table by case, why the others failed, and how many were there from before."""

    rows: Mapping[str, Mapping[str, str]]
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
    unless CT, ROI, segment, series, model, number of variations or a version has changed.

    Raises
    ------
    InputError
        Where the folder `out` cannot be written, another run is writing it, or no case could be predicted.
    """
    settings = Settings(model_file, Model.load(model_file).sha256, variations, with_reports, out)
    try:
        (out / _CASES).mkdir(parents=True, exist_ok=True)
        lock = open_locked(out / ".lock")
    except BlockingIOError as error:
        raise InputError(f"Another run is writing to {out}; wait until it ends, or choose another folder.") from error
    except OSError as error:
        raise not_writable(out, error) from error
    with lock:
        batch = _predicted(found, settings, jobs, progress or (lambda _done, _total: None))
        _write_summary(batch, settings, list(found))
    with suppress(OSError):  # another run holds it by now
        (out / ".lock").unlink()
    if not batch.rows:
        name, first = next(iter(batch.failures.items()))
        raise InputError(f'None of the {len(found)} cases could be predicted; the first one, "{name}": {first.message}')
    return batch


def _predicted(found: Found, settings: Settings, jobs: int | None, show: Progress) -> Batch:
    files = dict(file_names(list(found)))
    failures: dict[str, Exclusion] = {}
    rows: dict[str, Mapping[str, str]] = {}
    tasks: dict[str, CaseTask] = {}
    for name, case in found.items():
        if isinstance(case, Exclusion):
            failures[name] = case
            continue
        try:
            task = CaseTask(_digest(case, settings), files[name], case)
        except InputError as error:
            failures[name] = Exclusion(error.code, str(error))
            continue
        row = _finished(task, settings)
        if row is None:
            tasks[task.key] = task
        else:
            rows[name] = row
    reused, total = len(rows), len(found)
    show(reused + len(failures), total)
    outcomes = on_this_machine(tasks.values(), jobs, functools.partial(predict_case, settings=settings))
    with closing(outcomes):
        for outcome in outcomes:
            name = tasks[outcome.key].case.name
            if outcome.failure is None:
                rows[name] = outcome.row
            else:
                failures[name] = outcome.failure
            show(len(rows) + len(failures), total)
    in_order = [name for name in found if name in rows], [name for name in found if name in failures]
    return Batch({name: rows[name] for name in in_order[0]}, {name: failures[name] for name in in_order[1]}, reused)


def _digest(case: CaseFiles, settings: Settings) -> str:
    """Of all that decides the results of a case; its name, which stands in them, too."""
    own = key_of(case.image, case.roi, case.segment, software(), case.series)
    parts = [own, case.name, settings.model_sha256, settings.variations]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _finished(task: CaseTask, settings: Settings) -> Mapping[str, str] | None:
    """The row of a case that was finished before; None where there is none, or one of something else."""
    try:
        stored = json.loads(_json_file(task, settings).read_text(encoding="utf-8"))
        is_whole = stored[_INPUTS] == task.key and (not settings.with_reports or _report_file(task, settings).is_file())
        return {str(name): str(text) for name, text in stored[_ROW].items()} if is_whole else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def predict_case(task: CaseTask, settings: Settings) -> Outcome:
    """Predict one case and write its files, in the process that runs this."""
    return guarded(task, lambda: _predict(task, settings))


def _predict(task: CaseTask, settings: Settings) -> Mapping[str, str]:
    case, model = task.case, _model(settings.model)
    assessment = assess(Case.from_files(case.image, case.roi, case.segment or None, case.series or None), model)
    if settings.variations and not assessment.banner:
        found = measure(assessment.case, model, assessment.probability, count=settings.variations, jobs=1)
        assessment = with_stability(assessment, found)
    made = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    row = row_of(assessment, case.name, made)
    if settings.with_reports:
        _write_report(task, settings, assessment, made)
    content = {_INPUTS: task.key, _ROW: row, **assessment.to_dict()}
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    write_file(_json_file(task, settings), lambda path: path.write_text(text, encoding="utf-8"))
    return row


def _write_report(task: CaseTask, settings: Settings, assessment: Assessment, made: str) -> None:
    from ..outputs.report.page import write_report

    file = _report_file(task, settings)
    file.parent.mkdir(exist_ok=True)
    command = f"her2predict predict VOLUME ROI --perturbations {settings.variations}"
    write_report(assessment, file, case=task.case.name, command=command, made=made)


@functools.lru_cache(maxsize=1)
def _model(path: Path) -> Model:
    return Model.load(path)


def _json_file(task: CaseTask, settings: Settings) -> Path:
    return settings.out / _CASES / f"{task.file}.json"


def _report_file(task: CaseTask, settings: Settings) -> Path:
    return settings.out / _REPORTS / f"{task.file}.html"


def _write_summary(batch: Batch, settings: Settings, names: list[str]) -> None:
    files = dict(file_names(names))
    lines = [
        Line(
            name,
            row,
            f"{_CASES}/{files[name]}.json",
            f"{_REPORTS}/{files[name]}.html" if settings.with_reports else "",
        )
        for name, row in batch.rows.items()
    ]
    failed: list[dict[str, Any]] = [
        {"case": name, "code": why.code, "reason": why.message} for name, why in batch.failures.items()
    ]
    write_files(
        settings.out,
        {
            RESULTS_FILE: as_csv(batch.rows.values()),
            FAILURES_FILE: as_csv(failed, ("case", "code", "reason")),
            OVERVIEW_FILE: overview(lines, batch.failures, Model.load(settings.model)).encode(),
        },
    )
