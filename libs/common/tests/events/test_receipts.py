"""Whether a company's end was carried out everywhere."""

from __future__ import annotations

from uuid import UUID

from etter_common.events import receipts, streams
from etter_common.events.contracts import auth, core, extraction, simulation  # noqa: F401 - all receipts are known
from etter_common.events.contracts.auth import CompanyDeleted
from etter_common.events.envelope import Event, EventPayload, known_types
from etter_common.ids import new_id
from etter_common.platform import Platform


async def publish(platform: Platform, company_id: UUID, payload: EventPayload) -> Event:
    event = Event.of(payload, company_id=company_id, aggregate_id=company_id)
    await platform.nats.jetstream().publish(event.subject, event.body(), headers=event.headers())
    return event


def receipt(kind: type[EventPayload], company_id: UUID, rows: int) -> EventPayload:
    return kind.model_validate({"company_id": company_id, "rows": rows})


def test_every_service_that_erases_is_waited_for() -> None:
    owed = {type_ for type_ in known_types() if type_.split(".")[1:3] == ["company", "erased"]}
    assert owed - {"probe.company.erased.v1"} == {kind.type for kind in receipts.EXPECTED}


class TestOfCompany:
    async def test_it_is_complete_with_the_last_receipt(self, platform: Platform, company_id: UUID) -> None:
        await streams.ensure(platform)
        untouched = await receipts.of_company(platform.nats, company_id)
        assert (untouched.deleted_at, set(untouched.receipts.values())) == (None, {None})
        deleted = await publish(platform, company_id, CompanyDeleted(company_id=company_id))
        await publish(platform, new_id(), receipt(receipts.EXPECTED[0], new_id(), 1))
        for number, kind in enumerate(receipts.EXPECTED):
            so_far = await receipts.of_company(platform.nats, company_id)
            assert so_far.deleted_at == deleted.occurred_at
            assert (sum(r is not None for r in so_far.receipts.values()), so_far.is_complete) == (number, False)
            await publish(platform, company_id, receipt(kind, company_id, number))
        done = await receipts.of_company(platform.nats, company_id)
        assert done.is_complete
        assert {service: r and r.rows for service, r in done.receipts.items()} == {
            "core": 0, "extraction": 1, "simulation": 2,
        }  # fmt: skip
