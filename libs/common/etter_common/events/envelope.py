"""The event: a payload of a contract in a CloudEvents 1.0 envelope (binary mode: `ce-` headers, JSON body)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from etter_common.clock import utc_now
from etter_common.errors import Unprocessable
from etter_common.ids import new_id

SUBJECT_ROOT = "etter"
MAX_BYTES = 900_000  # of the body; NATS takes 1 MiB with headers, and what it refuses would stand in the outbox
_BY_TYPE: dict[str, type[EventPayload]] = {}


class EventTooLarge(Unprocessable):
    code, title = "EVENT_TOO_LARGE", "The change is too large to be told to the other services at once"


class EventPayload(BaseModel):
    """Base of all contracts. Additive changes only inside a version; a reader ignores what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]  # "core.role.created.v1": service, noun, past tense, version

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "type" in cls.__dict__:
            _BY_TYPE[cls.type] = cls


def known_types() -> dict[str, type[EventPayload]]:
    """Every contract that has been imported, by its type."""
    return dict(_BY_TYPE)


@dataclass(frozen=True)
class Event:
    """What is published. `aggregate_id` orders it: events of one aggregate arrive in the order they were written."""

    payload: EventPayload
    company_id: UUID | None
    aggregate_id: UUID
    id: UUID
    occurred_at: datetime
    traceparent: str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, payload: EventPayload, *, company_id: UUID | None, aggregate_id: UUID) -> Event:
        return cls(payload, company_id, aggregate_id, id=new_id(), occurred_at=utc_now())

    @property
    def type(self) -> str:
        return self.payload.type

    @property
    def subject(self) -> str:
        """`etter.core.role.created.v1.<company>.<aggregate>`; `-` stands for no company."""
        return f"{SUBJECT_ROOT}.{self.type}.{self.company_id or '-'}.{self.aggregate_id}"

    def headers(self) -> dict[str, str]:
        """CloudEvents attributes as NATS headers; `Nats-Msg-Id` lets JetStream drop a second publish."""
        attributes = {
            "Nats-Msg-Id": str(self.id),
            "ce-specversion": "1.0",
            "ce-id": str(self.id),
            "ce-source": f"/etter/{self.type.split('.', 1)[0]}",
            "ce-type": self.type,
            "ce-time": self.occurred_at.isoformat(),
            "ce-subject": str(self.aggregate_id),
            "ce-datacontenttype": "application/json",
            "ce-companyid": str(self.company_id) if self.company_id else "",
            "ce-requestid": self.request_id or "",
            "traceparent": self.traceparent or "",
        }
        return {name: value for name, value in attributes.items() if value}

    def body(self) -> bytes:
        """The payload as JSON; raises `EventTooLarge`."""
        body = self.payload.model_dump_json().encode()
        if len(body) > MAX_BYTES:
            raise EventTooLarge(f"{self.type} has {len(body)} bytes; at most {MAX_BYTES}")
        return body

    @classmethod
    def read(cls, headers: Mapping[str, str], body: bytes) -> Event:
        """The inverse of `headers` and `body`; raises `ValueError` (pydantic's included) for anything else."""
        kind = _BY_TYPE.get(headers.get("ce-type", ""))
        if kind is None:
            raise ValueError(f"unknown event type {headers.get('ce-type')!r}")
        missing = [name for name in ("ce-subject", "ce-id", "ce-time") if name not in headers]
        if missing:
            raise ValueError(f"an event without {', '.join(missing)}")
        company = headers.get("ce-companyid")
        return cls(
            payload=kind.model_validate_json(body),
            company_id=UUID(company) if company else None,
            aggregate_id=UUID(headers["ce-subject"]),
            id=UUID(headers["ce-id"]),
            occurred_at=datetime.fromisoformat(headers["ce-time"]),
            traceparent=headers.get("traceparent"),
            request_id=headers.get("ce-requestid"),
        )
