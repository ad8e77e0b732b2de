"""What the panel knows, says and runs, apart from Qt.

`panel.Panel` is what happens; `state` what is known; `background` and `outline_check` run; `words` and `view` show;
`record` keeps.
"""
