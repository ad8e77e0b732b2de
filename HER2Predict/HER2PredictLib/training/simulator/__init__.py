"""Simulated patients: a CTU with a bladder tumour whose look depends on HER2 status.

`patients` draws them, `body` builds, `scan` images, `files` writes; `simulate` puts them together.
"""
