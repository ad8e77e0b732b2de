"""Segments of a scene in and out: the ROI that a ``vtkMRMLSegmentationNode`` holds, on the grid of a volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..i18n import tr as _
from .grid import SAME_GRID_VOXELS, share_outside
from .nodes import elements, fill, matrix_of, placed, voxels_of
from .rois import Roi, choose_segment, empty_roi


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
    labelmap = own.GetRepresentation(binary_labelmap)
    marked = _marked(labelmap, own.GetLabelValue())
    if marked is None:
        raise empty_roi(name)
    inside, lost = _cut_out(labelmap, marked, node, volume_node) or (
        _resampled(segment_id, node, volume_node),
        _share_outside(labelmap, marked, node, volume_node),
    )
    if not inside.any():
        raise InputError(
            _('The ROI "{name}" lies outside the volume "{volume}".').format(name=name, volume=volume_node.GetName()),
            code="roi-outside-volume",
        )
    return Roi(placed(inside.view(np.uint8), matrix_of(volume_node)), name), lost


def _cut_out(labelmap: Any, marked: np.ndarray, node: Any, volume_node: Any) -> tuple[np.ndarray, float] | None:
    """A segment, `marked` in its image, on the grid of a volume, and the share of it outside, if it was drawn on that.

    So the Segment Editor leaves it; None elsewhere. `_resampled` gives the same, and takes ten times as long on a large
    volume, for which the user would wait at every stroke.
    """
    if node.GetParentTransformNode() is not volume_node.GetParentTransformNode():
        return None
    size = volume_node.GetImageData().GetDimensions()
    drawn = _Extent(labelmap.GetExtent())
    apart = np.linalg.inv(matrix_of(volume_node)) @ _image_matrix(labelmap) - np.eye(4)
    if np.abs(drawn.corners @ apart.T).max() > SAME_GRID_VOXELS:
        return None
    inside = np.zeros(size[::-1], bool)
    there, here = drawn.common(size)
    inside[there] = marked[here]
    return inside, 1.0 - np.count_nonzero(inside[there]) / np.count_nonzero(marked)


class _Extent:
    """The voxels that an image of VTK holds, by its extent."""

    def __init__(self, extent: tuple[int, ...]) -> None:
        self.first, self.last = np.array(extent).reshape(3, 2).T

    @property
    def corners(self) -> np.ndarray:
        """Indices (i, j, k, 1) of the eight corners, shape (8, 4)."""
        ends = np.array([self.first, self.last])
        return np.array([(*(ends[end, axis] for axis, end in enumerate(which)), 1) for which in np.ndindex(2, 2, 2)])

    def common(self, size: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """What it has in common with an image of this size that begins at 0: index (k, j, i) of that, and of it."""
        low = np.minimum(np.maximum(self.first, 0), size)
        high = np.maximum(np.minimum(self.last + 1, size), low)
        whole = [slice(*ends) for ends in zip(low[::-1], high[::-1], strict=True)]
        own = [slice(*ends) for ends in zip((low - self.first)[::-1], (high - self.first)[::-1], strict=True)]
        return tuple(whole), tuple(own)


def _resampled(segment_id: str, node: Any, volume_node: Any) -> np.ndarray:
    """A segment on the grid of a volume, boolean, axes (k, j, i)."""
    import slicer
    import vtk

    chosen = vtk.vtkStringArray()
    chosen.InsertNextValue(segment_id)
    merged = slicer.vtkOrientedImageData()
    slicer.vtkSlicerSegmentationsModuleLogic.GenerateMergedLabelmapInReferenceGeometry(
        node, volume_node, chosen, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY, merged
    )
    return voxels_of(merged) != 0


def _share_outside(labelmap: Any, marked: np.ndarray, node: Any, volume_node: Any) -> float:
    """Share of the voxels of a segment, `marked` in its image, whose centres lie outside the volume."""
    import slicer
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    first = np.array(labelmap.GetExtent()[::2])
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
        if _marked(own.GetRepresentation(binary_labelmap), own.GetLabelValue()) is not None:
            drawn.append((segment_id, name))
    return drawn


def _segments(segmentation: Any) -> list[tuple[str, str]]:
    """ID and name of each segment, in order."""
    ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
    return [(segment_id, segmentation.GetSegment(segment_id).GetName()) for segment_id in ids]


def set_segment(segmentation_node: Any, segment_id: str, mask: sitk.Image, volume_node: Any) -> None:
    """Replace the voxels of a segment, and of no other, by a mask of 0 and 1 under the transform of `volume_node`."""
    import slicer

    scene = segmentation_node.GetScene()
    labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "HER2Predict mended")
    try:
        labelmap.SetHideFromEditors(True)
        fill(labelmap, mask)
        labelmap.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        moved = logic.CreateOrientedImageDataFromVolumeNode(labelmap, segmentation_node.GetParentTransformNode())
        if moved.GetReferenceCount() > 1:  # the method hands over the image that it has made
            moved.UnRegister(None)
        logic.SetBinaryLabelmapToSegment(moved, segmentation_node, segment_id)
    finally:
        scene.RemoveNode(labelmap)


def _marked(image: Any, label: int) -> np.ndarray | None:
    """The voxels of an image that have a label, as booleans; None where there are none."""
    if image is None or 0 in image.GetDimensions() or image.GetPointData().GetScalars() is None:
        return None
    found = voxels_of(image) == label
    return found if found.any() else None


def _image_matrix(image: Any) -> np.ndarray:
    """The 4 x 4 matrix from indices of a ``vtkOrientedImageData`` to RAS in mm."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return elements(matrix)
