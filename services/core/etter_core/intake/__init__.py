"""Intake: what extraction found and a person accepted becomes roles and workflows."""
