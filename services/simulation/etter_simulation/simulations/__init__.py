"""Runs of the model: ask for one, follow it, read its results. Not the model itself: that is `engine`."""
