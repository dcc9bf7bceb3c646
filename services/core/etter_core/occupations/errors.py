"""What can go wrong with occupations."""

from __future__ import annotations

from etter_common.errors import NotFound


class OccupationNotFound(NotFound):
    code, title = "OCCUPATION_NOT_FOUND", "The reference taxonomy has no such occupation"
