"""MRML nodes in and out: the library's only view of a Slicer scene, the same in Slicer and on slicer-core."""

from __future__ import annotations

from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .grid import share_outside
from .prepared import Prepared
from .rois import Roi, choose_segment, empty_roi
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
    voxels = _voxels(image)
    if voxels.ndim != 3:
        raise InputError(
            _('The volume "{name}" has {count} values per voxel; choose a gray-level CT volume.').format(
                name=node.GetName(), count=voxels.shape[-1]
            ),
            code="not-gray-level",
        )
    # Slicer's DICOM module notes the slices that a volume was loaded from.
    instance_uids = tuple((node.GetAttribute("DICOM.instanceUIDs") or "").split())
    matrix = _matrix(node)
    # VTK counts the changes of all its objects together: no other image has this number, nor this one later.
    state = (image.GetMTime(), matrix.tobytes(), node.GetName(), warped, instance_uids)
    volume = _volumes.get(state)
    if volume is None:
        volume = Volume(_placed(voxels, matrix), node.GetName(), warped=warped, instance_uids=instance_uids)
        _volumes[state] = volume
    return volume


def roi_from_node(node: Any, segment: str | None, volume_node: Any) -> tuple[Roi, float]:
    """The ROI on the grid of `volume_node`, parent transforms of both honoured, and the share of it that lies outside.

    Linear transforms and those that bend are honoured alike; the gray levels stay on their own grid.

    Raises
    ------
    InputError
        Where the node is no ``vtkMRMLSegmentationNode``, or the segment (name or ID; needed where there are several)
        does not exist, is empty or lies outside the volume.
    """
    import slicer
    import vtk

    if not node.IsA("vtkMRMLSegmentationNode"):
        raise InputError(
            _('"{name}" is a {kind} node, not a segmentation. Convert it to a segmentation in the Data module.').format(
                name=node.GetName(), kind=node.GetNodeTagName()
            ),
            code="not-segmentation",
        )
    binary_labelmap = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segmentation = node.GetSegmentation()
    segments = _segments(segmentation)
    segment_id = choose_segment(segments, segment, _('The segmentation "{name}"').format(name=node.GetName()))
    name = dict(segments)[segment_id]
    if not segmentation.CreateRepresentation(binary_labelmap):
        raise InputError(
            _('The segment "{name}" cannot be turned into voxels; draw it in the Segment Editor.').format(name=name),
            code="segment-unusable",
        )
    own = segmentation.GetSegment(segment_id)
    # Segments that do not overlap share one image, each with its own label value.
    if not _holds(own.GetRepresentation(binary_labelmap), own.GetLabelValue()):
        raise empty_roi(name)
    chosen = vtk.vtkStringArray()
    chosen.InsertNextValue(segment_id)
    merged = slicer.vtkOrientedImageData()
    slicer.vtkSlicerSegmentationsModuleLogic.GenerateMergedLabelmapInReferenceGeometry(
        node, volume_node, chosen, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY, merged
    )
    inside = _voxels(merged) != 0
    if not inside.any():
        raise InputError(
            _('The ROI "{name}" lies outside the volume "{volume}".').format(name=name, volume=volume_node.GetName()),
            code="roi-outside-volume",
        )
    lost = _share_outside(own.GetRepresentation(binary_labelmap), own.GetLabelValue(), node, volume_node)
    return Roi(_placed(inside.view(np.uint8), _matrix(volume_node)), name), lost


def _share_outside(labelmap: Any, label: int, node: Any, volume_node: Any) -> float:
    """Share of the voxels of a segment, on the grid that it was drawn on, whose centres lie outside the volume."""
    import slicer
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    first = np.array(labelmap.GetExtent()[::2])
    marked = _voxels(labelmap) == label
    # On flat bytes several times as fast as numpy.argwhere, and this is done at every stroke.
    drawn = np.stack(np.unravel_index(np.flatnonzero(marked), marked.shape)[::-1], axis=1) + first
    way = vtk.vtkGeneralTransform()
    way.PostMultiply()
    to_parent = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(to_parent)
    way.Concatenate(to_parent)
    between = vtk.vtkGeneralTransform()
    own, others = node.GetParentTransformNode(), volume_node.GetParentTransformNode()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(own, others, between)
    way.Concatenate(between)
    to_index = vtk.vtkMatrix4x4()
    volume_node.GetRASToIJKMatrix(to_index)
    way.Concatenate(to_index)
    points, moved = vtk.vtkPoints(), vtk.vtkPoints()
    points.SetDataTypeToDouble()
    moved.SetDataTypeToDouble()
    points.SetData(numpy_to_vtk(drawn.astype(np.float64), deep=True))
    way.TransformPoints(points, moved)
    return share_outside(vtk_to_numpy(moved.GetData()), volume_node.GetImageData().GetDimensions())


