"""Stands for slicer.packaging, of a machine without network: nothing can be installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError


def pip_install(
    requirements: str | list[str],
    constraints: str | Path | None = None,
    no_deps_requirements: str | list[str] | None = None,
    skip_packages: list[str] | None = None,
    blocking: bool = True,
    show_progress: bool = True,
    requester: str | None = None,
    logCallback: Callable[[str], None] | None = None,
    completedCallback: Callable[[int], None] | None = None,
) -> list[str] | None:
    """Install by pip, given its arguments as one text or as a list."""
    if not isinstance(requirements, (str, list)):
        raise ValueError("pip_install requirement input must be string or list")
    raise CalledProcessError(1, "pip install")
