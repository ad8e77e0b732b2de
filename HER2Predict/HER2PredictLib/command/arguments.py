"""What the commands share: kinds of arguments, the progress bar, who is left out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..many.processes import Exclusion


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a positive number")
    return number


def not_negative(text: str) -> int:
    """A whole number of at least 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative")
    return number


def add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", type=Path, metavar="FILE", help="a .her2model bundle instead of the bundled one")


VOLUME_HELP = "NRRD, NIfTI, MetaImage, or DICOM: a file, a folder, a pile of series"


def add_series(command: argparse.ArgumentParser) -> None:
    command.add_argument("--series", metavar="UID", help="SeriesInstanceUID of the CT, of several in a DICOM folder")


def report_choice(choice: str) -> None:
    """Say on standard error why a series was taken of several; nothing where there was no choice."""
    if choice:
        print(f"her2predict: {choice}", file=sys.stderr)


def add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", metavar="FILE", help="write the result as JSON; - for standard output")


def add_jobs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--jobs", type=positive, metavar="N", help="processes; all cores by default")


def add_variations(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--perturbations",
        type=not_negative,
        default=30,
        metavar="N",
        help="variations of the outline that tell how much the probability depends on it; 30 by default, 0 for none",
    )


class Bar:
    """A progress bar with the time left, on standard error; it appears with the first step, where tqdm is installed."""

    def __init__(self, title: str, unit: str) -> None:
        self._title, self._unit = title, unit
        self._bar: Any = None

    def show(self, done: int, total: int) -> None:
        if self._bar is None:
            try:
                from tqdm import tqdm
            except ImportError:
                return
            self._bar = tqdm(desc=self._title, unit=f" {self._unit}", total=total, initial=done, dynamic_ncols=True)
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def report_exclusions(exclusions: Mapping[str, Exclusion], what: str = "patient") -> None:
    """Say on standard error which patients are left out, and why."""
    for name, exclusion in exclusions.items():
        print(f"her2predict: {what} {name} is left out: {exclusion.message}", file=sys.stderr)
