"""Measurements, side by side on this machine: `make bench`, or `make bench k=platform`."""
