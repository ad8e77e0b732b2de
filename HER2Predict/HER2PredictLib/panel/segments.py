"""The segment that a tumour is outlined in, the editor's node, and word of every change to what is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..case.case import Case
from ..case.segment_nodes import drawn_segments, set_segment
from ..errors import InputError
from ..findings.remedies import mended
from ..i18n import tr as _

#: SNOMED CT: neoplasm of the urinary bladder, in the form and from the lists that Slicer's terminology module reads.
TERMINOLOGY = (
    "Segmentation category and type - 3D Slicer General Anatomy list"
    "~SCT^49755003^Morphologically Abnormal Structure~SCT^108369006^Neoplasm~^^"
    "~Anatomic codes - DICOM master list~SCT^89837001^Bladder~^^"
)
COLOR = (0.93, 0.35, 0.27)

#: Effects of Slicer's Segment Editor that serve to outline a tumour, in the order of the panel.
EFFECTS = (
    "Paint",
    "Draw",
    "Erase",
    "Level tracing",
    "Threshold",
    "Grow from seeds",
    "Fill between slices",
    "Islands",
    "Smoothing",
    "Margin",
    "Scissors",
)

#: Width and level of Slicer's preset "CT abdomen".
ABDOMEN_WINDOW_HU = (350.0, 40.0)

_EDITOR_TAG = "HER2Predict.SegmentEditor"


def segment_editor_node(scene: Any) -> Any:
    """The ``vtkMRMLSegmentEditorNode`` of the panel's own editor, apart from that of the Segment Editor module."""
    import slicer

    node = scene.GetSingletonNode(_EDITOR_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        made = slicer.vtkMRMLSegmentEditorNode()
        made.SetSingletonTag(_EDITOR_TAG)
        node = scene.AddNode(made)
    return node


def add_tumour_segment(scene: Any, volume_node: Any, segmentation_node: Any = None) -> tuple[Any, str]:
    """Add an empty segment "Bladder tumour", in a new segmentation on `volume_node` where none is given.

    A second one is "Bladder tumour 2", so that the outlines of two readers can be told apart. Gives the
    ``vtkMRMLSegmentationNode`` and the ID of the segment.
    """
    import slicer

    if segmentation_node is None:
        segmentation_node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Tumour")
        segmentation_node.CreateDefaultDisplayNodes()
        segmentation_node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    segmentation = segmentation_node.GetSegmentation()
    segment_id = segmentation.AddEmptySegment("", _unused_name(segmentation, "Bladder tumour"), COLOR)
    segmentation.GetSegment(segment_id).SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), TERMINOLOGY)
    return segmentation_node, segment_id


def _unused_name(segmentation: Any, name: str) -> str:
    count = segmentation.GetNumberOfSegments()
    taken = {segmentation.GetNthSegment(index).GetName() for index in range(count)}
    numbered = (f"{name} {number}" for number in range(2, count + 2))
    return next(free for free in (name, *numbered) if free not in taken)


def newest_volume(scene: Any) -> Any:
    """The ``vtkMRMLScalarVolumeNode`` that was loaded last, label maps and hidden ones passed over; None without."""
    newest = None
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if node.GetClassName() == "vtkMRMLScalarVolumeNode" and not node.GetHideFromEditors():
            newest = node
    return newest


def choose_defaults(scene: Any, choices: Any, selector: Any) -> None:
    """Choose the newest CT, and the segmentation that the panel's selector shows, where nothing is chosen."""
    if not choices.inputVolume and newest_volume(scene):
        choices.inputVolume = newest_volume(scene)
    if not choices.segmentation and selector.currentNode():
        choices.segmentation, choices.segmentID = selector.currentNode(), first_segment(selector.currentNode())


def what_to_choose(volume_node: Any, segmentation_node: Any, segment_id: str) -> str:
    """What the user has to do next before there is a case; empty where everything is chosen."""
    if volume_node is None:
        return _("Load a CT urography, or the sample case.")
    if segmentation_node is None or not segment_id:
        return _("Add a segment and outline the tumour in it.")
    return ""


