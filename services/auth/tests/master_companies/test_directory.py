"""The shared directory: loading it, searching it."""

from __future__ import annotations

import pytest

from etter_auth.master_companies import service
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient


def lines(word: str) -> list[str]:
    return ["name,industry,employees", f"{word} Dairy,Food,120", f'"{word}, Sons & Co",Retail,']


async def load(platform: Platform, given: list[str]) -> int:
    async with platform.work(system=True) as ctx:
        return await service.load(ctx, given)


@pytest.mark.principal("viewer")
class TestDirectory:
    async def test_loaded_rows_are_found_by_a_part_of_the_name(self, platform: Platform, client: CheckedClient) -> None:
        word = f"W{new_id()}"
        assert await load(platform, lines(word)) == 2
        found = (await client.get("/master-companies", params={"q": f"{word.lower()} d"})).json()["data"]
        assert [(row["name"], row["industry"], row["employees"]) for row in found] == [(f"{word} Dairy", "Food", 120)]

    async def test_loading_again_brings_up_to_date(self, platform: Platform, client: CheckedClient) -> None:
        word = f"W{new_id()}"
        await load(platform, lines(word))
        await client.get("/master-companies", params={"q": word})
        await load(platform, ["name,industry", f"{word.upper()} DAIRY,Dairy"])
        found = (await client.get("/master-companies", params={"q": word})).json()["data"]
        assert {(row["name"], row["industry"]) for row in found} == {
            (f"{word.upper()} DAIRY", "Dairy"),
            (f"{word}, Sons & Co", "Retail"),
        }

    async def test_second_search_asks_no_database(self, client: CheckedClient) -> None:
        for _ in range(2):
            await client.get("/master-companies", params={"q": "dairy"})
        assert client.last_statements == []


class TestRead:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ([], "line 1: the column 'industry' is missing"),
            (["name,sector", "a,b"], "line 1: the column 'industry' is missing"),
            (["name,industry", "a,b", ",c"], "line 3: name"),
            (["name,industry,employees", "a,b,many"], "line 2: employees"),
        ],
    )
    def test_wrong_lines_are_named(self, given: list[str], message: str) -> None:
        with pytest.raises(service.InvalidRow, match=message):
            list(service.read(given))


@pytest.mark.principal("viewer")
async def test_a_wrong_line_keeps_nothing(platform: Platform, client: CheckedClient) -> None:
    word = f"W{new_id()}"
    with pytest.raises(service.InvalidRow):
        await load(platform, [*lines(word), ",nothing"])
    assert (await client.get("/master-companies", params={"q": word})).json()["data"] == []
