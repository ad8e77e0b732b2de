"""Writes pictures of the panel in its main states, light and dark: python Testing/panel_pictures.py FOLDER."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent / "SlicerHost")]
SIZES = ((1600, 1000), (1366, 768))
PATIENCE_S = 120.0


def wait(until: Callable[[], bool]) -> None:
    """Keep the application going until something holds."""
    import slicer

    end = time.monotonic() + PATIENCE_S
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("the panel did not get there")
        slicer.app.processEvents()
        time.sleep(0.01)


def dark_palette() -> Any:
    """The colours of Slicer's dark style, as far as the panel shows them."""
    import qt

    palette, kind = qt.QPalette(), qt.QPalette
    for roles, colour in (
        ((kind.Window, kind.Button, kind.ToolTipBase), "#353535"),
        ((kind.Base,), "#2a2a2a"),
        ((kind.AlternateBase,), "#424242"),
        ((kind.WindowText, kind.Text, kind.ButtonText, kind.BrightText, kind.ToolTipText), "#ffffff"),
        ((kind.Highlight, kind.Link), "#2a82da"),
        ((kind.Light, kind.Midlight), "#4c4c4c"),
        ((kind.Mid, kind.Dark, kind.Shadow), "#1e1e1e"),
    ):
        for role in roles:
            palette.setColor(role, qt.QColor(colour))
    for role in (kind.WindowText, kind.Text, kind.ButtonText):
        palette.setColor(kind.Disabled, role, qt.QColor("#808080"))
    return palette


def write_pictures(folder: Path) -> list[Path]:
    """Click through the panel and take pictures of each state: whole, light and dark, and as two windows show it."""
    import host

    host.start()
    import slicer

    slicer.util.selectModule("HER2Predict")
    panel = slicer.modules.HER2PredictWidget
    window, ui = slicer.util.mainWindow(), panel.ui
    window.show()
    written: list[Path] = []
    dark, light = dark_palette(), slicer.app.palette()

    def save(widget: Any, name: str) -> None:
        for _ in range(4):  # a label has its height once it has its width, and the panel after that
            slicer.app.processEvents()
        written.append(folder / f"{name}.png")
        if not widget.grab().save(str(written[-1])):
            raise OSError(f"{written[-1]} could not be written")

    def picture(state: str) -> None:
        """What is there once its layout has settled."""
        panel.check()
        for style, palette in (("-dark", dark), ("", light)):
            slicer.app.setPalette(palette)
            save(panel.parent, f"panel-{state}{style}")
        for size in SIZES:
            window.set_size(*size)
            save(window, f"window-{size[0]}-{state}")

    folder.mkdir(parents=True, exist_ok=True)
    picture("empty")
    ui.sampleButton.click()
    picture("drawn")
    ui.predictButton.click()
    picture("running")
    wait(lambda: ui.cancelButton.isHidden() and ui.outlineStopButton.isHidden())
    picture("result")
    segmentation, segment_id = ui.segmentSelector.currentNode(), ui.segmentSelector.currentSegmentID()
    volume = ui.volumeSelector.currentNode()
    drawn = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
    k, j, i = (int(indices.max()) for indices in drawn.nonzero())
    drawn[k, j - 6 : j, i + 12 : i + 18] = 1  # a second piece
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, segmentation, segment_id, volume)
    picture("out-of-date")
    slicer.app.processEvents()
    drawn[:] = 0
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, segmentation, segment_id, volume)
    picture("refused")
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path in write_pictures(Path(sys.argv[1])):
        print(path)
