"""Searching the directory, and loading it from the operator's file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice

from pydantic import ValidationError

from etter_auth.master_companies.repository import MasterCompanyRepository
from etter_auth.master_companies.schemas import MasterCompanyQuery, MasterCompanyRow
from etter_common import cache
from etter_common.context import Context
from etter_common.responses import Slice

TAG = cache.tag(None, "master_companies")
_BATCH = 1000


class InvalidRow(ValueError):
    """A line of the file is not a company; nothing of the file is kept."""


async def list_page(ctx: Context, query: MasterCompanyQuery) -> Slice:
    return await MasterCompanyRepository(ctx).list_page(query)


async def load(ctx: Context, lines: Iterable[str]) -> int:
    """Load a CSV with the columns name, industry, employees; loading it again changes nothing. How many rows."""
    rows = {row.name.lower(): row for row in read(lines)}  # the last of a name counts
    pending = iter(rows.values())
    while batch := list(islice(pending, _BATCH)):
        await MasterCompanyRepository(ctx).store(batch)
    ctx.invalidate(TAG)
    return len(rows)


def read(lines: Iterable[str]) -> Iterator[MasterCompanyRow]:
    """Raises `InvalidRow` naming the line."""
    reader = csv.DictReader(lines)
    missing = {"name", "industry"} - set(reader.fieldnames or ())
    if missing:
        raise InvalidRow(f"line 1: the column {sorted(missing)[0]!r} is missing")
    for row in reader:
        try:
            yield MasterCompanyRow.model_validate(
                {name: row.get(name) or None for name in MasterCompanyRow.model_fields}
            )
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidRow(f"line {reader.line_num}: {first['loc'][0]}: {first['msg']}") from error
