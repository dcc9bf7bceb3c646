"""What has to be true before anything starts, said in words when it is not."""

from __future__ import annotations

import os
import shutil
import sys

from etter_devstack.servers.process import StartError
from etter_devstack.state import Home

NEEDED_BYTES = 1_000_000_000
OLDEST_PYTHON = (3, 11)


def check(home: Home) -> None:
    """Raises `StartError` that says what to do."""
    if sys.version_info < OLDEST_PYTHON:
        raise StartError(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    try:
        home.make()
    except OSError as error:
        raise StartError(
            f"{home.root} cannot be written to ({error.strerror}); Etter keeps its data in .etter there"
        ) from error
    if not os.access(home.folder, os.W_OK):
        raise StartError(f"{home.folder} cannot be written to; it belongs to another user")
    free = shutil.disk_usage(home.folder).free
    if free < NEEDED_BYTES:
        raise StartError(f"only {free // 1_000_000} MB are free at {home.folder}; Etter needs 1 GB to start")
