"""Renderings of an `Assessment`: text, picture, and the result that is saved with a scene."""
