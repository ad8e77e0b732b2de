"""Figures of the study and of an external validation, with the numbers behind each."""