def drawn_segments(node: Any) -> list[tuple[str, str]]:
    """ID and name of each segment of a ``vtkMRMLSegmentationNode`` that is not empty."""
    import slicer

    binary_labelmap = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segmentation = node.GetSegmentation()
    if not segmentation.GetNumberOfSegments() or not segmentation.CreateRepresentation(binary_labelmap):
        return []
    drawn = []
    for segment_id, name in _segments(segmentation):
        own = segmentation.GetSegment(segment_id)
        if _holds(own.GetRepresentation(binary_labelmap), own.GetLabelValue()):
            drawn.append((segment_id, name))
    return drawn


def _segments(segmentation: Any) -> list[tuple[str, str]]:
    """ID and name of each segment, in order."""
    ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
    return [(segment_id, segmentation.GetSegment(segment_id).GetName()) for segment_id in ids]


def add_prepared_nodes(scene: Any, prepared: Prepared) -> tuple[Any, Any]:
    """Put a prepared pair into `scene` as volume and label map nodes for the time of a run, see `add_passing_node`."""
    pair = []
    for class_name, image in (
        ("vtkMRMLScalarVolumeNode", prepared.image),
        ("vtkMRMLLabelMapVolumeNode", prepared.mask),
    ):
        node = add_passing_node(scene, class_name, "HER2Predict prepared")
        _fill(node, image)
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


def set_segment(segmentation_node: Any, segment_id: str, mask: sitk.Image, volume_node: Any) -> None:
    """Replace the voxels of a segment, and of no other, by a mask of 0 and 1 under the transform of `volume_node`."""
    import slicer

    scene = segmentation_node.GetScene()
    labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "HER2Predict mended")
    try:
        labelmap.SetHideFromEditors(True)
        _fill(labelmap, mask)
        labelmap.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        moved = logic.CreateOrientedImageDataFromVolumeNode(labelmap, segmentation_node.GetParentTransformNode())
        if moved.GetReferenceCount() > 1:  # the method hands over the image that it has made
            moved.UnRegister(None)
        logic.SetBinaryLabelmapToSegment(moved, segmentation_node, segment_id)
    finally:
        scene.RemoveNode(labelmap)


def _matrix(volume_node: Any) -> np.ndarray:
    """The 4 x 4 matrix from voxel indices (i, j, k) to RAS in mm."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def _voxels(image: Any) -> np.ndarray:
    """Voxels of a vtkImageData as a view with axes (k, j, i[, component])."""
    from vtk.util.numpy_support import vtk_to_numpy

    scalars = image.GetPointData().GetScalars()
    shape = tuple(reversed(image.GetDimensions()))
    if scalars.GetNumberOfComponents() > 1:
        shape += (scalars.GetNumberOfComponents(),)
    return vtk_to_numpy(scalars).reshape(shape)


def _holds(image: Any, label: int) -> bool:
    if image is None or 0 in image.GetDimensions() or image.GetPointData().GetScalars() is None:
        return False
    return bool((_voxels(image) == label).any())


def _placed(voxels: np.ndarray, ijk_to_ras: np.ndarray) -> sitk.Image:
    """An image of voxels with axes (k, j, i) where a matrix from their indices to RAS in mm puts them."""
    axes = _RAS_TO_LPS @ ijk_to_ras[:3, :3]
    spacing = np.linalg.norm(axes, axis=0)
    result = sitk.GetImageFromArray(voxels)
    result.SetSpacing(spacing.tolist())
    result.SetDirection((axes / spacing).ravel().tolist())
    result.SetOrigin((_RAS_TO_LPS @ ijk_to_ras[:3, 3]).tolist())
    return result


def _fill(node: Any, image: sitk.Image) -> None:
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
