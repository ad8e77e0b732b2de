"""Opens the sample case in 3D Slicer: `./run slicer` passes this to Slicer with the paths of the CTU and its ROI."""

import sys

import slicer

volume_path, roi_path = sys.argv[1:]
slicer.util.loadVolume(volume_path)
slicer.util.loadSegmentation(roi_path)
slicer.util.selectModule("HER2Predict")
