"""Features in, a `Prediction` out: the bundle, how far it knows a case, and what pushed the number.

`model.Model` is a `.her2model` that was read; `bundle_file` reads and writes it, `bundle_checks` says what it must
hold; `guessing` says what a model that knows nothing must be called.
"""
