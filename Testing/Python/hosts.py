"""Is there a host for MRML nodes, Slicer itself or slicer-core? Asked by the tests that take one."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: The package of that name; None where there is no host.
slicer: Any = None

#: Why there is no host; empty where there is one.
NO_SLICER = ""

try:
    slicer = import_module("slicer")
except ImportError as error:
    NO_SLICER = (
        "neither Slicer nor slicer-core is installed"
        if error.name == "slicer"
        else f"slicer-core is installed but cannot be loaded: {error}"
    )
