"""What is wrong or doubtful with a `Case`, and what to do about it.

`examine` gives the findings on the input; volume, ROI and tissues are checked apart. `remedies` mends an ROI.
"""
