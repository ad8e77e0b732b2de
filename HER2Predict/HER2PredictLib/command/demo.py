"""The sample case as MRML nodes: in the application, or in a scene of Slicer's own classes without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..case.case import Case
from ..errors import InputError
from ..i18n import tr as _


def register_sample_data(icon: Path, load: Callable[[], Any]) -> None:
    """Offer the sample case in Slicer's Sample Data module, where there is one."""
    try:
        import SampleData
    except ImportError:
        return
    SampleData.SampleDataLogic.registerCustomSampleDataSource(**sample_data_source(icon, load))


def sample_data_source(icon: Path, load: Callable[[], Any]) -> dict[str, Any]:
    """What Slicer's Sample Data module is told of the sample case that `load` loads, made locally, not downloaded."""
    return {
        "category": "HER2Predict",
        "sampleName": "HER2PredictSampleCase",
        "thumbnailFileName": str(icon),
        "uris": "",
        "fileNames": "",
        "nodeNames": "",
        "customDownloader": lambda source: load(),
    }


def load_in_application(folder: Path) -> tuple[Any, Any, str]:
    """Make the sample case where it is not there yet, and load it into the application: its
    ``vtkMRMLScalarVolumeNode``, its ``vtkMRMLSegmentationNode`` and the ID of the segment."""
    import slicer

    from ..training.simulator.simulate import sample_case

    sample = sample_case(folder)
    volume = slicer.util.loadVolume(str(sample.volume), {"name": _("Sample CTU")})
    segmentation = slicer.util.loadSegmentation(str(sample.roi), {"name": _("Sample outline")})
    segment_id = segmentation.GetSegmentation().GetSegmentIdBySegmentName(sample.segment)
    return volume, segmentation, segment_id or sample.segment


def load_sample_nodes(folder: Path) -> Case:
    """Make the sample case on first use, load it as MRML nodes as Slicer does, and take the Case from them.

    Raises
    ------
    InputError
        Where slicer-core is not installed or cannot be loaded.
    """
    try:
        import slicer
    except ImportError as error:
        reason = _("The demo needs slicer-core (pip install slicer-core), or run `predict` on files.")
        if error.name != "slicer":
            reason = _("The demo needs slicer-core, which cannot be loaded ({error}); or run `predict` on files.")
        raise InputError(reason.format(error=error)) from error
    from ..training.simulator.simulate import sample_case

    sample = sample_case(folder)
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    colors = slicer.vtkMRMLColorLogic()
    colors.SetMRMLScene(scene)
    application.SetModuleLogic("Colors", colors)
    volumes = slicer.vtkSlicerVolumesLogic()
    volumes.SetMRMLApplicationLogic(application)
    volumes.SetMRMLScene(scene)
    volume = volumes.AddArchetypeVolume(str(sample.volume), "Sample CTU")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Sample segmentation")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(sample.roi))
    if volume is None or not storage.ReadData(segmentation):
        raise InputError(
            _("The sample case in {folder} is damaged; delete that folder and try again.").format(folder=folder)
        )
    return Case.from_nodes(volume, segmentation)
