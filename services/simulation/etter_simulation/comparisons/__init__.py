"""Simulations or scenarios side by side under common random numbers. Not the paired statistics: `engine.comparison`."""
