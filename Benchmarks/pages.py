"""The pages that Benchmarks/performance.py writes of what it has measured."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scale import Scale

PACKAGES = ("numpy", "SimpleITK", "PyWavelets", "pyradiomics", "pyradiomics-cuda", "joblib", "distributed")
#: Doubles that the features pass over at the least: each of the eleven images is written by a filter, read when its ROI
#: is cut out and discretised, and the bins are read by the counting of each of five matrices.
PASSES = 1 + 1 + 1 + 5
IMAGES = 11
#: What other packages do with the prepared pair.
WAYS = {
    "pyradiomics-cuda": "pyradiomics-cuda reads it from files",
    "mirp": "MIRP reads it from files, interpolates it and takes the IBSI's features",
    "fastrad": "fastrad neither interpolates nor filters",
}


@dataclass(frozen=True)
class Figure:
    """A line of the page: what was measured, as text, and how that compares with its target, where it has one."""

    what: str
    ours: str
    beside: str
    ratio: float
    target: str = ""
    is_met: bool | None = None


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float], unit: str = "s") -> str:
    """Median with the least and the greatest."""
    return f"{median(values):.3g} {unit} ({min(values):.3g} to {max(values):.3g})"


def performance_page(
    figures: Sequence[Figure],
    others: dict[str, dict[str, Any]],
    bound: tuple[float, float, float],
    profile: Sequence[tuple[str, float]],
    repeats: int,
    whole: float,
    inner: float,
    pace: float,
    cores: float,
    steps: dict[str, dict[str, float]],
) -> str:
    """The page; `whole` are the seconds of the command, `inner` those of the prediction in it, `pace` of `execute()`;
    `cores` are those that `extract` keeps busy with one process, `steps` the seconds of each of what takes several."""
    lines = [
        "# How fast it is",
        "",
        f"Written by `./run bench` on {datetime.date.today().isoformat()}: medians of {repeats} turns in one run (least to "
        "greatest), each beside software that is not ours. The case is a simulated CTU of 512 × 512 × 60 voxels with an "
        "ROI of 20 ml. Ratios are what to look at: they hold on other machines, seconds do not.",
        "",
        "| what | measured | beside it | ratio | target | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for own in figures:
        verdict = "" if own.is_met is None else "met" if own.is_met else "**not met**"
        lines.append(f"| {own.what} | {own.ours} | {own.beside} | {own.ratio:.2f} | {own.target} | {verdict} |")
    lines += ["", "## Other packages, with features of their own", ""]
    if others:
        lines += ["| package | features | time a patient | time a feature |", "| --- | --- | --- | --- |"]
        ours = next(own for own in figures if own.what.startswith("975"))
        seconds = float(ours.ours.split()[0])
        lines.append(f"| HER2Predict `extract()`, eleven images | 975 | {ours.ours} | {1e3 * seconds / 975:.2f} ms |")
        for name, own in others.items():
            times, count = own["seconds"], int(own["features"])
            each = 1e3 * median(times) / count
            images = "eleven images" if count == 975 else "one image"
            lines.append(f"| {name} {own['version']}, {images} | {count} | {spread(times)} | {each:.2f} ms |")
        lines += [
            "",
            f"On the same prepared pair, on the processor: {'; '.join(WAYS[name] for name in others if name in WAYS)}.",
        ]
    else:
        lines.append("Not measured: no Python with MIRP or fastrad was named (`--others`).")
    megabytes, speed, seconds = bound
    lines += [
        "",
        "## What it could be",
        "",
        f"Eleven images on the features' grid, each passed over {PASSES} times as doubles, are {megabytes:.0f} MB; this "
        f"machine copies {speed / 1e3:.1f} GB/s, so memory alone would take {1e3 * seconds:.0f} ms. The rest is counting "
        "and arithmetic, whose results are to stay those of pyradiomics' own C code, PyWavelets and ITK to the last bit: "
        "eigenvalues, sums and logarithms are rounded as they lie in memory, and cannot be regrouped. Where the time of "
        "`extract()` goes (the thread that counts; filters work beside it):",
        "",
        "| function | share |",
        "| --- | --- |",
        *(f"| `{name.replace('|', ' ')}` | {share:.0%} |" for name, share in profile),
        "",
        *(line for what, own in steps.items() for line in steps_table(what, own)),
        *reasons(figures, whole, inner, pace, cores),
        "## Versions",
        "",
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}; "
        + ", ".join(f"{name} {version}" for name, version in versions()),
        "",
    ]
    return "\n".join(lines)


def steps_table(what: str, steps: dict[str, float]) -> list[str]:
    rows = [f"| {step} | {1e3 * own:.0f} ms |" for step, own in steps.items()]
    return [f"Where the time of {what} goes:", "", "| step | time |", "| --- | --- |", *rows, ""]


def reasons(figures: Sequence[Figure], whole: float, inner: float, pace: float, cores: float) -> list[str]:
    """Why targets are not met, of those that are not."""
    every = {
        "975 features": "**Features.** The table above is what is left.",
        "`predict --perturbations 0`, start": f"**The command.** Of its {whole:.2f} s, {inner:.2f} s are the prediction; "
        "the rest is the start of Python, its imports and the reading of the files, which stock pyradiomics pays as well.",
        "20 variations": "**Variations**, of which the command computes 20 as well. One grid for all of a case, resampled "
        "and filtered once, would about halve them, but moves the probability by up to 0.026 on simulated patients and 0.11 "
        "on a real CT, against the 0.005 that were allowed ([why](developers.md)); so each has a grid of its own, as a "
        "prediction has. And a prediction, which they are compared with, looks at its tissue and filters beside its "
        "counting, where each of two processes of variations has one core.",
        "*Update while I draw*": "**Live.** The target of 0.2 s was set where `execute()` takes about 0.2 s; in this run it "
        f"took {pace:.2f} s. A stroke takes one extraction, shared by two helper processes, while the panel's own process "
        "examines the outline; it stands still longest while it looks at the tissue.",
        "`extract` of": f"**Two processes.** One keeps {cores:.1f} cores busy already: filters work beside its counting.",
    }
    missed = [own.what for own in figures if own.is_met is False]
    told = [f"- {reason}" for start, reason in every.items() if any(what.startswith(start) for what in missed)]
    reading = (
        "- **Reading** is of whole files, uncompressed ones too: findings look at all gray levels, for values that are no "
        "Hounsfield units or no numbers, and the digest that names a case is of all of them."
    )
    return ["## Why a target is not met", "", *told, reading, ""]


def versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue


def scaling_page(found: Scale) -> str:
    patients = 100_000
    seconds = found.one / found.patients
    core_seconds = seconds * max(1.0, found.cores)
    sizes = sorted(found.megabytes)
    slope = (found.megabytes[sizes[-1]] - found.megabytes[sizes[0]]) / (sizes[-1] - sizes[0])
    kept = max(slope, 0.0) * patients + found.megabytes[sizes[0]]
    return "\n".join(
        [
            "# What 100,000 patients take",
            "",
            f"Extrapolated by `./run bench` on {datetime.date.today().isoformat()} from what it measured on this machine with "
            f"{found.patients} simulated patients ({found.bytes_read / 1e6:.1f} MB a patient, compressed), and with cohorts of "
            f"{', '.join(map(str, sizes))} patients whose features were given.",
            "",
            "| | measured | for 100,000 patients |",
            "| --- | --- | --- |",
            f"| core time | {core_seconds:.2f} s a patient, start of the process included: one process keeps {found.cores:.1f} "
            f"cores busy | {core_seconds * patients / 3600:.0f} core hours: {core_seconds * patients / 3600 / 64:.1f} h on 64 cores |",
            f"| two processes against one | {found.one / found.two:.2f} x; two stock commands at once {found.stock_gain:.2f} x | patients are independent; nothing is shared but the "
            "table |",
            f"| memory of a process that computes | {found.worker_megabytes:.0f} MB | the same, a core |",
            f"| bytes read | {found.bytes_read / 1e6:.1f} MB a patient | {found.bytes_read * patients / 1e12:.2f} TB, once by the "
            "worker; and once before by the process that starts them, which takes the digest of every file |",
            f"| table and journal | {found.bytes_written / 1e3:.0f} kB a row | {found.bytes_written * patients / 1e9:.1f} GB each |",
            f"| memory of the process that keeps them | {', '.join(f'{size}: {found.megabytes[size]:.0f} MB' for size in sizes)} | "
            f"{kept / 1e3:.1f} GB: paths and a key of each patient; the features stay in the journal |",
            "",
            "**The scheduler** is given sixteen tasks a thread at once, paths and a key each, and one more whenever one is "
            "finished, whatever the cohort's size; images never pass through it. **A worker that is lost** costs the patients "
            f"that it was at: in the run above one of two workers of a Dask cluster was killed after a third of the patients; "
            f"the table was {'the same, byte for byte' if not found.differing else 'NOT the same'}, after {found.cluster:.1f} s "
            f"instead of {found.two:.1f} s by two local processes. **A half-written result** there is none: each finished patient "
            "is a line of the journal that is on the disk before it counts, a torn line is passed over, and the table takes the "
            "journal's place as a whole. The same command goes on after an interrupt, a kill or a power cut "
            "(`Testing/Python/test_extraction.py` kills it ten times).",
            "",
            "What this does not tell: the storage of a cluster. At one patient a core every "
            f"{core_seconds:.1f} s, 64 cores read {64 * found.bytes_read / 1e6 / core_seconds:.0f} MB/s.",
            "",
        ]
    )