def chosen_case(volume_node: Any, segmentation_node: Any, segment_id: str) -> Case:
    """The case that the chosen nodes hold.

    Raises
    ------
    InputError
        Where something is not chosen yet, or does not hold what it should.
    """
    missing = what_to_choose(volume_node, segmentation_node, segment_id)
    if missing:
        raise InputError(missing)
    return Case.from_nodes(volume_node, segmentation_node, segment_id)


def first_segment(segmentation_node: Any) -> str:
    """ID of the first segment; empty where there is none."""
    if segmentation_node is None or not segmentation_node.GetSegmentation().GetNumberOfSegments():
        return ""
    return str(segmentation_node.GetSegmentation().GetNthSegmentID(0))


def segment_name(segmentation_node: Any, segment_id: str) -> str:
    """Name of a segment; empty where there is none of this ID."""
    segment = segmentation_node.GetSegmentation().GetSegment(segment_id) if segmentation_node is not None else None
    return str(segment.GetName()) if segment is not None else ""


def roi_centre(segmentation_node: Any, segment_id: str) -> tuple[float, float, float] | None:
    """Centre of a segment, RAS in mm; None where there is no segment or nothing in it."""
    if segmentation_node is None or segment_id not in dict(drawn_segments(segmentation_node)):
        return None
    r, a, s = segmentation_node.GetSegmentCenterRAS(segment_id)
    return r, a, s


def centre_of(case: Case, volume_node: Any) -> tuple[float, float, float]:
    """The same of the ROI of a case on a volume, in a fraction of the time."""
    import slicer
    import vtk

    box = case.box
    middle = [(first + last) / 2.0 for first, last in zip(box.first[::-1], box.last[::-1], strict=True)]
    left, posterior, head = case.roi.image.TransformContinuousIndexToPhysicalPoint(middle)
    to_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(volume_node.GetParentTransformNode(), None, to_world)
    r, a, s = to_world.TransformPoint(-left, -posterior, head)
    return r, a, s


def show_in_slices(scene: Any, centre: tuple[float, float, float] | None) -> None:
    """Centre all slice views on a point, RAS in mm; None leaves them where they are."""
    import slicer

    if centre is not None:
        slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *centre, slicer.vtkMRMLSliceNode.CenteredJumpSlice)


def set_abdomen_window(volume_node: Any) -> None:
    """Show a volume in the CT abdomen window, unless somebody has chosen a window for it."""
    display = volume_node.GetScalarVolumeDisplayNode()
    if display is not None and display.GetAutoWindowLevel():
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(*ABDOMEN_WINDOW_HU)


def mend(volume_node: Any, segmentation_node: Any, segment_id: str, remedy: str) -> None:
    """Carry out a remedy, one of those in `finding`, on a segment, whose voxels are then those of the volume.

    Raises
    ------
    InputError
        Where a node does not hold what it should, or nothing would be left of the ROI.
    """
    case = chosen_case(volume_node, segmentation_node, segment_id)
    mask = sitk.GetImageFromArray(mended(case, remedy).astype(np.uint8))
    mask.CopyInformation(case.volume.image)
    set_segment(segmentation_node, segment_id, mask, volume_node)


class Watcher:
    """Calls back whenever voxels, geometry, transform or segments of the watched nodes may have changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._nodes: list[Any] = []
        self._observers: list[tuple[Any, int]] = []

    def watch(self, nodes: Iterable[Any]) -> None:
        """Watch these nodes, None among them passed over, instead of the earlier ones."""
        nodes = [node for node in nodes if node is not None]
        if nodes == self._nodes:
            return
        for node, tag in self._observers:
            node.RemoveObserver(tag)
        self._nodes = nodes
        self._observers = [
            (node, node.AddObserver(event, lambda caller, event: self._changed()))
            for node in nodes
            for event in _events_of(node)
        ]


def _events_of(node: Any) -> tuple[int | str, ...]:
    import slicer

    moved = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
    if node.IsA("vtkMRMLSegmentationNode"):
        # Undo in the Segment Editor sends SegmentModified alone; so does a rename.
        drawn = slicer.vtkSegmentation
        return moved, drawn.SegmentModified, drawn.SourceRepresentationModified, drawn.SegmentRemoved
    return moved, slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, "ModifiedEvent"
