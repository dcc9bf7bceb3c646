"""Has a company's end been carried out everywhere? Reads the receipts that services publish once they have erased it.

    (await receipts.of_company(nats, company_id)).is_complete

The stream keeps events 30 days, so that is how long after the end it can be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from etter_common.events import streams
from etter_common.events.contracts.auth import CompanyDeleted
from etter_common.events.contracts.core import CompanyErasedByCore
from etter_common.events.contracts.extraction import CompanyErasedByExtraction
from etter_common.events.contracts.simulation import CompanyErasedBySimulation
from etter_common.events.envelope import SUBJECT_ROOT, EventPayload

EXPECTED: Final[tuple[type[EventPayload], ...]] = (
    CompanyErasedByCore,
    CompanyErasedByExtraction,
    CompanyErasedBySimulation,
)
"""Auth announces the end and erases its own part in the same transaction, so it owes none."""


@dataclass(frozen=True)
class Receipt:
    erased_at: datetime
    rows: int


@dataclass(frozen=True)
class Erasure:
    """`deleted_at` is empty for a company whose end was not announced in the last 30 days."""

    company_id: UUID
    deleted_at: datetime | None
    receipts: dict[str, Receipt | None]

    @property
    def is_complete(self) -> bool:
        return self.deleted_at is not None and all(self.receipts.values())


async def of_company(nats: Client, company_id: UUID) -> Erasure:
    announced = await _last(nats, CompanyDeleted, company_id)
    receipts: dict[str, Receipt | None] = {}
    for kind in EXPECTED:
        found = await _last(nats, kind, company_id)
        rows = msgspec.json.decode(found.data or b"{}").get("rows", 0) if found else 0
        receipts[kind.type.partition(".")[0]] = Receipt(_time(found), rows) if found else None
    return Erasure(company_id, _time(announced) if announced else None, receipts)


async def _last(nats: Client, kind: type[EventPayload], company_id: UUID) -> RawStreamMsg | None:
    try:
        return await nats.jetstream().get_last_msg(
            streams.EVENTS, f"{SUBJECT_ROOT}.{kind.type}.{company_id}.{company_id}"
        )
    except NotFoundError:
        return None


def _time(message: RawStreamMsg) -> datetime:
    return datetime.fromisoformat((message.headers or {})["ce-time"])
