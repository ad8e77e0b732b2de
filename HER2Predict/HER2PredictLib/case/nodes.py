"""MRML nodes in and out: the library's only view of a Slicer scene, the same in Slicer and on slicer-core."""

from __future__ import annotations

from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .prepared import Prepared
from .volumes import Volume

_numbers = count(1)

#: Volumes that somebody still holds, by the state of their nodes: at a stroke nobody copies a volume anew.
_volumes: WeakValueDictionary[tuple[Any, ...], Volume] = WeakValueDictionary()

#: MRML keeps positions in RAS, SimpleITK in LPS: the first two axes change sign.
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


def volume_from_node(node: Any) -> Volume:
    """The voxels and geometry of a ``vtkMRMLScalarVolumeNode``, in its own coordinate system (no parent transform).

    Raises
    ------
    InputError
        Where the node holds no 3D gray-level image.
    """
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None:
        raise InputError(
            _('The volume "{name}" holds no image. Load or choose another volume.').format(name=node.GetName()),
            code="volume-without-image",
        )
    transform = node.GetParentTransformNode()
    warped = transform is not None and not transform.IsTransformToWorldLinear()
    voxels = voxels_of(image)
    if voxels.ndim != 3:
        raise InputError(
            _('The volume "{name}" has {count} values per voxel; choose a gray-level CT volume.').format(
                name=node.GetName(), count=voxels.shape[-1]
            ),
            code="not-gray-level",
        )
    # Slicer's DICOM module notes the slices that a volume was loaded from.
    instance_uids = tuple((node.GetAttribute("DICOM.instanceUIDs") or "").split())
    matrix = matrix_of(node)
    # VTK counts the changes of all its objects together: no other image has this number, nor this one later.
    state = (image.GetMTime(), matrix.tobytes(), node.GetName(), warped, instance_uids)
    volume = _volumes.get(state)
    if volume is None:
        volume = Volume(placed(voxels, matrix), node.GetName(), warped=warped, instance_uids=instance_uids)
        _volumes[state] = volume
    return volume


def add_prepared_nodes(scene: Any, prepared: Prepared) -> tuple[Any, Any]:
    """Put a prepared pair into `scene` as volume and label map nodes for the time of a run, see `add_passing_node`."""
    pair = []
    for class_name, image in (
        ("vtkMRMLScalarVolumeNode", prepared.image),
        ("vtkMRMLLabelMapVolumeNode", prepared.mask),
    ):
        node = add_passing_node(scene, class_name, "HER2Predict prepared")
        fill(node, image)
        pair.append(node)
    return pair[0], pair[1]


def add_passing_node(scene: Any, class_name: str, name: str) -> Any:
    """A hidden node that is never saved and outlives the closing of the scene, since a run may need it until it has
    really ended; whoever adds it removes it."""
    import slicer

    made = getattr(slicer, class_name)()
    made.SetName(name)
    made.SetSingletonTag(f"HER2Predict.Run{next(_numbers)}")
    made.SetHideFromEditors(True)
    made.SetSaveWithScene(False)
    return scene.AddNode(made)


def strings_from_table(node: Any) -> dict[str, str]:
    """First row of a ``vtkMRMLTableNode`` as column name -> text; empty where the table has no row."""
    table = node.GetTable()
    if table.GetNumberOfRows() == 0:
        return {}
    return {
        table.GetColumnName(index): table.GetColumn(index).GetVariantValue(0).ToString()
        for index in range(table.GetNumberOfColumns())
    }


def matrix_of(volume_node: Any) -> np.ndarray:
    """The 4 x 4 matrix from voxel indices (i, j, k) to RAS in mm."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    return elements(matrix)


def elements(matrix: Any) -> np.ndarray:
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def voxels_of(image: Any) -> np.ndarray:
    """Voxels of a vtkImageData as a view with axes (k, j, i[, component])."""
    from vtk.util.numpy_support import vtk_to_numpy

    scalars = image.GetPointData().GetScalars()
    shape = tuple(reversed(image.GetDimensions()))
    if scalars.GetNumberOfComponents() > 1:
        shape += (scalars.GetNumberOfComponents(),)
    return vtk_to_numpy(scalars).reshape(shape)


def placed(voxels: np.ndarray, ijk_to_ras: np.ndarray) -> sitk.Image:
    """An image of voxels with axes (k, j, i) where a matrix from their indices to RAS in mm puts them."""
    axes = _RAS_TO_LPS @ ijk_to_ras[:3, :3]
    spacing = np.linalg.norm(axes, axis=0)
    result = sitk.GetImageFromArray(voxels)
    result.SetSpacing(spacing.tolist())
    result.SetDirection((axes / spacing).ravel().tolist())
    result.SetOrigin((_RAS_TO_LPS @ ijk_to_ras[:3, 3]).tolist())
    return result


def fill(node: Any, image: sitk.Image) -> None:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    data = vtk.vtkImageData()
    data.SetDimensions(image.GetSize())
    data.GetPointData().SetScalars(numpy_to_vtk(sitk.GetArrayViewFromImage(image).ravel(), deep=True))
    # One after the other: MRML takes a matrix apart into directions and spacing, and loses the last bit of both.
    node.SetSpacing(image.GetSpacing())
    directions = _RAS_TO_LPS @ np.array(image.GetDirection()).reshape(3, 3)
    node.SetIJKToRASDirections(*directions.ravel().tolist())
    node.SetOrigin((_RAS_TO_LPS @ np.array(image.GetOrigin())).tolist())
    node.SetAndObserveImageData(data)
