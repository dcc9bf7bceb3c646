"""Trains the models in `etter_extraction/facts/models` from public data in a folder given as an argument."""
