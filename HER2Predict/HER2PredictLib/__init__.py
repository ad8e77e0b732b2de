"""HER2Predict's library: from an ROI on a CT urography to the probability that the tumour over-expresses HER2.

Nothing here imports Qt, so the same code runs inside 3D Slicer, under the command line and in tests.
"""

__version__ = "0.1.0"
