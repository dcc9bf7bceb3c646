"""Another system of the customer calls with a key, until the key is revoked."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from etter_devstack.demo.client import eventually
from etter_devstack.demo.people import Person
from etter_devstack.state import State

from .conftest import signed_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
KEYS, ROLES, SCENARIOS = "/api/auth/v1/api-keys", "/api/core/v1/roles", "/api/simulation/v1/scenarios"
CLERK = {"role": "Clerk", "count": 3, "salary": 60_000}
TYPING = {"Name": "Type", "Type": "Auto", "Skill": 0.5, "Time": 1.0}
SCENARIO = {
    "name": "Of the HR system",
    "assumptions": {"automation_factor": 0.5},
    "roles": [{**CLERK, "workloads": [TYPING]}],
}
EVERYWHERE = (ROLES, SCENARIOS, "/api/extraction/v1/documents", "/api/auth/v1/users")


@pytest.fixture
def admin(stack: State, people: dict[str, Person]) -> Iterator[httpx2.Client]:
    with signed_in(stack, people["chro"]) as client:
        yield client


def test_a_key_works_at_every_service_and_ends_at_all_of_them(stack: State, admin: httpx2.Client) -> None:
    made = admin.post(KEYS, json={"name": "HR system", "role": "analyst", "expires_in_days": 1}).json()["data"]
    with httpx2.Client(base_url=stack.ingress_url, timeout=60) as system:
        system.headers["authorization"] = f"Bearer {made['secret']}"

        def answers(path: str, status: int) -> None:
            eventually(lambda: system.get(path).status_code == status or None, f"{path}: {status}", timeout_s=10)

        for path in EVERYWHERE:
            answers(path, 200)
        assert system.get(ROLES).headers["ratelimit"].startswith('"key";r=')
        role = system.post(ROLES, json={"title": "Key keeper", "department": "Facilities"})
        assert role.status_code == 201, role.text
        scenario = system.post(SCENARIOS, json=SCENARIO)
        assert scenario.status_code == 201, scenario.text
        refused = system.post(KEYS, json={"name": "another", "role": "viewer"})
        assert (refused.status_code, refused.json()["code"]) == (403, "SESSION_REQUIRED")
        assert admin.delete(f"{KEYS}/{made['id']}").status_code == 204
        for path in EVERYWHERE:
            answers(path, 401)
        assert system.post(SCENARIOS, json=SCENARIO).status_code == 401
    assert admin.delete(f"{ROLES}/{role.json()['data']['id']}", headers={"If-Match": "*"}).status_code == 204
