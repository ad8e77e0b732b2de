"""Features in, a `Prediction` out: the bundle, how far it knows a case, and what pushed the number.

`model.Model` is a `.her2model` that was read, and `cache.ModelCache` keeps the last one. `bundle_file` reads and writes
it, `bundle_checks` says what it must hold; `projection` and `network` compute with it. `applicability` tells how rare a
case is, `explain` which features made the number, `guessing` what a model that knows nothing must be called.
"""
