"""Simulated images as files: NRRD, NIfTI, a DICOM series."""
