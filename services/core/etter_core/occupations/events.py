"""What others in this service are told when the taxonomy changes."""

from __future__ import annotations

from typing import Final

from etter_common.cache import tag

STALE: Final = tag(None, "occupations")
CHANGED: Final = "etter.core.taxonomy-changed"
"""Core NATS subject; told by loaders after their commit, heard by every replica, which then loads its index anew."""
