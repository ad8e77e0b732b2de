"""The model that was used last, kept so that its bundle is read again only when the file has changed."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from .model import BUNDLED_MODEL, Model


class ModelCache:
    """Holds one model."""

    def __init__(self) -> None:
        self._key: tuple[Path, int] | None = None
        self._model: Model | None = None

    def model(self, path: str = "") -> Model:
        """The model of a bundle; of the bundled one where `path` is empty.

        Raises
        ------
        InputError
            Where the bundle cannot be used.
        """
        file = Path(path) if path else BUNDLED_MODEL
        key = (file, file.stat().st_mtime_ns if file.is_file() else 0)
        if self._model is None or key != self._key:
            self._model, self._key = None, None
            self._model, self._key = Model.load(file), key
        return self._model

    def holds(self, path: str) -> bool:
        try:
            self.model(path)
        except InputError:
            return False
        return True
