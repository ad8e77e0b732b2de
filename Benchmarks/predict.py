"""Time and memory of one prediction against the stock `pyradiomics` command, side by side in one run.

    .venv/bin/python Benchmarks/predict.py [--repeats N]

A simulated full-size CTU (512 x 512 x 60) with an ROI of about 20 ml is written once. Then, in turns:

    stock, no resampling    `pyradiomics volume roi` with our image types and features, no resampling (its default)
    stock, our parameters   `pyradiomics volume roi --param FeatureExtraction.yaml`
    her2predict predict     the whole command for one prediction, start-up included
    assess()                volume in memory to result, measured inside a process that did nothing else

Each is a process of its own, so that memory (the peak resident set) is its own too. Ratios are of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "HER2Predict"))

ASSESS = """
import json, resource, sys, time
from pathlib import Path
from HER2PredictLib.assess import assess
from HER2PredictLib.case.case import Case
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
volume, roi = map(Path, sys.argv[1:])
case, model = Case.from_files(volume, roi), Model.load(BUNDLED_MODEL)
import radiomics.featureextractor
started = time.perf_counter()
result = assess(case, model)
print(json.dumps({"seconds": time.perf_counter() - started, "steps": dict(result.seconds)}))
"""


#: One prediction, as the other lines; Benchmarks/stability.py has the variations of the outline.
ALONE = ["--perturbations", "0"]


@dataclass(frozen=True)
class Run:
    seconds: float
    megabytes: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=5)
    repeats = options.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        volume, roi = full_size_case(Path(folder))
        commands = commands_of(volume, roi, Path(folder))
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for repeat in range(repeats + 1):
            for name, command in commands.items():
                print(f"run {repeat}/{repeats}: {name}", file=sys.stderr)
                run = measure(command, own_clock=name == "assess()")
                if repeat:  # the first round only warms the disk cache
                    runs[name].append(run)
    report(runs)


def full_size_case(folder: Path) -> tuple[Path, Path]:
    """A simulated CTU padded to 512 x 512 x 60 by repeating its first and last slices, and its ROI, uncompressed."""
    import SimpleITK as sitk

    from HER2PredictLib.case.rois import read_roi
    from HER2PredictLib.training.simulator.simulate import sample_case

    sample = sample_case(ROOT / ".sample")
    paths = folder / "volume.nrrd", folder / "roi.nrrd"
    for path, image, pad in (
        (paths[0], sitk.ReadImage(str(sample.volume)), sitk.ZeroFluxNeumannPad),
        (paths[1], read_roi(sample.roi).image, sitk.ConstantPad),
    ):
        extra = 60 - image.GetSize()[2]
        sitk.WriteImage(pad(image, (0, 0, extra // 2), (0, 0, extra - extra // 2)), str(path))
    size = sitk.ReadImage(str(paths[0])).GetSize()
    roi = sitk.ReadImage(str(paths[1]))
    marked = sitk.GetArrayViewFromImage(roi).sum() * float(roi.GetSpacing()[0]) ** 2 * roi.GetSpacing()[2] / 1000
    print(f"case: {' x '.join(map(str, size))} voxels, ROI {marked:.1f} ml")
    return paths


def commands_of(volume: Path, roi: Path, folder: Path) -> dict[str, list[str]]:
    from HER2PredictLib.features import PARAMETER_FILE

    unresampled = folder / "no-resampling.yaml"
    lines = PARAMETER_FILE.read_text(encoding="utf-8").splitlines()
    unresampled.write_text("\n".join(line for line in lines if "resampledPixelSpacing" not in line), encoding="utf-8")
    pyradiomics = [str(Path(sys.executable).with_name("pyradiomics")), str(volume), str(roi), "-f", "csv", "--param"]
    return {
        "stock, no resampling": [*pyradiomics, str(unresampled)],
        "stock, our parameters": [*pyradiomics, str(PARAMETER_FILE)],
        "her2predict predict": [
            sys.executable,
            "-m",
            "HER2PredictLib.command",
            "predict",
            str(volume),
            str(roi),
            *ALONE,
        ],
        "assess()": [sys.executable, "-c", ASSESS, str(volume), str(roi)],
    }


def measure(command: list[str], own_clock: bool) -> Run:
    """Wall-clock seconds and peak resident set of one process; of the clock inside it where it prints one."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "HER2Predict")}
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    if own_clock:
        seconds = json.loads(printed)["seconds"]
    return Run(seconds, peak_megabytes(usage))


def peak_megabytes(usage: resource.struct_rusage) -> float:
    """Peak resident set; Linux gives kilobytes, macOS bytes."""
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def report(runs: dict[str, list[Run]]) -> None:
    seconds = {name: statistics.median(run.seconds for run in own) for name, own in runs.items()}
    memory = {name: statistics.median(run.megabytes for run in own) for name, own in runs.items()}
    for name, own in runs.items():
        spread = f"{min(run.seconds for run in own):.2f} to {max(run.seconds for run in own):.2f}"
        print(f"{name:24} {seconds[name]:7.2f} s ({spread})  {memory[name]:7.0f} MB")
    for ours, stock in (
        ("assess()", "stock, no resampling"),
        ("assess()", "stock, our parameters"),
        ("her2predict predict", "stock, our parameters"),
    ):
        print(
            f"{ours} against {stock}: {seconds[stock] / seconds[ours]:.1f} x as fast, "
            f"{memory[ours] / memory[stock]:.2f} x the memory"
        )


if __name__ == "__main__":
    main()
