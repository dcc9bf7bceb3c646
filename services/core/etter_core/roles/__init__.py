"""Roles: the company's jobs with headcount, pay and the reference occupation they are mapped to.

Not here: what the work of a role consists of (workflows).
"""
