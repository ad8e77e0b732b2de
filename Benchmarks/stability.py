"""Time of the variations of an outline against one prediction, side by side in one run.

    .venv/bin/python Benchmarks/stability.py [--repeats N] [--count N] [--jobs N]

On the volume of Benchmarks/predict.py (512 x 512 x 60, an ROI of about 20 ml), in memory, in turns:

    assess()                volume in memory to result
    measure(), 1 process    the variations in this process
    measure()               the variations in as many processes as there are cores; their start is counted

Ratios are of medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from predict import full_size_case


def measured(repeats: int, count: int, jobs: int | None = None) -> dict[str, list[float]]:
    """Seconds of each way, in turns."""
    from HER2PredictLib.assess import assess
    from HER2PredictLib.case.case import Case
    from HER2PredictLib.model.model import BUNDLED_MODEL, Model
    from HER2PredictLib.outline.stability import measure
    from HER2PredictLib.parallel import available

    with tempfile.TemporaryDirectory() as folder:
        case = Case.from_files(*full_size_case(Path(folder)))
    model = Model.load(BUNDLED_MODEL)
    probability = assess(case, model).probability
    jobs = jobs or available()
    ways: dict[str, Callable[[], object]] = {
        "assess()": lambda: assess(case, model),
        "measure(), 1 process": lambda: measure(case, model, probability, count=count, jobs=1),
        f"measure(), {jobs} processes": lambda: measure(case, model, probability, count=count, jobs=jobs),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats):
        for name, way in ways.items():
            print(f"run {repeat + 1}/{repeats}: {name}", file=sys.stderr)
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def steps_of_one(count: int = 8) -> dict[str, float]:
    """Median seconds of each step of a variation, in this process."""
    from HER2PredictLib import features
    from HER2PredictLib.case.case import Case
    from HER2PredictLib.outline.perturbation import Outline
    from HER2PredictLib.outline.stability import differences, neighbourhood

    with tempfile.TemporaryDirectory() as folder:
        case = neighbourhood(Case.from_files(*full_size_case(Path(folder))))
    outline = Outline.of(case)
    seconds: dict[str, list[float]] = {}
    for index in range(count + 1):
        clock = [time.perf_counter()]
        varied = outline.variation(index)
        clock.append(time.perf_counter())
        prepared = varied.prepared()
        clock.append(time.perf_counter())
        features.extract(prepared)
        clock.append(time.perf_counter())
        differences(case, varied)
        clock.append(time.perf_counter())
        names = ("drawing it", "its prepared pair", "its features", "its distance from the drawn outline")
        for name, before, after in zip(names, clock, clock[1:], strict=False):
            seconds.setdefault(name, []).append(after - before)
    return {name: statistics.median(own[1:]) for name, own in seconds.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--jobs", type=int, help="all cores by default")
    chosen = options.parse_args()
    seconds = measured(chosen.repeats, chosen.count, chosen.jobs)
    one = statistics.median(seconds["assess()"])
    for name, own in seconds.items():
        median = statistics.median(own)
        print(f"{name:24} {median:6.2f} s ({min(own):.2f} to {max(own):.2f})  {median / one:5.1f} predictions")


if __name__ == "__main__":
    main()
