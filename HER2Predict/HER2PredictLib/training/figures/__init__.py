"""Figures of the study and of an external validation, with the numbers behind each; `draw` makes all of a study."""
