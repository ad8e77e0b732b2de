"""Features of a prepared pair by other packages, each with features of its own: `PYTHON Benchmarks/others.py FOLDER N`.

`FOLDER` is what `her2predict predict --keep-inputs` wrote; N turns of each package that this Python has. Prints JSON:
by name its version, how many features it gives of the original image, and the seconds of each turn. Started by
Benchmarks/performance.py with a Python beside the project's own, since their requirements differ from its own.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARAMETER_FILE = Path(__file__).resolve().parents[1] / "HER2Predict" / "Resources" / "FeatureExtraction.yaml"
#: The families that the 975 features are of, as MIRP calls them.
FAMILIES = ["statistics", "morphological", "glcm", "glrlm", "glszm", "ngldm"]


def mirp(volume: Path, roi: Path) -> Callable[[], int]:
    """The IBSI's features of MIRP, of the interpolated image without filters."""
    from mirp import extract_features

    def run() -> int:
        (table,) = extract_features(
            image=str(volume), mask=str(roi), new_spacing=[5.0, 1.0, 1.0], base_discretisation_method="fixed_bin_size",
            base_discretisation_bin_width=25.0, base_feature_families=FAMILIES,
            resegmentation_intensity_range=[-1000.0, 3000.0], num_cpus=1,
        )  # fmt: skip
        return sum(not str(name).startswith(("sample_", "image_")) for name in table)

    return run


def fastrad(volume: Path, roi: Path) -> Callable[[], int]:
    """The features of fastrad, on the processor, of the image as it is: it neither interpolates nor filters."""
    import nrrd
    import torch
    from fastrad import FeatureExtractor, FeatureSettings, Mask, MedicalImage

    image, header = nrrd.read(str(volume))
    mask, _header = nrrd.read(str(roi))
    spacing = tuple(float(abs(row).max()) for row in header["space directions"])[::-1]
    tensors = [torch.from_numpy(array.transpose(2, 1, 0).astype("float32")) for array in (image, mask)]
    extractor = FeatureExtractor(
        FeatureSettings(
            feature_classes=["firstorder", "shape", "glcm", "glrlm", "glszm", "gldm"], device="cpu", spacing=spacing
        )
    )

    def run() -> int:
        return len(extractor.extract(MedicalImage(tensors[0], spacing), Mask(tensors[1], spacing)))

    return run


def cuda(volume: Path, roi: Path) -> Callable[[], int]:
    """The 975 features by the fork of pyradiomics for graphics cards, where there is none."""
    from radiomics import setVerbosity
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    setVerbosity(60)
    extractor = RadiomicsFeatureExtractor(str(PARAMETER_FILE))

    def run() -> int:
        return sum(not name.startswith("diagnostics_") for name in extractor.execute(str(volume), str(roi)))

    return run


def main() -> None:
    folder, repeats = Path(sys.argv[1]), int(sys.argv[2])
    found: dict[str, dict[str, Any]] = {}
    for name, make in {"pyradiomics-cuda": cuda, "mirp": mirp, "fastrad": fastrad}.items():
        try:
            version = importlib.metadata.version(name)
            run = make(folder / "volume.nrrd", folder / "roi.nrrd")
        except ImportError:  # of importlib.metadata, too
            continue
        features = run()
        seconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - started)
        found[name] = {"version": version, "features": features, "seconds": seconds}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
