"""Finds the optional folder of real public data; tests that need it skip where it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def real_data(name: str) -> Path:
    """The file or folder `name` of the data folder: `$ETTER_SHARED/data`, or `shared/data` beside the repository."""
    shared = Path(os.environ.get("ETTER_SHARED", ROOT.parent / "shared"))
    found = shared / "data" / name
    if not found.exists():
        pytest.skip(f"needs {name} of the real-data folder (ETTER_SHARED)")
    return found
