"""Who uses the stack: the demo company for the main job, and a company whose people make the load."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict

import httpx2

from etter_devstack.demo.people import COMPANY, CURRENCY, Person
from verify.stack import Stack

LOADERS = 8


def cast() -> dict[str, Person]:
    roles = {"analyst": ["analyst"], "validator": ["validator"], "chro": ["chro", "company_admin"]}
    return {part: _person(part, "brightwater", given) for part, given in roles.items()}


def loaders() -> list[Person]:
    return [_person(f"loader-{number}", "load", ["analyst"]) for number in range(LOADERS)]


def seed(stack: Stack, company: str, people: list[Person]) -> None:
    """By auth's own command, in one of its containers."""
    spec = {"company": {"name": company, "currency": CURRENCY}, "users": [asdict(person) for person in people]}
    stack.compose("exec", "-T", "auth", "python", "-m", "etter_auth.seed", stdin=json.dumps(spec))


def seed_all(stack: Stack, demo: dict[str, Person], load: list[Person]) -> None:
    seed(stack, COMPANY, list(demo.values()))
    seed(stack, "Load", load)


def download(stack: Stack, person: Person, paths: list[str]) -> list[tuple[str, bytes]]:
    """Path and content of each."""
    with httpx2.Client(base_url=stack.url, timeout=60) as client:
        signed_in = client.post("/api/auth/v1/sessions", json={"email": person.email, "password": person.password})
        headers = {"Authorization": f"Bearer {signed_in.json()['data']['access_token']}"}
        return [(path, client.get(path, headers=headers).raise_for_status().content) for path in paths]


def _person(name: str, company: str, roles: list[str]) -> Person:
    return Person(name.title(), f"{name}@{company}.example", roles, secrets.token_urlsafe(12))
