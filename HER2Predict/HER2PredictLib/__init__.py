"""HER2Predict's library: from an ROI on a CT urography to the probability that the tumour over-expresses HER2.

Nothing here imports Qt, so the same code runs inside 3D Slicer, under the command line and in tests. A script imports
`Case` from `case.case`, `Model` from `model.model`, `assess` and `Assessment` from `assess`, `Finding` from
`findings.finding` and `InputError` from `errors`: nothing is imported before it is asked for.
"""

__version__ = "0.1.0"


def installed(*packages: str) -> dict[str, str]:
    """The release of each of these packages that is there."""
    import importlib.metadata  # takes as long as a tenth of the features of a case, and few ask
    from contextlib import suppress

    releases = {}
    for package in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
            releases[package] = importlib.metadata.version(package)
    return releases
