"""Which pyradiomics the formulas here were compared with, told by the digest of its Python sources."""

from __future__ import annotations

import hashlib
import inspect
from functools import lru_cache
from importlib import import_module

#: Those of pyradiomics 3.0.1 and of pyradiomics-cuda 1.0.4, by the digest of their sources.
_COMPARED = {
    "ac1243152b6d14fe1fec87af0ee27b8552142c629aa5cc8b8ecfedad39c0ecfe": "3.0.1",
    "bbe8c531ad612ba04c274b9cbfcfc9cb244f218a1ed862968b57cebaa7419292": "cuda-1.0.4",
}
_MODULES = ("base", "featureextractor", "firstorder", "glcm", "gldm", "glrlm", "glszm", "imageoperations", "shape")


@lru_cache(maxsize=1)
def release() -> str:
    """Which of them the pyradiomics of this Python is: 3.0.1 or cuda-1.0.4; empty for any other."""
    found = hashlib.sha256()
    for name in _MODULES:
        try:
            found.update(inspect.getsource(import_module(f"radiomics.{name}")).encode())
        except (OSError, ImportError):
            return ""
    return _COMPARED.get(found.hexdigest(), "")
