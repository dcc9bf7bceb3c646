"""The taxonomy in memory: the title index and the job zones, loaded anew when somebody has loaded a data set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etter_core.occupations import loading
from etter_core.occupations.events import CHANGED
from etter_core.occupations.matching import TitleIndex
from etter_core.occupations.repository import OccupationRepository

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from etter_common.platform import Platform


@dataclass
class Taxonomy:
    """What matching needs; replaced as a whole, so a reader never sees half of a data set."""

    index: TitleIndex = field(default_factory=lambda: TitleIndex(()))
    job_zones: dict[str, int | None] = field(default_factory=dict)

    async def load(self, platform: Platform) -> None:
        async with platform.work(system=True) as ctx:
            occupations = OccupationRepository(ctx)
            titles, zones = await occupations.titles(), await occupations.job_zones()
        self.index = await asyncio.to_thread(TitleIndex, titles)
        self.job_zones = zones


@asynccontextmanager
async def taxonomy(platform: Platform) -> AsyncGenerator[None]:
    """Keep the taxonomy in memory for the life of the process; a `Background`. Loads the starter set where needed."""
    known = Taxonomy()
    platform.provide(known)
    async with platform.work(system=True) as ctx:
        await loading.load_starter(ctx)
    await known.load(platform)

    async def reload(_message: Msg) -> None:
        await known.load(platform)

    subscription = await platform.nats.subscribe(CHANGED, cb=reload)
    try:
        yield
    finally:
        await subscription.unsubscribe()
