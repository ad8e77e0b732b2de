"""What the panel makes its user wait for, in the stand-in for Slicer, beside stock pyradiomics on the same pair.

    QT_QPA_PLATFORM=offscreen .venv/bin/python Benchmarks/panel.py [--repeats N]

On the volume of Benchmarks/predict.py (512 x 512 x 60, an ROI of about 20 ml):

    stroke to number        from an edit to the new result, the rest of the outline included
    N variations            from the result to how much it depends on the outline
    gap                     the longest that the event loop did not turn meanwhile, seen by a timer of 5 ms

Medians; ratios are to pyradiomics' own `RadiomicsFeatureExtractor.execute` on the prepared pair, in the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from predict import full_size_case

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "HER2Predict"), str(ROOT / "Testing" / "SlicerHost")]
PATIENCE_S = 120.0


class Watch:
    """Turns the event loop until something holds, and measures how long that takes and the longest gap."""

    def __init__(self, slicer: Any) -> None:
        import qt

        self._slicer = slicer
        self._timer = qt.QTimer()
        self._timer.setInterval(5)
        self._timer.connect("timeout()", self._tick)
        self._timer.start()
        self._last = self.gap = 0.0

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gap, self._last = max(self.gap, now - self._last), now

    def time(self, action: Callable[[], None], until: Callable[[], bool]) -> tuple[float, float]:
        """Seconds from the end of the action, which is the user's, until something holds; and the longest gap."""
        action()
        started = self._last = time.perf_counter()
        self.gap = 0.0
        while not until():
            if time.perf_counter() - started > PATIENCE_S:
                raise TimeoutError("the panel did not get there")
            self._slicer.app.processEvents()
            time.sleep(0.001)
        self._tick()
        return time.perf_counter() - started, self.gap


class Steps:
    """Seconds of the steps of a live prediction, by watching the methods that take them."""

    def __init__(self) -> None:
        from HER2PredictLib.panel.background import LiveExtraction, Run
        from HER2PredictLib.panel.panel import Panel

        self.is_on = False
        self.seconds: dict[str, list[float]] = {}
        self._watch(Panel, "on_rest", "  the segment's voxels, the prepared pair, the request")
        self._watch(Panel, "_refuse_errors", "  findings on volume and ROI, meanwhile")
        self._watch(Panel, "_examine", "  findings on tissue, meanwhile")
        self._watch(Panel, "_check", "  the input shown, meanwhile")
        self._watch(Run, "_on_end", "  features to number: prediction, record, view")
        answered, asked = LiveExtraction._on_answer, LiveExtraction.__init__

        def ask(extraction: Any, *arguments: Any) -> None:
            extraction.asked = time.perf_counter()
            asked(extraction, *arguments)

        def answer(extraction: Any, *arguments: Any) -> None:
            self._note("  features by two helpers, from request to answer", extraction.asked)
            answered(extraction, *arguments)

        LiveExtraction.__init__, LiveExtraction._on_answer = ask, answer

    def _watch(self, owner: Any, method: str, step: str) -> None:
        own = getattr(owner, method)

        def watched(*arguments: Any) -> Any:
            started = time.perf_counter()
            found = own(*arguments)
            self._note(step, started)
            return found

        setattr(owner, method, watched)

    def _note(self, step: str, started: float) -> None:
        if self.is_on:
            self.seconds.setdefault(step, []).append(time.perf_counter() - started)


def measured(repeats: int) -> dict[str, list[float]]:
    """Seconds of everything, in turns; a process can do this once."""
    import host

    host.start()
    import slicer
    from radiomics import setVerbosity
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    from HER2PredictLib.features import PARAMETER_FILE
    from HER2PredictLib.outline.stability import COUNT

    setVerbosity(60)
    steps = Steps()  # before the panel connects its methods
    slicer.util.selectModule("HER2Predict")
    widget = slicer.modules.HER2PredictWidget
    state, ui, watch = (lambda: widget.panel.state), widget.ui, Watch(slicer)
    with tempfile.TemporaryDirectory() as folder:
        image, roi = full_size_case(Path(folder))
        slicer.util.loadVolume(str(image))
        slicer.util.loadSegmentation(str(roi))
    widget.check()
    chosen = ui.segmentSelector.currentNode(), ui.segmentSelector.currentSegmentID(), ui.volumeSelector.currentNode()
    drawn = slicer.util.arrayFromSegmentBinaryLabelmap(*chosen)
    k, j, i = (int(indices.mean()) for indices in drawn.nonzero())

    def stroke() -> None:
        drawn[k, j, i] = 1 - drawn[k, j, i]
        slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, *chosen)

    times: dict[str, list[float]] = {}
    extractor = RadiomicsFeatureExtractor(str(PARAMETER_FILE))
    prepared = widget.logic.prepare(chosen[2], *chosen[:2]).prepared
    for _ in range(repeats):
        started = time.perf_counter()
        extractor.execute(prepared.image, prepared.mask)
        times.setdefault("stock execute()", []).append(time.perf_counter() - started)
        ui.liveCheckBox.checked = True
        watch.time(lambda: None, lambda: state().standing == "current")
        steps.is_on = True
        seconds, gap = watch.time(stroke, lambda: state().standing == "current")
        steps.is_on = False
        times.setdefault("stroke to number", []).append(seconds)
        times.setdefault("  gap", []).append(gap)
        ui.liveCheckBox.checked = False
        seconds, gap = watch.time(ui.predictButton.click, lambda: state().run is None)
        times.setdefault("Predict HER2", []).append(seconds)
        times.setdefault("  gap ", []).append(gap)
        seconds, gap = watch.time(lambda: None, lambda: state().outline_check is None)
        times.setdefault(f"{COUNT} variations", []).append(seconds)
        times.setdefault("  gap  ", []).append(gap)
    return {**times, **steps.seconds}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=7)
    options.add_argument("--json", action="store_true", help="print every number, for another program")
    chosen = options.parse_args()
    times = measured(chosen.repeats)
    if chosen.json:
        print(json.dumps(times))
        return
    stock = statistics.median(times["stock execute()"])
    for name, own in times.items():
        median = statistics.median(own)
        print(f"{name:20} {median:6.3f} s ({min(own):.3f} to {max(own):.3f})  {median / stock:6.2f} x stock")


if __name__ == "__main__":
    main()
