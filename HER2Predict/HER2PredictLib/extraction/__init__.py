"""The features as pyradiomics computes them, to the last bit, without what it does twice or that nobody reads.

`driver` goes the way of pyradiomics' `execute`: its resampling, filters, shapes and zones, on arrays that are cut out
and discretised once an image; `neighbours` counts the other matrices of all images along neighbours found once;
`first_order`, `co_occurrence` and `textures` are the formulas of its classes. Where anything is out of the ordinary
there is no answer, and pyradiomics itself is to be asked.
"""
