"""A result as DICOM objects that go back to its study: the ROI as a Segmentation, the number as a Structured Report.

`objects` is the door; `sources` what is taken of the slices, identity apart; `codes` the coded words. Everything but
`objects` is imported once highdicom is known to be there.
"""
