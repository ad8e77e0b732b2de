"""Writes pictures of the page for a colleague, of the sample case: python Testing/report_pictures.py FOLDER."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops, ImageOps

ROOT = Path(__file__).resolve().parents[1]
WIDTH, MOST_HEIGHT, BORDER = 960, 4000, 24
SHEET_DPI = 90


def write_pictures(folder: Path) -> list[Path]:
    """The page on a screen, and its two sheets as a browser prints them, side by side."""
    with tempfile.TemporaryDirectory() as made:
        page, shot, printed = (Path(made) / f"report{ending}" for ending in (".html", ".png", ".pdf"))
        predict = [sys.executable, "-m", "HER2PredictLib.command", "demo", "--report", str(page)]
        subprocess.run(predict, check=True, cwd=ROOT / "HER2Predict")
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={made}/profile"]
        on_screen = ["--hide-scrollbars", f"--window-size={WIDTH},{MOST_HEIGHT}", f"--screenshot={shot}"]
        on_paper = ["--no-pdf-header-footer", f"--print-to-pdf={printed}"]
        for options in (on_screen, on_paper):
            subprocess.run([*browser, *options, page.as_uri()], check=True, capture_output=True)
        subprocess.run(["pdftoppm", "-r", str(SHEET_DPI), "-png", printed, Path(made) / "sheet"], check=True)
        sheets = [Image.open(path) for path in sorted(Path(made).glob("sheet*.png"))]
        return [
            _saved(_cut(Image.open(shot).convert("RGB")), folder / "report.png"),
            _saved(_beside(sheets), folder / "report-printed.png"),
        ]


def _cut(picture: Image.Image) -> Image.Image:
    """Without the white below its end."""
    end = ImageChops.invert(picture).getbbox()[3]
    return picture.crop((0, 0, picture.width, min(end + BORDER, picture.height)))


def _beside(sheets: list[Image.Image]) -> Image.Image:
    framed = [ImageOps.expand(sheet.convert("RGB"), 1, "#888888") for sheet in sheets]
    picture = Image.new("RGB", (sum(sheet.width for sheet in framed), framed[0].height), "white")
    for number, sheet in enumerate(framed):
        picture.paste(sheet, (number * sheet.width, 0))
    return picture


def _saved(picture: Image.Image, path: Path) -> Path:
    picture.quantize(255, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


if __name__ == "__main__":
    for written in write_pictures(Path(sys.argv[1])):
        print(written)
