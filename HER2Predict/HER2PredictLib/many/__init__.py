"""The same work on many cases, whatever the work is.

`cells` reads the table that lists them, `fingerprint` tells whether a result is still that of its files, `processes`
works on all cores, outlives what a process dies of, and tells what came of each case.
"""
