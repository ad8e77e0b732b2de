"""Many cases predicted, one after the other on all cores: which they are, what is made of each, and their overview.

`cases` finds them in a folder or a table, `run` predicts those that are not there yet, `overview` writes the page.
"""
