"""Cohort in, evaluation and bundle out. Needs scikit-learn; nothing outside imports it but the command.

Rooms import one way, in the order of a cohort: `cohort` and `statistics`, `protocol`, `measured`, `figures`, `report`;
`train` puts them together. `simulator` makes patients, and `trust` measures on them how far a model can be trusted.
"""
