"""Plans of who moves where and when, as jobs. Not the optimisation: that is `planning`."""
