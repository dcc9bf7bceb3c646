"""The seed: makes what is missing, says what it made, keeps passwords to itself."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from etter_auth.companies import service as companies
from etter_auth.companies.schemas import CompanyCreate
from etter_auth.seed import SeedSpec, seed
from etter_auth.settings import AuthSettings
from etter_common.errors import AppError
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from .factories import PASSWORD, Person, tokens_of


def spec(word: str, **user: Any) -> dict[str, Any]:
    email = f"maya-{word}@brightwater.example"
    someone = {"email": email, "name": "Maya Lindqvist", "roles": ["analyst"], "password": PASSWORD} | user
    return {"company": {"name": f"Brightwater {word}", "currency": "USD"}, "users": [someone]}


async def run(platform: Platform, given: dict[str, Any]) -> dict[str, Any]:
    async with platform.work(system=True) as ctx:
        return (await seed(ctx, SeedSpec.model_validate(given))).model_dump(mode="json")


class TestSeed:
    async def test_users_can_sign_in_and_again_changes_nothing(
        self, platform: Platform, visitor: CheckedClient
    ) -> None:
        given = spec(str(new_id()))
        first, second = await run(platform, given), await run(platform, given)
        assert (first["is_new"], first["users"][0]["is_new"]) == (True, True)
        assert (second["is_new"], second["users"][0]["is_new"]) == (False, False)
        assert first["company_id"] == second["company_id"]
        credentials = {"email": given["users"][0]["email"], "password": PASSWORD}
        tokens_of(await visitor.post("/sessions", json=credentials))

    async def test_another_password_replaces_the_old(self, platform: Platform, visitor: CheckedClient) -> None:
        word = str(new_id())
        await run(platform, spec(word))
        await run(platform, spec(word, password="seven quiet herons wait"))
        email = spec(word)["users"][0]["email"]
        tokens_of(await visitor.post("/sessions", json={"email": email, "password": "seven quiet herons wait"}))

    async def test_weak_password_makes_nothing(self, platform: Platform) -> None:
        with pytest.raises(AppError, match="easy to guess"):
            await run(platform, spec(str(new_id()), password="password1234"))

    async def test_an_address_of_another_company_is_another_person(
        self, platform: Platform, visitor: CheckedClient, person: Person
    ) -> None:
        seeded = await run(platform, spec(str(new_id()), email=person.email, password="seven quiet herons wait"))
        assert seeded["users"][0]["id"] != str(person.id)
        tokens_of(await visitor.post("/sessions", json=person.credentials))

    async def test_a_name_that_several_companies_have_needs_an_id(self, platform: Platform) -> None:
        given, word = spec(str(new_id())), str(new_id())
        first = await run(platform, given)
        async with platform.work(system=True) as ctx:
            twin = await companies.create(ctx, CompanyCreate(name=given["company"]["name"].upper()))
        with pytest.raises(SystemExit, match="give the id of one"):
            await run(platform, given)
        named = spec(word) | {"company": given["company"] | {"id": str(twin.id)}}
        assert (await run(platform, named))["company_id"] == str(twin.id) != first["company_id"]


class TestCommand:
    async def start(self, settings: AuthSettings, given: str) -> tuple[int, str, str]:
        variables = {f"AUTH_{name.upper()}": str(getattr(settings, name)) for name in (
            "environment", "database_url", "redis_url", "nats_url", "argon2_memory_kib", "argon2_time_cost"
        )}  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "etter_auth.seed", env={**os.environ, **variables},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(given.encode())
        return process.returncode or 0, out.decode(), err.decode()

    async def test_reads_standard_input_and_prints_json(self, settings: AuthSettings, visitor: CheckedClient) -> None:
        given = spec(str(new_id()))
        code, out, _ = await self.start(settings, json.dumps(given))
        assert code == 0
        assert json.loads(out)["users"][0]["email"] == given["users"][0]["email"]
        assert PASSWORD not in out

    async def test_says_in_words_what_is_wrong_without_the_password(self, settings: AuthSettings) -> None:
        given = spec(str(new_id()), roles=["king"], password="hunter2")
        code, _, err = await self.start(settings, json.dumps(given))
        assert code == 1
        assert "users.0.roles.0" in err
        assert "hunter2" not in err
        assert "Traceback" not in err
