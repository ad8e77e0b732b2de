"""One prediction in the background: whoever computes the features, the user goes on."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .. import __version__, assess, features, threads
from ..assess import Assessment, CheckedCase
from ..case.nodes import add_passing_node, add_prepared_nodes, strings_from_table
from ..case.prepared import Prepared
from ..errors import InputError
from ..features import PARAMETER_FILE
from ..helper.pool import Helpers
from ..helper.task import NoHelperError
from ..i18n import tr as _
from ..model.model import Model

#: Called once when a run ends: the Assessment, or why there is none; both None when it was cancelled.
Callback = Callable[[Assessment | None, Exception | None], None]

#: Called once when an extraction ends: with the features, or why there are none; both None when it was cancelled.
Ended = Callable[[features.Features | None, Exception | None], None]

#: Starts SlicerRadiomics' command-line module with the parameters given, and returns its
#: ``vtkMRMLCommandLineModuleNode`` without waiting.
Start = Callable[[Mapping[str, Any]], Any]

#: Calls a function in a later turn of the application's event loop.
Later = Callable[[Callable[[], None]], None]


class Running(Protocol):
    """An extraction that has been started."""

    def cancel(self) -> None:
        """Ask it to stop."""


#: Starts to compute the features of a prepared pair.
Extract = Callable[[Prepared, Ended], Running]


def input_digest(checked: CheckedCase, model: Model) -> str:
    """Digest of everything that the probability depends on; two inputs with one digest have one result."""
    found = hashlib.blake2b(f"{model.sha256} {__version__}".encode())
    found.update(PARAMETER_FILE.read_bytes())
    checked.prepared.add_to(found)
    return found.hexdigest()


class ModuleExtraction:
    """The features of one prepared pair by SlicerRadiomics' module; its nodes leave the scene however it ends.

    They leave it in a later turn of the event loop and not before the run has really ended: the module's logic goes on
    using its node after the events that it sends, and reads the outputs without asking whether they are still there.

    Raises
    ------
    InputError
        Where the module does not start.
    """

    def __init__(self, scene: Any, start: Start, later: Later, prepared: Prepared, ended: Ended) -> None:
        self._scene, self._later, self._ended = scene, later, ended
        self._is_over = False
        self._table = add_passing_node(scene, "vtkMRMLTableNode", "HER2Predict features")
        self._nodes = [*add_prepared_nodes(scene, prepared), self._table]
        # Held for the whole run: nobody says when the module's own process begins.
        self._one_thread = contextlib.ExitStack()
        self._one_thread.enter_context(threads.one_in_children())
        try:
            self._cli = start(
                {
                    "Image": self._nodes[0].GetID(),
                    "Mask": self._nodes[1].GetID(),
                    "param": str(features.PARAMETER_FILE),
                    "label": 1,
                    "out": self._table.GetID(),
                }
            )
        except Exception:
            self._clean_up()
            raise
        self._cli.SetSaveWithScene(False)
        self._nodes.append(self._cli)
        if not self._cli.IsBusy():
            later(self._clean_up)
            raise InputError(_("SlicerRadiomics could not be started; restart Slicer and try again."))
        # Slicer sends ModifiedEvent from the main thread once it has read the outputs.
        self._observers = [
            (self._cli, self._cli.AddObserver("ModifiedEvent", self._on_modified)),
            (scene, scene.AddObserver(scene.StartCloseEvent, self._on_scene_close)),
        ]

    def cancel(self) -> None:
        """Ask it to stop; `ended` is called when it has."""
        if not self._is_over:
            self._cli.Cancel()

    def _on_scene_close(self, caller: Any, event: str) -> None:
        self._cli.Cancel()
        self._end(None, None)

    def _on_modified(self, caller: Any, event: str) -> None:
        if self._cli.IsBusy():
            return
        for observed, tag in self._observers:
            observed.RemoveObserver(tag)
        self._observers.clear()
        self._later(self._finish)

    def _finish(self) -> None:
        values, error = (None, None) if self._is_over else self._outcome()
        self._clean_up()
        self._end(values, error)

    def _outcome(self) -> tuple[features.Features | None, Exception | None]:
        if self._cli.GetStatus() == self._cli.Cancelled:
            return None, None
        try:
            return self._read(), None
        except InputError as refusal:
            return None, refusal
        except Exception as fault:
            logging.exception("The table of a finished extraction could not be read")
            return None, fault

    def _read(self) -> features.Features:
        texts = strings_from_table(self._table)
        if not texts:
            # A failed extraction, too, ends as Completed; its log then ends with the reason.
            log = self._cli.GetErrorText().strip().splitlines() or [_("it left no message")]
            raise InputError(_("SlicerRadiomics computed no features: {reason}").format(reason=log[-1]))
        return features.from_strings(texts)

    def _end(self, values: features.Features | None, error: Exception | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._ended(values, error)

    def _clean_up(self) -> None:
        self._one_thread.close()
        # Slicer makes one for every output that it reads.
        stores = [self._table.GetNthStorageNode(index) for index in range(self._table.GetNumberOfStorageNodes())]
        for node in [*stores, *self._nodes]:
            if node is not None and node.GetScene() is self._scene:
                self._scene.RemoveNode(node)
        self._nodes.clear()


class LiveExtraction:
    """The features of one prepared pair by a helper process, or in this one where there can be none.

    It starts at once, before anybody may know that the features are wanted.
    """

    def __init__(self, helpers: Helpers, later: Later, prepared: Prepared) -> None:
        self.prepared = prepared
        self._later = later
        self._ended: Ended | None = None
        self._outcome: tuple[features.Features | None, Exception | None] | None = None
        self._task = helpers.features(prepared, self._on_answer)

    def tell(self, ended: Ended) -> None:
        """Call `ended` once, in a later turn, unless it is cancelled before."""
        self._ended = ended
        if self._outcome is not None:
            self._later(self._deliver)

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._ended = None
        self._task.cancel()

    def _on_answer(self, values: features.Features | None, error: Exception | None) -> None:
        self._outcome = values, error
        if self._ended is not None:
            self._deliver()

    def _deliver(self) -> None:
        ended, self._ended = self._ended, None
        if ended is None or self._outcome is None:
            return
        _values, error = self._outcome
        ended(*(self._extracted_here() if isinstance(error, NoHelperError) else self._outcome))

    def _extracted_here(self) -> tuple[features.Features | None, Exception | None]:
        try:
            return features.extract(self.prepared), None
        except InputError as refusal:
            return None, refusal
        except Exception as fault:
            logging.exception("The features could not be computed in this process")
            return None, fault


class Run:
    """A prediction that is running; `digest` is of what it was started on.

    Raises
    ------
    InputError
        Where the extraction does not start, or the model learnt on features of other settings.
    """

    def __init__(self, checked: CheckedCase, model: Model, extract: Extract, callback: Callback) -> None:
        model.require_own_settings()
        self.digest = input_digest(checked, model)
        self._checked, self._model, self._callback = checked, model, callback
        self._extraction = extract(checked.prepared, self._on_end)

    def cancel(self) -> None:
        """Ask the run to stop."""
        self._extraction.cancel()

    def _on_end(self, values: features.Features | None, error: Exception | None) -> None:
        if values is None:
            self._callback(None, error)
            return
        try:
            assessment = assess.predict(self._checked, values, self._model)
        except InputError as refusal:
            self._callback(None, refusal)
        except Exception as fault:
            logging.exception("The features of a finished extraction could not be used")
            self._callback(None, fault)
        else:
            self._callback(assessment, None)
