"""What a cohort takes: two processes against one, a cluster that loses a worker, and memory as the cohort grows.

    .venv/bin/python Benchmarks/scale.py [--patients N] [--sizes N ...]

`N` simulated patients are extracted by one and by two processes, and by a Dask cluster of two workers of which one is
killed half-way; the three tables are compared byte by byte. Then cohorts of these sizes, whose patients are these again
under other names, with other contents of their segment column so that each is a task of its own, are gone through by a
process with a worker that computes nothing: what is measured is what keeping thousands of patients takes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from predict import Run, commands_of, full_size_case, measure

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "HER2Predict"))

#: Extracts a cohort whose patients share files; a worker gives back the features of a patient that was computed before.
GROW = """
import sys
from pathlib import Path
from HER2PredictLib.many.processes import Outcome
from HER2PredictLib.training.cohort import extraction
from HER2PredictLib.training.cohort.journal import FeatureRow
from HER2PredictLib.training.cohort.read_table import read_table
table, known, out = map(Path, sys.argv[1:])
row = FeatureRow.of(read_table(known).features.iloc[0], ())
def given(tasks, jobs, work):
    for task in tasks:
        yield Outcome(task.key, FeatureRow.of(row.features, ()))
extraction.on_this_machine = given
extraction.key_of = lambda image, roi, segment, decided_by, series="": segment
found = extraction.extract(read_table(table), out, jobs=1)
print(found.computed + found.reused)
"""


@dataclass(frozen=True)
class Scale:
    """Seconds of `patients` patients by one and by two processes and by a cluster that loses a worker.

    `differing` counts the tables that are not the one of one process; `megabytes` is the peak of the process that keeps
    a cohort, by its size; `worker_megabytes` that of one that computes; `bytes_read` a patient, `bytes_written` a row.
    `stock_gain` is how many times as much two commands of stock pyradiomics do at once as one does; `cores` are those
    that one process keeps busy, whose filters work beside its counting.
    """

    patients: int
    one: float
    two: float
    cluster: float
    differing: int
    megabytes: dict[int, float]
    worker_megabytes: float
    bytes_read: float
    bytes_written: float
    stock_gain: float
    cores: float = 1.0


def measured(patients: int, sizes: list[int]) -> Scale:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command("simulate", "--patients", patients, "--seed", 77, "--out", folder / "cohort")
        cohort = folder / "cohort" / "cohort.csv"
        runs = {
            jobs: command("extract", cohort, "--out", folder / f"{jobs}.csv", "--jobs", jobs) for jobs in (1, 2)
        }
        cluster = on_a_cluster_that_loses_a_worker(cohort, folder / "cluster.csv")
        tables = [(folder / f"{which}.csv").read_bytes() for which in (1, 2, "cluster")]
        sources = [file.stat().st_size for file in (folder / "cohort").rglob("*.nrrd")]
        return Scale(
            patients,
            runs[1].seconds,
            runs[2].seconds,
            cluster,
            sum(table != tables[0] for table in tables),
            {size: megabytes_of(cohort, folder / "1.csv", folder, size) for size in sizes},
            max(run.megabytes for run in runs.values()),
            sum(sources) / patients,
            len(tables[0]) / patients,
            gain_of_stock(folder),
            runs[1].cores,
        )


def gain_of_stock(folder: Path) -> float:
    stock = commands_of(*full_size_case(folder), folder)["stock, our parameters"]
    alone = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")}

    def seconds(count: int) -> float:
        started = time.perf_counter()
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = [subprocess.Popen(stock, env=alone, **silent) for _ in range(count)]
        for process in running:
            process.wait()
        return time.perf_counter() - started

    return statistics.median(2.0 * seconds(1) / seconds(2) for _ in range(3))


def command(*arguments: object) -> Run:
    return measure([sys.executable, "-m", "HER2PredictLib.command", *map(str, arguments)], own_clock=False)


def on_a_cluster_that_loses_a_worker(cohort: Path, out: Path) -> float:
    """Seconds; one of two workers is killed when a third of the patients is finished."""
    from distributed import LocalCluster

    from HER2PredictLib.training.cohort.extraction import extract
    from HER2PredictLib.training.cohort.read_table import read_table

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        victims = [worker.pid for worker in cluster.workers.values()][:1]

        def kill(done: int, total: int) -> None:
            if victims and done >= total / 3:
                os.kill(victims.pop(), 9)

        started = time.perf_counter()
        extract(read_table(cohort), out, dask=cluster.scheduler_address, progress=kill)
        return time.perf_counter() - started


def megabytes_of(cohort: Path, known: Path, folder: Path, size: int) -> float:
    """Peak resident set of a process that extracts so many patients and computes none of them."""
    first = cohort.read_text(encoding="utf-8").splitlines()
    header, row = first[0].split(","), first[1].split(",")
    place = {name: at for at, name in enumerate(header)}
    header.append("segment") if "segment" not in place else None
    table = folder / "cohort" / f"{size}.csv"
    lines = []
    for number in range(size):
        cells = [*row]
        cells[place["patient_id"]] = f"P{number}"
        if "segment" in place:
            cells[place["segment"]] = f"S{number}"
        else:
            cells.append(f"S{number}")
        lines.append(",".join(cells))
    table.write_text("\n".join([",".join(header), *lines]), encoding="utf-8")
    run = measure(
        [sys.executable, "-c", GROW, str(table), str(known), str(folder / f"grown{size}.csv")], own_clock=False
    )
    if int(run.printed) != size:
        raise ValueError(f"{run.printed} of {size} patients were kept")
    return run.megabytes


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--patients", type=int, default=24)
    options.add_argument("--sizes", type=int, nargs="+", default=[100, 500, 2000])
    chosen = options.parse_args()
    found = measured(chosen.patients, chosen.sizes)
    print(f"{found.patients} patients: {found.one:.1f} s by one process, {found.two:.1f} s by two "
          f"({found.one / found.two:.2f} x), {found.cluster:.1f} s by a cluster that loses a worker; "
          f"{found.differing} tables differ")  # fmt: skip
    for size, megabytes in found.megabytes.items():
        print(f"{size:6} patients kept: {megabytes:.0f} MB")
    print(f"a process that computes: {found.worker_megabytes:.0f} MB; read {found.bytes_read / 1e6:.1f} MB a patient")


if __name__ == "__main__":
    main()
