"""Many cases predicted on all cores into one folder: which they are, what is made of each, and their overview.

`cases` finds them in a folder or a table, `work` predicts one and keeps its files, `run` does that for those that are
not there yet, `overview` writes the page.
"""
