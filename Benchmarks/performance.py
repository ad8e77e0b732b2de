"""Runs what measures speed and memory and writes Docs/performance.md and Docs/scaling.md: `./run bench [--quick]`.

    ./run bench [--quick] [--others PYTHON] [--out FOLDER]

Every figure stands beside one of software that we did not write, from the same run and in turns with it, and beside
the target that was set for it. `--others` is a Python that has MIRP or fastrad (see Benchmarks/others.py); `--quick`
tries it all with few repeats, for which the pages go elsewhere. Nothing else should be at work on the machine.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import extraction
import numpy as np
import predict
import scale
import stability
from pages import IMAGES, PASSES, Figure, median, performance_page, scaling_page, spread

ROOT = Path(__file__).resolve().parents[1]


def of_extraction(turns: extraction.Turns) -> Figure:
    ratio = median(turns.clock["extract()"]) / median(turns.clock["execute()"])
    return Figure(
        f"975 features of a prepared pair, in process; {turns.differing} values differ",
        spread(turns.clock["extract()"]),
        f"pyradiomics `execute()` {spread(turns.clock['execute()'])}",
        ratio,
        "at most 0.5 x",
        ratio <= 0.5,
    )


def of_commands(runs: dict[str, list[predict.Run]]) -> Iterator[Figure]:
    seconds = {name: [run.seconds for run in own] for name, own in runs.items()}
    memory = {name: median([run.megabytes for run in own]) for name, own in runs.items()}
    stock = "stock, our parameters"
    for name, words, least in (
        ("her2predict predict", "`predict --perturbations 0`, start-up included", 3.0),
        ("with 20 variations", "`predict --perturbations 20`", 1.3),
    ):
        ratio = median(seconds[stock]) / median(seconds[name])
        yield Figure(
            words, spread(seconds[name]), f"`pyradiomics` command {spread(seconds[stock])}", ratio,
            f"at least {least:g} x as fast", ratio >= least,
        )  # fmt: skip
        share = memory[name] / memory[stock]
        told = [f"{memory[which]:.0f} MB" for which in (name, stock)]
        yield Figure(f"{words}: peak memory", *told, share, "below 1 x", share < 1)
    unresampled = "stock, no resampling"
    yield Figure(
        "`predict --perturbations 0` against pyradiomics' defaults (no resampling)",
        spread(seconds["her2predict predict"]),
        f"{spread(seconds[unresampled])}, {memory[unresampled]:.0f} MB",
        median(seconds[unresampled]) / median(seconds["her2predict predict"]),
    )
    starting = median(seconds["her2predict --help"])
    yield Figure(
        "`--help`", spread(seconds["her2predict --help"]), f"stock command {median(seconds[stock]):.3g} s",
        starting / median(seconds[stock]), "below 0.15 s", starting < 0.15,
    )  # fmt: skip


def of_variations(seconds: dict[str, list[float]]) -> Iterator[Figure]:
    one = median(seconds["assess()"])
    for name, own in seconds.items():
        if name != "assess()":
            most = 7.0 if "1 process" in name else 4.0
            ratio = median(own) / one
            yield Figure(
                f"20 variations of the outline, {name.partition(', ')[2]}", spread(own), f"one prediction {one:.3g} s",
                ratio, f"at most {most:g} predictions", ratio <= most,
            )  # fmt: skip


def of_panel(times: dict[str, list[float]]) -> Iterator[Figure]:
    stock = times["stock execute()"]
    rest = 0.2  # that the panel waits for the hand to rest
    strokes = [seconds - rest for seconds in times["stroke to number"]]
    variations = next(own for name, own in times.items() if name.endswith("variations"))
    for words, own, target, most in (
        ("*Update while I draw*: from a stroke's rest to the number", strokes, "at most 0.2 s", 0.2),
        ("the same: longest that the event loop stands still", times["  gap"], "at most 0.05 s", 0.05),
        ("*Predict HER2*, by the stand-in's command-line module", times["Predict HER2"], "", None),
        ("30 variations of the outline, in helper processes", variations, "", None),
    ):
        yield Figure(
            words, spread(own), f"`execute()` {median(stock):.3g} s", median(own) / median(stock), target,
            None if most is None else median(own) <= most,
        )  # fmt: skip


def of_scale(found: scale.Scale) -> Iterator[Figure]:
    gain = found.one / found.two
    yield Figure(
        f"`extract` of {found.patients} patients, two processes; {found.differing} of 3 tables differ",
        f"{found.two:.3g} s",
        f"one process {found.one:.3g} s; two stock commands at once gain {found.stock_gain:.2f} x",
        gain, "at least 1.8 x", gain >= 1.8,
    )  # fmt: skip
    sizes = sorted(found.megabytes)
    growth = found.megabytes[sizes[-1]] / found.megabytes[sizes[0]]
    yield Figure(
        f"memory of the process that keeps {sizes[-1]} patients", f"{found.megabytes[sizes[-1]]:.0f} MB",
        f"{sizes[0]} patients {found.megabytes[sizes[0]]:.0f} MB", growth, "flat (at most 1.1 x)", growth <= 1.1,
    )  # fmt: skip


def panel_times(repeats: int) -> dict[str, list[float]]:
    """From a process of its own, for the stand-in cannot be ended."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "Benchmarks" / "panel.py"), "--json", "--repeats", str(repeats)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def by_others(python: str, repeats: int) -> dict[str, dict[str, object]]:
    """What Benchmarks/others.py prints of the pair of the benchmark's case."""
    if not python:
        return {}
    from HER2PredictLib.case.case import Case

    with tempfile.TemporaryDirectory() as folder:
        Case.from_files(*predict.full_size_case(Path(folder))).prepared().write(Path(folder) / "pair")
        done = subprocess.run(
            [python, str(ROOT / "Benchmarks" / "others.py"), str(Path(folder) / "pair"), str(repeats)],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


def memory_bound() -> tuple[float, float, float]:
    """Megabytes that the features pass over at least, MB/s of this machine's copies, and the seconds of both."""
    from HER2PredictLib import features
    from HER2PredictLib.case.case import Case
    from HER2PredictLib.extraction import driver

    with tempfile.TemporaryDirectory() as folder:
        prepared = Case.from_files(*predict.full_size_case(Path(folder))).prepared()
    grid = driver.ResamplingGrid.around(features._extractor(), prepared.mask)
    megabytes = IMAGES * PASSES * np.prod(grid.size) * 8 / 1e6
    source = np.ones(1 << 24)
    target = np.empty_like(source)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        np.copyto(target, source)
        seconds.append(time.perf_counter() - started)
    speed = 2 * source.nbytes / 1e6 / min(seconds)
    return megabytes, speed, megabytes / speed


def profile_of_extraction() -> list[tuple[str, float]]:
    """The functions in which most of the time of `extract()` goes, with their shares of it."""
    from HER2PredictLib import features
    from HER2PredictLib.case.case import Case

    with tempfile.TemporaryDirectory() as folder:
        prepared = Case.from_files(*predict.full_size_case(Path(folder))).prepared()
    features.extract(prepared)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(5):
        features.extract(prepared)
    profile.disable()
    found = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _calls, _primitive, own, _whole, _callers in found.values())
    shares = [
        (f"{name.strip('<>')} ({Path(file).name})" if file != "~" else name.strip("<>"), own / total)
        for (file, _line, name), (_calls, _primitive, own, _whole, _callers) in found.items()
    ]
    return sorted(shares, key=lambda item: -item[1])[:12]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="few repeats, to try it; the pages go elsewhere")
    options.add_argument("--others", default="", metavar="PYTHON", help="a Python that has MIRP or fastrad")
    options.add_argument("--out", type=Path, help="for the pages; Docs by default")
    chosen = options.parse_args()
    out = chosen.out or (Path(tempfile.mkdtemp()) if chosen.quick else ROOT / "Docs")
    repeats = 2 if chosen.quick else 7
    print("features", file=sys.stderr)
    turns = extraction.measured(2 * repeats + 1)
    print("commands", file=sys.stderr)
    runs = predict.measured(repeats)
    print("variations", file=sys.stderr)
    variations = stability.measured(repeats, 20)
    print("panel", file=sys.stderr)
    panel = panel_times(repeats)
    print("cohorts", file=sys.stderr)
    cohort = scale.measured(6 if chosen.quick else 40, [100, 300] if chosen.quick else [100, 500, 2000])
    figures = [
        of_extraction(turns), *of_commands(runs), *of_variations(variations), *of_panel(panel), *of_scale(cohort)
    ]  # fmt: skip
    others = by_others(chosen.others, repeats)
    whole, inner = (median([run.seconds for run in runs[name]]) for name in ("her2predict predict", "assess()"))
    pace = median(panel["stock execute()"])
    page = performance_page(
        figures, others, memory_bound(), profile_of_extraction(), repeats, whole, inner, pace, cohort.cores,
        {
            "`predict --perturbations 0`, start-up included,": predict.steps_of(runs["steps"]),
            "one variation of the outline": stability.steps_of_one(),
            "*Update while I draw*, from a stroke's rest,": {
                name.strip(): median(own)
                for name, own in panel.items()
                if name.startswith("  ") and not name.startswith("  gap")
            },
        },
    )  # fmt: skip
    (out / "performance.md").write_text(page, encoding="utf-8")
    (out / "scaling.md").write_text(scaling_page(cohort), encoding="utf-8")
    print(page)
    print(out)


if __name__ == "__main__":
    main()
