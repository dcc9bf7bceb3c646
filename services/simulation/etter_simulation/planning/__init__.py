"""Section 11: plans. Optimisation alone, without I/O; what a plan leads to is played by `engine` afterwards."""
