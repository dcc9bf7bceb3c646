"""Loads data sets into the shared taxonomy, each only when its content has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from etter_common.context import Context
from etter_core.occupations import starter_set
from etter_core.occupations.events import STALE
from etter_core.occupations.reference import Reference
from etter_core.occupations.repository import TaxonomyRepository


async def load_starter(ctx: Context) -> bool:
    """Load the set that ships with core, but never over an occupation from a fuller source; true when it wrote."""
    repository = TaxonomyRepository(ctx)
    content_hash = starter_set.content_hash()
    if await _is_loaded(repository, starter_set.SOURCE, content_hash):
        return False
    await repository.lock()
    if await _is_loaded(repository, starter_set.SOURCE, content_hash):
        return False
    taken = await repository.codes_not_from(starter_set.SOURCE)
    fresh = [reference for reference in starter_set.read() if reference.code not in taken]
    await repository.replace(fresh, source=starter_set.SOURCE)
    await repository.note(starter_set.SOURCE, content_hash)
    ctx.invalidate(STALE)
    return True


async def load(ctx: Context, references: Sequence[Reference], *, source: str, content_hash: str) -> bool:
    """Load a whole data set in one transaction; false when this very content is loaded already.

    What the starter set calls an occupation stays known as a title of it, so no role loses its match by a fuller set.
    """
    repository = TaxonomyRepository(ctx)
    await repository.lock()
    if await _is_loaded(repository, source, content_hash):
        return False
    ours = {reference.code: reference.titles for reference in starter_set.read()}
    titled = [replace(given, titles=(*given.titles, *ours.get(given.code, ()))) for given in references]
    await repository.replace(titled, source=source)
    await repository.note(source, content_hash)
    ctx.invalidate(STALE)
    return True


async def _is_loaded(repository: TaxonomyRepository, source: str, content_hash: str) -> bool:
    release = await repository.release_of(source)
    return release is not None and release.content_hash == content_hash
