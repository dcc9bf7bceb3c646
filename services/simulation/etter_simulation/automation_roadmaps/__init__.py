"""Roadmaps of what to automate when under a budget, as jobs. Not the optimisation: that is `planning`."""
