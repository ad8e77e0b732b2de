"""Files and MRML nodes in, a `Case` out, and of it the prepared pair that features are computed on.

`volumes` and `rois` read files, `nodes` and `segment_nodes` take both from Slicer's scene, `case` puts them on one grid
and gives the pair of `prepared`. `grid` and `masks` are the arithmetic, `masks` that of other rooms, too.
"""
