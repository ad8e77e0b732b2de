"""The program of a helper process: ``python child.py FOLDER``. Ends when its standard input does, as after a crash of
the application, and takes the folder with it.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # started as a file: the application's Python does not know the library
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from HER2PredictLib import threads
from HER2PredictLib.errors import InputError
from HER2PredictLib.helper.messages import Message, decode, encode, read_images

#: Niceness by which it gives way to the application's own process, which the user draws in.
_GIVES_WAY = 5


def main(folder: Path) -> None:
    """Answer requests until there are no more."""
    # What libraries print must not get between the answers.
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    threads.pin_this_process()
    if hasattr(os, "nice"):
        os.nice(_GIVES_WAY)
    try:
        _serve(folder, channel)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(folder: Path, channel: Any) -> None:
    try:
        worker = _Computer(folder)
    except Exception as error:  # most of all ImportError
        channel.write(encode({"unfit": f"{type(error).__name__}: {error}"}))
        return
    channel.write(encode({"ready": True}))
    for line in sys.stdin.buffer:
        request = decode(line)
        channel.write(encode({"id": request["id"], **_answered(worker, request)}))


def _answered(worker: _Computer, request: Message) -> Message:
    try:
        return worker.do(request)
    except InputError as error:
        return {"refused": str(error)}
    except Exception:
        return {"fault": traceback.format_exc()}


class _Computer:
    """Computes; holds the case whose outline is varied until another one is asked about."""

    def __init__(self, folder: Path) -> None:
        import SimpleITK as sitk

        from HER2PredictLib import features

        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        features.feature_names()  # pyradiomics is there, and warm
        self._folder = folder
        self._file = ""
        self._vary: Callable[[int], Any] = lambda index: None

    def do(self, request: Message) -> Message:
        return {"features": self._features, "variation": self._variation}[request["do"]](request)

    def _features(self, request: Message) -> Message:
        from HER2PredictLib import features
        from HER2PredictLib.case.prepared import Prepared

        images = read_images(self._folder / request["file"], request["images"])
        return {"features": features.extract_share(Prepared(images["image"], images["mask"], 1, ()), *request["share"])}

    def _variation(self, request: Message) -> Message:
        if self._file != request["file"]:
            self._vary = self._varied(request)
            self._file = request["file"]
        values, distance, change = self._vary(request["index"])
        return {"features": values, "surface_distance_mm": distance, "volume_change": change}

    def _varied(self, request: Message) -> Callable[[int], Any]:
        from HER2PredictLib.case.case import Case
        from HER2PredictLib.case.rois import Roi
        from HER2PredictLib.case.volumes import Volume
        from HER2PredictLib.outline.stability import work_on

        images = read_images(self._folder / request["file"], request["images"])
        return work_on(Case(Volume(images["volume"], ""), Roi(images["roi"], "")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
