"""Anatomy and tumour of a simulated patient, as a phantom of tissues."""
