"""Writes pictures of the panel in its main states, light and dark: python Testing/panel_pictures.py FOLDER."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent / "SlicerHost")]
WIDTH = 400
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
    """Click through the panel and take a picture of each state."""
    import host

    host.start()
    import slicer

    slicer.util.selectModule("HER2Predict")
    panel = slicer.modules.HER2PredictWidget
    window, ui = panel.parent, panel.ui
    window.setFixedWidth(WIDTH)
    window.show()
    written: list[Path] = []
    dark, light = dark_palette(), slicer.app.palette()

    def picture(state: str) -> None:
        """What the window shows once its layout has settled."""
        panel.check()
        for style, palette in (("-dark", dark), ("", light)):
            slicer.app.setPalette(palette)
            for _ in range(3):  # a list has its height once it has its width, and the window after that
                slicer.app.processEvents()
                window.resize(WIDTH, window.heightForWidth(WIDTH))
            slicer.app.processEvents()
            written.append(folder / f"panel-{state}{style}.png")
            if not window.grab().save(str(written[-1])):
                raise OSError(f"{written[-1]} could not be written")

    folder.mkdir(parents=True, exist_ok=True)
    picture("empty")
    ui.sampleButton.click()
    picture("drawn")
    ui.predictButton.click()
    picture("running")
    wait(lambda: not ui.cancelButton.visible and not ui.outlineStopButton.visible)
    picture("result")
    segmentation, segment_id = ui.segmentSelector.currentNode(), ui.segmentSelector.currentSegmentID()
    volume = ui.volumeSelector.currentNode()
    drawn = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume)
    drawn[drawn.any(axis=(1, 2)).nonzero()[0][0], 10:16, 10:16] = 1
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
