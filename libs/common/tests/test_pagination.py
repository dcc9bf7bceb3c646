"""Keyset pages against the real planner: any sort, nulls, ties, forward and back, while rows come and go."""

from __future__ import annotations

import base64
import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    Interval,
    Numeric,
    Text,
    Time,
    Uuid,
    column,
    delete,
    select,
    text,
)  # fmt: skip
from sqlalchemy.dialects import postgresql

from etter_common.context import Context
from etter_common.db.pages import PageRead
from etter_common.errors import InvalidCursor
from etter_common.ids import new_id
from etter_common.pagination import Cursor, Listing, PageParams, Position, beyond
from etter_common.platform import Platform
from etter_common.responses import Slice
from etter_common.testing.sample import LISTING, Thing, ThingRepository

KEY = b"k" * 32
DIALECT = postgresql.asyncpg.dialect()  # type: ignore[no-untyped-call]
COLUMNS: dict[str, Any] = {"id": Thing.id, "name": Thing.name, "size": Thing.size, "rank": Thing.rank}


async def page(ctx: Context, **params: Any) -> Slice:
    return await ThingRepository(ctx).page(LISTING, PageParams(**params), COLUMNS)


def some_sort(chance: random.Random) -> str:
    names = chance.sample(["name", "size", "rank", "created_at"], chance.randint(1, 3))
    return ",".join(chance.choice(["", "-"]) + name for name in names)


async def fill(ctx: Context, chance: random.Random, count: int) -> None:
    for _ in range(count):
        rank = chance.choice([None, 0, 1, 2])
        ctx.session.add(Thing(company_id=ctx.company_id, name=str(new_id()), size=chance.randint(0, 3), rank=rank))
    await ctx.session.flush()


async def ids(ctx: Context) -> set[UUID]:
    return set((await ctx.session.scalars(select(Thing.id).where(Thing.company_id == ctx.company_id))).all())


class TestStability:
    @pytest.mark.parametrize("seed", range(30))
    async def test_no_row_twice_and_none_missed_that_was_there_throughout(
        self, platform: Platform, company_id: UUID, seed: int
    ) -> None:
        chance = random.Random(seed)
        async with platform.work(company_id=company_id) as ctx:
            await fill(ctx, chance, 25)
            throughout = await ids(ctx)
            seen: list[UUID] = []
            terms = {"sort": some_sort(chance), "limit": chance.randint(1, 7)}
            cursor: str | None = None
            while True:
                found = await page(ctx, **terms, cursor=cursor)
                seen += [row["id"] for row in found.rows]
                if found.next_cursor is None:
                    break
                cursor = found.next_cursor
                await fill(ctx, chance, chance.randint(0, 2))
                gone = chance.sample(sorted(await ids(ctx)), chance.randint(0, 2))
                await ctx.session.execute(delete(Thing).where(Thing.id.in_(gone)))
                throughout -= set(gone)
        assert len(seen) == len(set(seen))
        assert throughout <= set(seen)

    @pytest.mark.parametrize("seed", range(30))
    async def test_back_from_anywhere_are_the_pages_before(
        self, platform: Platform, company_id: UUID, seed: int
    ) -> None:
        chance = random.Random(seed)
        async with platform.work(company_id=company_id) as ctx:
            await fill(ctx, chance, 20)
            terms = {"sort": some_sort(chance), "limit": chance.randint(1, 6)}
            forward = [await page(ctx, **terms)]
            while forward[-1].next_cursor is not None:
                forward.append(await page(ctx, **terms, cursor=forward[-1].next_cursor))
            assert forward[0].prev_cursor is None
            for before, after in zip(forward[-2::-1], forward[:0:-1], strict=True):
                back = await page(ctx, **terms, cursor=after.prev_cursor)
                assert back.rows == before.rows
                assert (await page(ctx, **terms, cursor=back.next_cursor)).rows == after.rows
                assert (back.prev_cursor is None) == (before is forward[0])

    async def test_rows_without_a_value_come_last_either_way(self, platform: Platform, company_id: UUID) -> None:
        async with platform.work(company_id=company_id) as ctx:
            for rank in (2, None, 1):
                ctx.session.add(Thing(company_id=company_id, name=f"r{rank}", rank=rank))
            await ctx.session.flush()
            for sort, ranks in (("rank", [1, 2, None]), ("-rank", [2, 1, None])):
                assert [row["rank"] for row in (await page(ctx, sort=sort)).rows] == ranks


