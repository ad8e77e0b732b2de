"""DICOM in: a pile of files, the series in it, the one to take, and ROIs stored as DICOM SEG or RTSTRUCT.

`headers` reads what the files say of themselves, `series` sorts them and makes the volume, `choice` decides between
several by `phase` and by what the ROI refers to; `segmentation` and `structures` read ROIs. They take pydicom, and
`segmentation` highdicom, which nothing else here imports.
"""
