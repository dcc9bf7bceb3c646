"""Scores: how exposed a task is to AI, what that means for its role, and the etter score. Pure, no I/O."""
