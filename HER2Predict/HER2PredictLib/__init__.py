"""HER2Predict's library: from an ROI on a CT urography to the probability that the tumour over-expresses HER2.

Nothing here imports Qt, so the same code runs inside 3D Slicer, under the command line and in tests. A script imports
`Case` from `case.case`, `Model` from `model.model`, `assess` and `Assessment` from `assess`, `Finding` from
`findings.finding` and `InputError` from `errors`: nothing is imported before it is asked for.
"""

__version__ = "0.1.0"
