"""Renderings of a result: text, picture, row of a table, and the marks of the gauge that picture and panel share."""
