"""Why there is no plan, as it leaves the engine's process. Loads no solver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refused:
    """Too large for a plan; if not, then no solution was found."""

    reason: str
    is_too_large: bool
