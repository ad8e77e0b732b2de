"""Reading one image from a file with ITK, whatever its format, and the messages where it is none."""

from __future__ import annotations

import contextlib
import gzip
import math
import zlib
from collections.abc import Iterator
from pathlib import Path

import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _

_CHUNK = 1 << 20


def readable() -> str:
    """What can be read, for messages."""
    return _("NRRD, NIfTI, MetaImage (.mha, .mhd) or DICOM")


def read_image(path: Path) -> sitk.Image:
    """Read an image of any dimension and format that ITK knows.

    Raises
    ------
    InputError
        Where there is no file, or none that can be read.
    """
    if not path.exists():
        raise InputError(_("{path} does not exist. Check the path.").format(path=path), code="file-not-found")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with without_itk_warnings():
            image = reader.Execute()
    except RuntimeError as error:
        raise _unreadable(path) from error
    if _is_cut_short(image, path):
        raise _unreadable(path)
    return image


def _unreadable(path: Path) -> InputError:
    return InputError(
        _("{path} is not an image that can be read, or is damaged. Give {kinds}.").format(path=path, kinds=readable()),
        code="image-unreadable",
    )


def _is_cut_short(image: sitk.Image, path: Path) -> bool:
    """Does a NIfTI file end before its voxels? ITK refuses other formats then, and takes for 0 what this one lacks."""
    is_compressed = path.name.lower().endswith(".nii.gz")
    if not (is_compressed or path.suffix.lower() == ".nii"):
        return False
    try:
        axes = range(1, int(image.GetMetaData("dim[0]")) + 1)
        voxels = math.prod(max(1, int(image.GetMetaData(f"dim[{axis}]"))) for axis in axes)
        start, bits = float(image.GetMetaData("vox_offset")), int(image.GetMetaData("bitpix"))
    except (RuntimeError, ValueError):  # no NIfTI, whatever its name
        return False
    needed = int(start) + voxels * bits // 8
    return _gzip_ends_before(path, needed) if is_compressed else path.stat().st_size < needed


def _gzip_ends_before(path: Path, length: int) -> bool:
    """Does it hold fewer bytes than that? Read only where its last four, which tell how many (RFC 1952), differ."""
    with path.open("rb") as file:
        file.seek(-4, 2)
        if int.from_bytes(file.read(4), "little") == length % (1 << 32):
            return False
    found = 0
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK):
                found += len(chunk)
    except EOFError:
        return True
    except (OSError, zlib.error):  # of what stands behind the voxels, if they are all there
        pass
    return found < length


@contextlib.contextmanager
def without_itk_warnings() -> Iterator[None]:
    """Keep ITK's remarks off standard error; what matters of them is a finding or an InputError."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def one_volume(image: sitk.Image, path: Path) -> sitk.Image:
    """A 3D gray-level volume as it is; a fourth axis of length 1 is dropped.

    Raises
    ------
    InputError
        Where the image is another one.
    """
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(
            _("{path} has {count} values per voxel (a colour or vector image); give a gray-level CT volume.").format(
                path=path, count=image.GetNumberOfComponentsPerPixel()
            ),
            code="not-gray-level",
        )
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3:
        raise InputError(
            _("{path} has {count} dimensions; give one volume with 3.").format(path=path, count=image.GetDimension()),
            code="not-one-volume",
        )
    return image
