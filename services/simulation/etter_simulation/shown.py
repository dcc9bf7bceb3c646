"""Rules between the members of a request, as its JSON schema says them."""

from __future__ import annotations

from typing import Any


def one_of(given: str, *others: str) -> dict[str, Any]:
    """A branch of `oneOf`: `given` is there, and the others are left out or null."""
    absent = {other: {"type": "null"} for other in others}
    return {"required": [given], "properties": {given: {"not": {"type": "null"}}, **absent}}
