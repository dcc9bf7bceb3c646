"""The demo company and its users; their passwords are made at first use and kept in the stack's folder."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from etter_devstack.servers.process import StartError
from etter_devstack.state import Home, read_json, write_private

COMPANY = "Brightwater Foods"
CURRENCY = "USD"
_CAST = {
    "analyst": ("Maya Lindqvist", "maya.lindqvist", ["analyst"]),
    "validator": ("Tomas Okafor", "tomas.okafor", ["validator"]),
    "chro": ("Ines Carvalho", "ines.carvalho", ["chro", "company_admin"]),
}


@dataclass(frozen=True)
class Person:
    """Somebody who signs in to the demo company."""

    name: str
    email: str
    roles: list[str]
    password: str


def people(home: Home) -> dict[str, Person] | None:
    """By part: analyst, validator, chro; `None` before they have been seeded."""
    stored = read_json(home.folder / "demo.json")
    return {part: Person(**given) for part, given in stored["people"].items()} if stored else None


def seed(home: Home, environment: Mapping[str, str]) -> dict[str, Person]:
    """Make the company and its users where they are missing, by auth's own command, and remember the passwords."""
    cast = people(home) or {
        part: Person(name, f"{username}@brightwater.example", roles, password=secrets.token_urlsafe(12))
        for part, (name, username, roles) in _CAST.items()
    }
    spec = {
        "company": {"name": COMPANY, "currency": CURRENCY},
        "users": [asdict(person) for person in cast.values()],
    }
    done = subprocess.run(
        [sys.executable, "-m", "etter_auth.seed"], input=json.dumps(spec), env=dict(environment),
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise StartError(f"the demo company could not be made:\n{(done.stderr or done.stdout).strip()[-800:]}")
    write_private(
        home.folder / "demo.json", {"company": COMPANY, "people": {part: asdict(who) for part, who in cast.items()}}
    )
    return cast
