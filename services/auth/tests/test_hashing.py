"""The hasher: right, wrong, nobody, and too many at a time."""

from __future__ import annotations

import asyncio

from etter_auth.hashing import Hasher, TooManySignIns
from etter_auth.settings import AuthSettings

SETTINGS = {
    "database_url": "postgresql+asyncpg://none",
    "redis_url": "x",
    "nats_url": "x",
    "argon2_memory_kib": 8,
    "argon2_time_cost": 1,
}


def hasher(**given: int) -> Hasher:
    return Hasher(AuthSettings.model_validate(SETTINGS | given))


class TestVerify:
    async def test_right_and_wrong(self) -> None:
        made = hasher()
        stored = await made.hash("an otter sings at dusk")
        assert (await made.verify(stored, "an otter sings at dusk")).is_right
        assert not (await made.verify(stored, "an otter sings at dawn")).is_right

    async def test_nobodys_password_is_never_right(self) -> None:
        assert not (await hasher().verify(None, "")).is_right

    async def test_a_broken_hash_is_not_right(self) -> None:
        assert not (await hasher().verify("not a hash", "anything")).is_right

    async def test_other_parameters_give_a_fresh_hash(self) -> None:
        stored = await hasher().hash("an otter sings at dusk")
        verdict = await hasher(argon2_time_cost=2).verify(stored, "an otter sings at dusk")
        assert verdict.fresh_hash is not None
        assert "t=2" in verdict.fresh_hash

    async def test_unicode_counts_unchanged(self) -> None:
        made = hasher()
        stored = await made.hash("pässwörter sind schön")
        assert not (await made.verify(stored, "pässwörter sind schön".encode().decode("latin-1"))).is_right

    async def test_more_than_the_queue_holds_get_an_error(self) -> None:
        made = hasher(hash_queue=1)
        results = await asyncio.gather(*(made.hash("x") for _ in range(3)), return_exceptions=True)
        assert sum(isinstance(result, TooManySignIns) for result in results) == 2
        assert await made.hash("x")

    def test_defaults_are_those_of_asvs(self) -> None:
        settings = AuthSettings.model_validate(
            {"database_url": "postgresql+asyncpg://none", "redis_url": "x", "nats_url": "x"}
        )
        parameters = settings.argon2_memory_kib, settings.argon2_time_cost, settings.argon2_parallelism
        assert parameters == (19_456, 2, 1)
