"""Reading one image from a file with ITK, whatever its format, and the messages where it is none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _


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
            return reader.Execute()
    except RuntimeError as error:
        raise InputError(
            _("{path} is not an image that can be read, or is damaged. Give {kinds}.").format(
                path=path, kinds=readable()
            ),
            code="image-unreadable",
        ) from error


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
