"""One case: predicted in a process of its own, into files that tell what they were made of."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..assess import Assessment, assess, with_variations
from ..case.case import Case
from ..errors import InputError
from ..files import write_json
from ..many.fingerprint import key_of, software, source_id
from ..many.processes import Exclusion, Outcome, guarded
from ..model.model import BUNDLED_MODEL, Model
from ..outputs.table import row_of
from ..result.result import now
from .cases import CaseFiles

CASES, REPORTS = "cases", "reports"
#: Of each case's JSON: what it was made of, and its row of the table.
_INPUTS, _ROW = "inputs_sha256", "row"
_LIBRARY = Path(__file__).resolve().parents[1]
#: What turns features into these files; `software` tells of what gives the features.
_DECIDING = ("assess.py", "batch", "model", "outline", "outputs", "result")


@dataclass(frozen=True)
class Settings:
    """How every case is predicted, and where to."""

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
class Kept:
    """What the summary shows of a case that is finished: its row of the table, and codes of the warnings."""

    row: Mapping[str, str]
    warnings: tuple[str, ...]


def json_name(file: str) -> str:
    """Of a case's result, in the folder of the results."""
    return f"{CASES}/{file}.json"


def report_name(file: str) -> str:
    """Of a case's page, in the folder of the results."""
    return f"{REPORTS}/{file}.html"


@functools.lru_cache(maxsize=1)
def decided_by() -> Mapping[str, str]:
    """Versions that decide the results in this process."""
    files = [file for name in _DECIDING for file in sorted((_LIBRARY / name).rglob("*.py")) or [_LIBRARY / name]]
    return {**software(), "prediction": source_id(files)}


def task_of(case: CaseFiles, file: str, settings: Settings) -> CaseTask | Exclusion:
    """What is to be done for a case, or why nothing can be."""
    try:
        own = key_of(case.image, case.roi, case.segment, decided_by(), case.series)
    except InputError as error:
        return Exclusion(error.code, str(error))
    parts = [own, case.name, settings.model_sha256, settings.variations]  # the name stands in the results
    return CaseTask(hashlib.sha256(json.dumps(parts).encode()).hexdigest(), file, case)


def finished(task: CaseTask, settings: Settings) -> Kept | None:
    """What was made before of the same; None where there is nothing, or not all of it."""
    if settings.with_reports and not (settings.out / report_name(task.file)).is_file():
        return None
    try:
        stored = json.loads((settings.out / json_name(task.file)).read_text(encoding="utf-8"))
        return _kept(stored) if stored[_INPUTS] == task.key else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def predict_case(task: CaseTask, settings: Settings) -> Outcome:
    """Predict one case and write its files, in the process that runs this; its row is what is `Kept`."""
    return guarded(task, lambda: _predict(task, settings))


def remove(file: str, out: Path) -> None:
    for name in (json_name(file), report_name(file)):
        with suppress(FileNotFoundError):
            (out / name).unlink()


def _predict(task: CaseTask, settings: Settings) -> Kept:
    remove(task.file, settings.out)  # a report of other inputs must not stand beside the new result
    assessment = _assessed(task.case, settings)
    made = now()
    if settings.with_reports:
        _write_report(task, settings, assessment, made)
    content = {_INPUTS: task.key, _ROW: row_of(assessment, task.case.name, made), **assessment.to_dict()}
    write_json(str(settings.out / json_name(task.file)), content)
    return _kept(content)


def _assessed(files: CaseFiles, settings: Settings) -> Assessment:
    model = _model(settings.model)
    case = Case.from_files(files.image, files.roi, files.segment or None, files.series or None)
    # Names of files and segments may tell who it is.
    case = dataclasses.replace(case, roi=dataclasses.replace(case.roi, name="ROI"))
    return with_variations(assess(case, model), settings.variations, jobs=1)


def _write_report(task: CaseTask, settings: Settings, assessment: Assessment, made: str) -> None:
    from ..outputs.report.page import command_line, write_report

    file = settings.out / report_name(task.file)
    file.parent.mkdir(exist_ok=True)
    named = {
        "segment": task.case.segment and "SEGMENT",
        "series": task.case.series and "SERIES",
        "model": "" if settings.model == BUNDLED_MODEL else settings.model.name,
    }
    command = command_line(["predict", "VOLUME", "ROI"], named, settings.variations)
    write_report(assessment, file, case=task.case.name, command=command, made=made)


def _kept(content: Mapping[str, Any]) -> Kept:
    found = content["findings"]
    return Kept(
        {str(name): str(text) for name, text in content[_ROW].items()},
        tuple(str(finding["code"]) for finding in found if finding["severity"] == "warning"),
    )


@functools.lru_cache(maxsize=1)
def _model(path: Path) -> Model:
    return Model.load(path)
