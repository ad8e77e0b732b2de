"""Time of the 975 features of a prepared pair against pyradiomics' own `execute`, in turns in one process.

    .venv/bin/python Benchmarks/extraction.py [--repeats N]

The case is that of Benchmarks/predict.py (512 x 512 x 60, an ROI of about 20 ml). The bits of the values are compared,
too. Processor time is that of all threads: on a busy machine it tells more than the clock.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from predict import full_size_case


@dataclass(frozen=True)
class Turns:
    """Seconds and processor seconds of each turn, by way; how many of the values differ from stock pyradiomics'."""

    clock: dict[str, list[float]]
    processor: dict[str, list[float]]
    differing: int


def measured(repeats: int) -> Turns:
    from HER2PredictLib import threads

    threads.pin_this_process()
    from radiomics import setVerbosity
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    from HER2PredictLib import features
    from HER2PredictLib.case.case import Case

    setVerbosity(60)
    with tempfile.TemporaryDirectory() as folder:
        prepared = Case.from_files(*full_size_case(Path(folder))).prepared()
    extractor = RadiomicsFeatureExtractor(str(features.PARAMETER_FILE))
    ways: dict[str, Callable[[], object]] = {
        "execute()": lambda: extractor.execute(prepared.image, prepared.mask),
        "extract()": lambda: features.extract(prepared),
    }
    stock, own = extractor.execute(prepared.image, prepared.mask), features.extract(prepared)
    differing = sum(
        complex(stock[name].item() if hasattr(stock[name], "item") else stock[name]) != own[name] for name in own
    )
    found = Turns({name: [] for name in ways}, {name: [] for name in ways}, differing)
    for _repeat in range(repeats):
        for name, way in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            way()
            found.clock[name].append(time.perf_counter() - clock)
            found.processor[name].append(time.process_time() - processor)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=15)
    found = measured(options.parse_args().repeats)
    print(f"{found.differing} values differ")
    medians = {
        name: (statistics.median(own), statistics.median(found.processor[name])) for name, own in found.clock.items()
    }
    for name, clocks in found.clock.items():
        print(
            f"{name:12} {1e3 * medians[name][0]:6.0f} ms ({1e3 * min(clocks):.0f} to {1e3 * max(clocks):.0f})  "
            f"processor {1e3 * medians[name][1]:6.0f} ms"
        )
    clock, processor = (own / stock for own, stock in zip(medians["extract()"], medians["execute()"], strict=True))
    print(f"extract() takes {clock:.2f} x the time and {processor:.2f} x the processor time of execute()")


if __name__ == "__main__":
    main()
