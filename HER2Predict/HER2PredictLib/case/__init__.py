"""Files and MRML nodes in, a `Case` out, and of it the prepared pair that features are computed on.

`volumes` reads images and ROIs, `nodes` takes them from Slicer's scene, `case` puts them on one grid.
"""
