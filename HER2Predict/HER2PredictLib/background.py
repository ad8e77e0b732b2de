"""One prediction in the background: a command-line module of Slicer computes the features while the user goes on."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

import SimpleITK as sitk

from . import assess, features
from .assess import Assessment, Preparation
from .case import Prepared
from .errors import InputError
from .i18n import tr as _
from .model import Model
from .nodes import add_prepared_nodes, strings_from_table

#: Called once when a run ends: the Assessment, or why there is none; both None when it was cancelled.
Callback = Callable[[Assessment | None, Exception | None], None]

#: Starts SlicerRadiomics' command-line module with the parameters given, and returns its
#: ``vtkMRMLCommandLineModuleNode`` without waiting.
Start = Callable[[Mapping[str, Any]], Any]


def stamp(preparation: Preparation, model: Model) -> str:
    """Digest of everything that the probability depends on; two inputs with one stamp have one result."""
    digest = hashlib.blake2b(model.sha256.encode())
    for image in (preparation.prepared.image, preparation.prepared.mask):
        digest.update(repr((image.GetSize(), image.GetSpacing())).encode())
        digest.update(sitk.GetArrayViewFromImage(image).tobytes())
    return digest.hexdigest()


class Extraction:
    """The features of one prepared pair; its nodes leave the scene however it ends.

    Parameters
    ----------
    scene : vtkMRMLScene
    prepared : Prepared
    start : callable
    ended : callable
        Called once: with the features, or why there are none; both None when it was cancelled.

    Raises
    ------
    InputError
        Where the module does not start.
    """

    def __init__(
        self,
        scene: Any,
        prepared: Prepared,
        start: Start,
        ended: Callable[[features.Features | None, Exception | None], None],
    ) -> None:
        self._scene, self._ended = scene, ended
        image, mask = add_prepared_nodes(scene, prepared)
        self._table = scene.AddNewNodeByClass("vtkMRMLTableNode", "HER2Predict features")
        self._table.SetHideFromEditors(True)
        self._table.SetSaveWithScene(False)
        self._nodes = [image, mask, self._table]
        try:
            self._cli = start(
                {
                    "Image": image.GetID(),
                    "Mask": mask.GetID(),
                    "param": str(features.PARAMETER_FILE),
                    "label": 1,
                    "out": self._table.GetID(),
                }
            )
        except Exception:
            self._remove_nodes()
            raise
        self._cli.SetSaveWithScene(False)
        self._nodes.append(self._cli)
        if not self._cli.IsBusy():
            self._remove_nodes()
            raise InputError(_("SlicerRadiomics could not be started; restart Slicer and try again."))
        # Slicer sends ModifiedEvent from the main thread once it has read the outputs.
        self._observers = [
            (self._cli, self._cli.AddObserver("ModifiedEvent", self._on_modified)),
            (scene, scene.AddObserver(scene.StartCloseEvent, self._on_scene_close)),
        ]

    def cancel(self) -> None:
        """Ask it to stop; `ended` is called when it has."""
        self._cli.Cancel()

    def _on_scene_close(self, caller: Any, event: str) -> None:
        self._let_go()
        self._cli.Cancel()
        self._end(None, None)

    def _on_modified(self, caller: Any, event: str) -> None:
        if self._cli.IsBusy():
            return
        self._let_go()
        if self._cli.GetStatus() == self._cli.Cancelled:
            self._end(None, None)
            return
        try:
            values = self._read()
        except InputError as error:
            self._end(None, error)
        except Exception as error:
            logging.exception("The table of a finished extraction could not be read")
            self._end(None, error)
        else:
            self._end(values, None)

    def _read(self) -> features.Features:
        texts = strings_from_table(self._table)
        if not texts:
            # A failed extraction, too, ends as Completed; its log then ends with the reason.
            log = self._cli.GetErrorText().strip().splitlines() or [_("it left no message")]
            raise InputError(_("SlicerRadiomics computed no features: {reason}").format(reason=log[-1]))
        return features.from_strings(texts)

    def _end(self, values: features.Features | None, error: Exception | None) -> None:
        self._remove_nodes()
        self._ended(values, error)

    def _let_go(self) -> None:
        for observed, tag in self._observers:
            observed.RemoveObserver(tag)
        self._observers.clear()

    def _remove_nodes(self) -> None:
        for node in self._nodes:
            self._scene.RemoveNode(node)
        self._nodes.clear()


class Run:
    """A prediction that is running.

    Parameters
    ----------
    scene : vtkMRMLScene
    preparation : Preparation
        From `assess.begin`.
    model : Model
    start : callable
    callback : callable
        Called once, when the run has ended.

    Attributes
    ----------
    stamp : str
        Of what the run was started on.

    Raises
    ------
    InputError
        Where the module does not start, or the model learnt on features of other settings.
    """

    def __init__(self, scene: Any, preparation: Preparation, model: Model, start: Start, callback: Callback) -> None:
        model.require_own_settings()
        self.stamp = stamp(preparation, model)
        self._preparation, self._model, self._callback = preparation, model, callback
        self._extraction = Extraction(scene, preparation.prepared, start, self._on_end)

    def cancel(self) -> None:
        """Ask the run to stop; the callback follows when it has."""
        self._extraction.cancel()

    def _on_end(self, values: features.Features | None, error: Exception | None) -> None:
        if values is None:
            self._callback(None, error)
            return
        try:
            assessment = assess.conclude(self._preparation, values, self._model)
        except InputError as refusal:
            self._callback(None, refusal)
        except Exception as fault:
            logging.exception("The features of a finished extraction could not be used")
            self._callback(None, fault)
        else:
            self._callback(assessment, None)
