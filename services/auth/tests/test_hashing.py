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


class TestHasher:
    async def test_right_and_wrong(self) -> None:
        made = hasher()
        stored = await made.hash("an otter sings at dusk")
        assert await made.matching([stored], "an otter sings at dusk") == {stored: None}
        assert await made.matching([stored], "an otter sings at dawn") == {}

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
