"""Measures of performance with their intervals, equal to scikit-learn's and SciPy's."""
