"""Time and memory of one prediction against the stock `pyradiomics` command, side by side in one run.

    .venv/bin/python Benchmarks/predict.py [--repeats N]

A simulated full-size CTU (512 x 512 x 60) with an ROI of about 20 ml is written once. Then, in turns:

    stock, no resampling    `pyradiomics volume roi` with our image types and features, no resampling (its default)
    stock, our parameters   `pyradiomics volume roi --param FeatureExtraction.yaml`
    her2predict predict     the whole command for one prediction, start-up included
    with 20 variations      the same, and how much the number depends on the outline
    her2predict --help      what starting costs
    assess()                volume in memory to result, measured inside a process that did nothing else

Each is a process of its own, so that memory (the peak resident set) is its own too. Ratios are of medians.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
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


#: What `predict` does, step by step, each with its seconds.
STEPS = """
import json, sys, time
from pathlib import Path
steps, last = {}, time.perf_counter()
def done(step):
    global last
    now = time.perf_counter()
    steps[step], last = now - last, now
from HER2PredictLib import threads
threads.pin_this_process()
import numpy, SimpleITK
done("import of numpy and SimpleITK")
from HER2PredictLib import features
from HER2PredictLib.assess import assess
from HER2PredictLib.case.case import Case
from HER2PredictLib.model.model import BUNDLED_MODEL, Model
from HER2PredictLib.outputs.text import as_text
done("import of the library")
features.load()
done("import of pyradiomics")
case = Case.from_files(*map(Path, sys.argv[1:]))
done("reading of volume and ROI")
result = assess(case, Model.load(BUNDLED_MODEL))
done("`assess()`: features, and the tissue beside them")
as_text(result)
done("text")
print(json.dumps(steps))
"""


#: Starts a command from a small process: the peak of one that is started from a large one is at least as large as that.
LAUNCH = """
import json, os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
printed = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - started
cores = (usage.ru_utime + usage.ru_stime) / seconds
print(json.dumps({"seconds": seconds, "peak": usage.ru_maxrss, "cores": cores, "status": status, "printed": printed}))
"""


@dataclass(frozen=True)
class Run:
    seconds: float
    megabytes: float
    cores: float
    printed: str = ""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=5)
    report(measured(options.parse_args().repeats))


def measured(repeats: int) -> dict[str, list[Run]]:
    """Runs of each command, in turns."""
    # Stock pyradiomics was compiled when it was installed.
    compileall.compile_dir(ROOT / "HER2Predict", quiet=1)
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
    return runs


def full_size_case(folder: Path) -> tuple[Path, Path]:
    """A simulated CTU padded to 512 x 512 x 60 by repeating its first and last slices, and its ROI, uncompressed."""
    import SimpleITK as sitk

    from HER2PredictLib.case.case import Case
    from HER2PredictLib.training.simulator.simulate import sample_case

    sample = sample_case(ROOT / ".sample")
    paths = folder / "volume.nrrd", folder / "roi.nrrd"
    for path, image, pad in (
        (paths[0], sitk.ReadImage(str(sample.volume)), sitk.ZeroFluxNeumannPad),
        (paths[1], Case.from_files(sample.volume, sample.roi).roi.image, sitk.ConstantPad),
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
    her2predict = [sys.executable, "-m", "HER2PredictLib.command"]
    return {
        "stock, no resampling": [*pyradiomics, str(unresampled)],
        "stock, our parameters": [*pyradiomics, str(PARAMETER_FILE)],
        "her2predict predict": [*her2predict, "predict", str(volume), str(roi), "--perturbations", "0"],
        "with 20 variations": [*her2predict, "predict", str(volume), str(roi), "--perturbations", "20"],
        "her2predict --help": [*her2predict, "--help"],
        "assess()": [sys.executable, "-c", ASSESS, str(volume), str(roi)],
        "steps": [sys.executable, "-c", STEPS, str(volume), str(roi)],
    }


def measure(command: list[str], own_clock: bool) -> Run:
    """Wall-clock seconds and peak resident set of one process; of the clock inside it where it prints one."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "HER2Predict")}
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCH, *command], stdout=subprocess.PIPE, env=environment, text=True, check=True
    )
    told = json.loads(done.stdout)
    if told["status"]:
        raise SystemExit(f"{' '.join(command)} ended with status {told['status']}")
    seconds = json.loads(told["printed"])["seconds"] if own_clock else told["seconds"]
    # Linux gives kilobytes, macOS bytes.
    megabytes = told["peak"] / (2**20 if sys.platform == "darwin" else 2**10)
    return Run(seconds, megabytes, told["cores"], told["printed"])


def steps_of(runs: list[Run]) -> dict[str, float]:
    """Median seconds of each step of `predict`, and of the start and end of Python around them."""
    each = [json.loads(run.printed) for run in runs]
    steps = {step: statistics.median(own[step] for own in each) for step in each[0]}
    around = statistics.median(run.seconds - sum(own.values()) for run, own in zip(runs, each, strict=True))
    return {**steps, "start and end of Python": around}


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
        ("with 20 variations", "stock, our parameters"),
    ):
        print(
            f"{ours} against {stock}: {seconds[stock] / seconds[ours]:.1f} x as fast, "
            f"{memory[ours] / memory[stock]:.2f} x the memory"
        )


if __name__ == "__main__":
    main()