class TestPlan:
    @pytest.mark.parametrize("backward", [False, True])
    async def test_a_later_page_begins_inside_the_index(
        self, platform: Platform, company_id: UUID, backward: bool
    ) -> None:
        """No sort, no filter over what lies before: the cost of page 1 and of page 10,000 is the same."""
        by_name = Listing("names", {"name": Thing.name}, "name", Thing.name)
        keys = by_name.keys("name")[:1]
        where = [Thing.company_id == company_id, beyond(keys, Position(["m"], backward))]
        statement = PageRead({"name": Thing.name}, keys, where, None, backward, 10).statement()
        sql = str(statement.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))
        async with platform.work(company_id=company_id) as ctx:
            await ctx.session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = "\n".join((await ctx.session.scalars(text(f"EXPLAIN {sql}"))).all())
        assert "Sort" not in plan
        condition = plan.split("Index Cond:", 1)[1]
        assert "name" in condition, plan

    def test_keys_of_one_direction_are_compared_as_rows(self) -> None:
        keys = LISTING.keys("-size,-name")
        sql = str(beyond(keys, Position([1, "a", new_id()])))
        assert "(things.size, things.name, things.id) <" in sql


class TestCursor:
    LISTING = Listing("list", {}, "", Thing.id)

    def cursor(self, **filters: Any) -> Cursor:
        return Cursor(self.LISTING, filters, keys=[KEY])

    @given(
        st.lists(
            st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
            max_size=5,
        ),
        st.booleans(),
    )
    def test_values_come_back_as_they_were(self, values: list[Any], backward: bool) -> None:
        read = self.cursor().read(self.cursor().write(Position(values, backward)))
        assert (list(read.values), read.backward) == (values, backward)

    def test_those_of_the_key_before_are_read_while_it_is_accepted(self) -> None:
        old = Cursor(self.LISTING, {}, keys=[b"old"]).write(Position([1]))
        assert Cursor(self.LISTING, {}, keys=[b"new", b"old"]).read(old).values == [1]
        with pytest.raises(InvalidCursor):
            Cursor(self.LISTING, {}, keys=[b"new"]).read(old)

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            (DateTime(timezone=True), datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)),
            (Date(), date(2026, 11, 23)),
            (Numeric(), Decimal("123456789012345678.123456789")),
            (Uuid(), UUID(int=7)),
            (DateTime(), datetime(2026, 11, 23, 1, 2, 3, 456789)),  # noqa: DTZ001 - a column without a zone
            (Time(), time(1, 2, 3, 456789)),
            (Interval(), timedelta(days=3, microseconds=1)),
            (Float(), 0.1),
            (Float(), 2.0),
            (Boolean(), True),
            (BigInteger(), 2**62),
            (Text(), "Ünïcode \x01"),
        ],
    )
    def test_typed_values_reach_the_statement_exactly(self, kind: Any, value: Any) -> None:
        listing = Listing("typed", {"v": column("v", kind)}, "v", column("id", Uuid()))
        keys = listing.keys("v")
        cursor = Cursor(listing, {}, keys=[KEY])
        read = cursor.read(cursor.write(Position([value, UUID(int=1)])))
        assert value in beyond(keys, read).compile(dialect=DIALECT).params.values()

    def test_a_body_cannot_borrow_from_the_name_of_its_list(self) -> None:
        """`skills` ends like `task-skills`: what is signed must say where the one ends and the other begins."""
        long, short = (Cursor(Listing(name, {}, "", Thing.id), {}, keys=[KEY]) for name in ("task-skills", "skills"))
        raw = base64.urlsafe_b64decode(long.write(Position([1])) + "==")
        shifted = base64.urlsafe_b64encode(raw + b"task-").decode().rstrip("=")
        with pytest.raises(InvalidCursor):
            short.read(shifted)

    @given(st.text(max_size=2000))
    def test_nothing_we_did_not_write_is_read(self, text_: str) -> None:
        with pytest.raises(InvalidCursor):
            self.cursor().read(text_)

    @given(st.integers(0, 200), st.integers(1, 255))
    def test_no_byte_may_be_changed(self, at: int, by: int) -> None:
        written = self.cursor().write(Position(["value", 1, None]))
        at %= len(written)
        changed = written[:at] + chr((ord(written[at]) + by) % 256) + written[at + 1 :]
        if changed.encode("utf-8", "replace") != written.encode():
            try:
                assert self.cursor().read(changed) == self.cursor().read(written)  # unused bits of base64's last letter
            except InvalidCursor:
                return

    def test_another_list_filter_or_key_refuses_it(self) -> None:
        written = self.cursor(a=1).write(Position([1]))
        others = (
            self.cursor(a=2),
            self.cursor(),
            Cursor(Listing("other", {}, "", Thing.id), {"a": 1}, keys=[KEY]),
            Cursor(self.LISTING, {"a": 1}, keys=[b"x" * 32]),
        )
        for other in others:
            with pytest.raises(InvalidCursor):
                other.read(written)
