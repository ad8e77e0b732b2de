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
from pathlib import Path

from predict import full_size_case


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=15)
    repeats = options.parse_args().repeats

    from HER2PredictLib import threads

    threads.pin_this_process()
    from radiomics import setVerbosity
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    from HER2PredictLib import features
    from HER2PredictLib.case.case import Case
    from HER2PredictLib.extraction import known

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
    print(f"pyradiomics {known.release() or 'of another release'}: {differing} of {len(own)} values differ")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _repeat in range(repeats):
        for name, way in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            way()
            found[name].append((time.perf_counter() - clock, time.process_time() - processor))
    medians = {name: [statistics.median(own) for own in zip(*pairs, strict=True)] for name, pairs in found.items()}
    for name, pairs in found.items():
        clocks = [clock for clock, _processor in pairs]
        print(
            f"{name:12} {1e3 * medians[name][0]:6.0f} ms ({1e3 * min(clocks):.0f} to {1e3 * max(clocks):.0f})  "
            f"processor {1e3 * medians[name][1]:6.0f} ms"
        )
    clock, processor = (own / stock for own, stock in zip(medians["extract()"], medians["execute()"], strict=True))
    print(f"extract() takes {clock:.2f} x the time and {processor:.2f} x the processor time of execute()")


if __name__ == "__main__":
    main()
