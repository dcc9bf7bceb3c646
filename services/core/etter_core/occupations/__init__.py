"""Occupations: the reference taxonomy that all companies share, and the finding of the nearest one for a title."""
