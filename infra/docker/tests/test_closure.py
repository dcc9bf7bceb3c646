"""An image carries what its service needs of the lock: no more, and no less."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DOCKER = Path(__file__).resolve().parents[1]
LOCK = DOCKER.parents[1] / "requirements.lock"
ELSEWHERE = {"async-timeout", "colorama", "httpx2-jsfetch"}
"""Named for other versions of Python and other systems only."""


def closure(*packages: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, DOCKER / "closure.py", *packages], input=LOCK.read_text(encoding="utf-8"), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    return set(re.findall(r"^([a-z0-9.-]+)(?:\[.*\])?==", done.stdout, re.MULTILINE))


def needed(package: str) -> set[str]:
    """As the installed packages say themselves."""
    found: set[tuple[str, str]] = set()
    waiting = [(package, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for text in distribution(name).requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(wanted.name), more) for more in ("", *wanted.extras)]
    return {name for name, _ in found if not name.startswith("etter-")}


@pytest.mark.parametrize("service", ["auth", "core", "extraction", "simulation"])
def test_it_is_what_the_packages_themselves_ask_for(service: str) -> None:
    assert closure("etter-common", f"etter-{service}") - ELSEWHERE == needed(f"etter-{service}")


def test_all_pins_of_a_package_are_taken_with_their_hashes() -> None:
    """numpy has one for each version of Python."""
    lock = LOCK.read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, DOCKER / "closure.py", "numpy"], input=lock, text=True, capture_output=True, check=True
    )
    assert done.stdout.count("numpy==") == lock.count("\nnumpy==") > 1
    assert done.stdout.count("--hash=") > 20


def test_a_name_that_the_lock_does_not_know_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, DOCKER / "closure.py", "nonesuch"], input="", text=True, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert "does not know nonesuch" in done.stderr
