"""The sample case as MRML nodes, in a scene of Slicer's own classes without the application."""

from __future__ import annotations

from pathlib import Path

from .case import Case
from .errors import InputError


def load_sample_nodes(folder: Path) -> Case:
    """Make the sample case on first use, load it as MRML nodes as Slicer does, and take the Case from them.

    Raises
    ------
    InputError
        Where slicer-core is not installed.
    """
    try:
        import slicer
    except ImportError as error:
        raise InputError("The demo needs slicer-core (pip install slicer-core), or run `predict` on files.") from error
    from .training.simulate import sample_case

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
        raise InputError(f"The sample case in {folder} is damaged; delete that folder and try again.")
    return Case.from_nodes(volume, segmentation)
