"""Data sets go in whole, once, and into the index of every replica."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from etter_common.context import Context
from etter_common.platform import Platform
from etter_common.testing.backbone import until
from etter_core import import_onet
from etter_core.occupations import loading, onet, starter_set
from etter_core.occupations.events import CHANGED
from etter_core.occupations.models import (
    Occupation,
    OccupationSkill,
    OccupationTask,
    OccupationTitle,
    TaxonomyRelease,
)
from etter_core.occupations.reference import Reference, ReferenceSkill, ReferenceTask
from etter_core.occupations.repository import OccupationRepository
from etter_core.occupations.taxonomy import Taxonomy
from etter_core.settings import CoreSettings

CODE = "99-1001.00"
DOUGH = Reference(
    code=CODE,
    title="Dough Keepers",
    description="Keep dough alive.",
    job_zone=2,
    titles=("Sourdough Keeper", "Sourdough Keeper"),
    tasks=(ReferenceTask("Knead the dough", 0.6, "E0", "t"), ReferenceTask("Write on dough", 0.4, "E1", "t")),
    skills=(ReferenceSkill("patience", 0.7), ReferenceSkill("patience", 0.9)),
)


async def load(ctx: Context, *references: Reference, content_hash: str = "1") -> bool:
    return await loading.load(ctx, references, source="test", content_hash=content_hash)


async def count(ctx: Context, model: type[Occupation] | type[OccupationTask] | type[OccupationTitle]) -> int:
    return (await ctx.session.execute(select(func.count()).select_from(model))).scalar_one()


class TestLoad:
    async def test_an_occupation_comes_out_as_it_went_in(self, ctx: Context) -> None:
        assert await load(ctx, DOUGH)
        whole = await OccupationRepository(ctx).get_whole(CODE)
        assert (whole["title"], whole["job_zone"], whole["source"]) == ("Dough Keepers", 2, "test")
        assert whole["titles"] == ["Sourdough Keeper"]
        assert [task["time_share"] for task in whole["tasks"]] == [0.6, 0.4]
        assert whole["skills"] == [{"name": "patience", "importance": 0.9}]

    async def test_the_same_content_is_loaded_once(self, ctx: Context) -> None:
        assert [await load(ctx, DOUGH), await load(ctx, DOUGH)] == [True, False]

    async def test_new_content_replaces_the_occupation_whole(self, ctx: Context) -> None:
        await load(ctx, DOUGH)
        before = await count(ctx, OccupationTask)
        assert await load(ctx, replace(DOUGH, title="Dough Sitters", tasks=DOUGH.tasks[:1]), content_hash="2")
        assert (await OccupationRepository(ctx).get_whole(CODE))["title"] == "Dough Sitters"
        assert await count(ctx, OccupationTask) == before - 1

    async def test_our_titles_stay_known(self, ctx: Context) -> None:
        ours = next(reference for reference in starter_set.read() if reference.code == "43-3051.00")
        await load(ctx, replace(ours, titles=("Wage Clerk",)))
        titles = (await OccupationRepository(ctx).get_whole(ours.code))["titles"]
        assert set(titles) == {"Wage Clerk", *ours.titles}

    async def test_cached_answers_are_dropped(self, ctx: Context) -> None:
        await load(ctx, DOUGH)
        assert ctx.stale_tags == {"-:occupations"}
        ctx.stale_tags.clear()
        await load(ctx, DOUGH)
        assert ctx.stale_tags == set()

    async def test_a_full_release(self, ctx: Context, shared_data: Path) -> None:
        release = onet.read_release(shared_data / "data/onet", lambda _step: None)
        await loading.load(ctx, release.references, source=onet.SOURCE, content_hash=release.content_hash)
        assert await count(ctx, OccupationTitle) > 50_000
        assert not await loading.load(ctx, release.references, source=onet.SOURCE, content_hash=release.content_hash)


class TestLoadStarter:
    async def test_it_is_there_from_the_start_and_not_loaded_again(self, ctx: Context) -> None:
        assert await count(ctx, Occupation) >= 60
        assert not await loading.load_starter(ctx)

    async def test_it_never_replaces_a_fuller_source(self, ctx: Context) -> None:
        code = "43-3051.00"
        ours = next(reference for reference in starter_set.read() if reference.code == code)
        await load(ctx, replace(ours, title="From elsewhere"))
        await ctx.session.execute(update(TaxonomyRelease).values(content_hash="older"))
        assert await loading.load_starter(ctx)
        occupations = OccupationRepository(ctx)
        assert (await occupations.get_whole(code))["title"] == "From elsewhere"
        assert (await occupations.get_whole("11-1011.00"))["source"] == starter_set.SOURCE


@pytest.fixture(name="imported")
async def imported_release(platform: Platform, settings: CoreSettings) -> AsyncIterator[onet.Release]:
    """A release loaded as the command does it; taken out again at the end."""
    release = onet.Release([DOUGH], "hash of the dough", ())
    assert await import_onet.run(settings, release)
    yield release
    async with platform.work(system=True) as ctx:
        await ctx.session.execute(delete(Occupation).where(Occupation.code == CODE))
        await ctx.session.execute(delete(TaxonomyRelease).where(TaxonomyRelease.source == onet.SOURCE))
    await platform.nats.publish(CHANGED, b"")
    await until(lambda: knows(platform, known=False))


async def knows(platform: Platform, *, known: bool) -> bool:
    return (CODE in platform.part(Taxonomy).job_zones) is known


class TestImport:
    async def test_running_replicas_match_with_it_at_once(self, platform: Platform, imported: onet.Release) -> None:
        await until(lambda: knows(platform, known=True), timeout_s=5)
        found = platform.part(Taxonomy).index.certain("Senior Sourdough Keeper")
        assert found is not None
        assert found.code == imported.references[0].code

    async def test_a_second_run_changes_nothing(self, settings: CoreSettings, imported: onet.Release) -> None:
        assert not await import_onet.run(settings, imported)

    async def test_skills_and_tasks_are_stored(self, platform: Platform, imported: onet.Release) -> None:
        async with platform.work(system=True) as ctx:
            mine = select(func.count()).select_from(OccupationSkill).where(OccupationSkill.occupation_code == CODE)
            assert (await ctx.session.execute(mine)).scalar_one() == 1
            work = await OccupationRepository(ctx).work_of([imported.references[0].code])
        assert work[CODE].tasks == DOUGH.tasks
