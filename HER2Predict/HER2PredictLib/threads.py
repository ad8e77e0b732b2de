"""Threads of ITK, and of the linear algebra under numpy: one of these where features are computed, patients simulated.

How the work is split decides the last bit of an eigenvalue, as ``glcm_MCC`` is, and of a product of matrices.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

#: What the linear algebra under numpy reads when it is loaded.
_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def pin_this_process() -> None:
    """One thread in this process and in those that it starts; to be called before numpy is imported."""
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))


class _Pin:
    """The environment that child processes start with, pinned while anybody asks for it."""

    def __init__(self) -> None:
        self._askers = 0
        self._before: dict[str, str | None] = {}

    def take(self) -> None:
        if not self._askers:
            self._before = {name: os.environ.get(name) for name in _VARIABLES}
            pin_this_process()
        self._askers += 1

    def give_back(self) -> None:
        self._askers -= 1
        if self._askers:
            return
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_pin = _Pin()


@contextlib.contextmanager
def one_in_children() -> Iterator[None]:
    """Processes that are started meanwhile, by anybody, have one thread each; may be nested and may overlap."""
    _pin.take()
    try:
        yield
    finally:
        _pin.give_back()


@contextlib.contextmanager
def one_in_this_process() -> Iterator[None]:
    """One thread here, too, where threadpoolctl is installed; Slicer's own process is without it."""
    controller = _controller()
    with contextlib.nullcontext() if controller is None else controller.limit(limits=1):
        yield


@contextlib.contextmanager
def one_of_itk() -> Iterator[None]:
    """One thread of ITK in this process, for work that is small or shares the cores with other processes."""
    import SimpleITK as sitk

    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


@lru_cache(maxsize=1)
def _controller() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
