"""What a helper and the application say: a line of JSON each way, arrays in files of a private folder beside it.

Imports nothing heavy: a helper whose Python lacks something must still be able to say so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import SimpleITK as sitk

Message = dict[str, Any]

_GEOMETRY = ("Spacing", "Origin", "Direction")


def encode(message: Mapping[str, Any]) -> bytes:
    """One line; a float comes back with the same bits, since Python writes the shortest text that is read as it."""
    return json.dumps(message, allow_nan=False).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The message in a line; ValueError where it holds none."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"a message is an object, not {message!r}")
    return message


class Lines:
    """Puts lines together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, piece: bytes) -> list[bytes]:
        """The lines that this piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return lines


def write_images(path: Path, **images: sitk.Image) -> Message:
    """Write voxels into a file, and return the geometry that belongs to them."""
    import numpy as np
    import SimpleITK as sitk

    np.savez(path, **{name: sitk.GetArrayViewFromImage(image) for name, image in images.items()})
    return {name: {part: getattr(image, f"Get{part}")() for part in _GEOMETRY} for name, image in images.items()}


def read_images(path: Path, geometry: Mapping[str, Mapping[str, Any]]) -> dict[str, sitk.Image]:
    """The images that `write_images` wrote, by their names."""
    import numpy as np
    import SimpleITK as sitk

    images = {}
    with np.load(path, allow_pickle=False) as arrays:
        for name, parts in geometry.items():
            images[name] = sitk.GetImageFromArray(arrays[name])
            for part in _GEOMETRY:
                getattr(images[name], f"Set{part}")(parts[part])
    return images
