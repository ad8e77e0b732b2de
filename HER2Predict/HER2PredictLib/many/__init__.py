"""The same work on many cases, whatever the work is.

`cells` reads the table that lists them, `fingerprint` tells whether a result is still that of its files, `processes`
works on all cores and outlives what a process dies of, `outcome` is what came of one case.
"""
