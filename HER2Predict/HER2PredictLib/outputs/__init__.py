"""Renderings of a result: text, picture, and the marks of the gauge that picture and panel share."""
