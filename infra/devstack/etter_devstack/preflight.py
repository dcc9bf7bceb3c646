"""What has to be true before anything starts, said in words when it is not.

Python's version, the environment and the package index are looked at before there is an environment: by `install.sh`.
The length of the path does not matter, as no server uses a socket file.
"""

from __future__ import annotations

import os
import shutil

from etter_devstack.servers.process import StartError
from etter_devstack.state import Home

NEEDED_BYTES = 1_000_000_000


def check(home: Home) -> None:
    """Raises `StartError` that says what to do."""
    try:
        home.make()
    except OSError as error:
        raise StartError(
            f"{home.folder} cannot be written to ({error.strerror}); Etter keeps its data there"
        ) from error
    if not os.access(home.folder, os.W_OK):
        raise StartError(f"{home.folder} cannot be written to: it belongs to another user")
    free = shutil.disk_usage(home.folder).free
    if free < NEEDED_BYTES:
        raise StartError(f"only {free // 1_000_000} MB are free at {home.folder}; Etter needs 1 GB to start")
