"""Simulated patients: a CTU with a bladder tumour whose look depends on HER2 status.

`patients` draws them, `body` builds, `scanner` images, `image_files` and `dicom_series` write; `simulate` joins these.
"""
