"""Warm helper processes of the application's own Python, for what needs many extractions while a user waits.

`pool.Helpers` hands prepared pairs and variations of an outline to processes that run `child`; `messages` is what both
sides say. Nothing here knows Qt: whoever uses it says how a process is started.
"""
