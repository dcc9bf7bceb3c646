"""Workflows: what the work of a role consists of, its scores, their review, and who did what when.

Not here: the role's headcount and pay (roles), the formulas (scores).
"""
