"""Twice the hostile header, query or text is at most twice the work, counted and not timed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

import pytest
from pydantic import BaseModel
from sqlalchemy import column

from etter_common import etags, fieldsets, outgoing, redaction, responses
from etter_common.errors import AppError
from etter_common.networks import Networks
from etter_common.pagination import Cursor, Listing
from etter_common.request_state import RequestState
from etter_common.testing.work import work_of

PROXIES = Networks(["127.0.0.0/8"])
LISTING = Listing("things", {"name": column("name")}, default="name", tie_breaker=column("id"))


class Thing(BaseModel):
    name: str


def _requested(*headers: tuple[bytes, bytes]) -> object:
    return RequestState({"type": "http", "client": ("127.0.0.1", 1), "headers": list(headers)}, PROXIES)


CASES: dict[str, Callable[[int], object]] = {
    "accept-encoding": lambda n: outgoing.coding_of.__wrapped__(b"gzip;q=0," * n),
    "if-none-match": lambda n: etags.matches('W/"7+gzip", ' * n, '"8"'),
    "if-match": lambda n: etags.require_match('"6", ' * n, 7),
    "x-forwarded-for": lambda n: _requested((b"x-forwarded-for", b"127.0.0.2, 127.0.0.3, " * n)),
    "x-forwarded-for, nonsense": lambda n: _requested((b"x-forwarded-for", b"," * n)),
    "headers": lambda n: _requested(*((b"x-%d" % i, b"") for i in range(n))),
    "traceparent": lambda n: _requested((b"traceparent", b"00-" + b"a" * n)),
    "x-request-id": lambda n: _requested((b"x-request-id", b"-" * n)),
    "fields": lambda n: fieldsets.parse("name," * n, Thing),
    "fields, deep": lambda n: fieldsets.parse("name." * n, Thing),
    "sort": lambda n: LISTING.keys("-name," * n),
    "cursor": lambda n: Cursor(LISTING, {}, keys=[b"k" * 32]).read("A" * n),
    "links": lambda n: responses.links("/x", b"a=1&" * n, b'{"meta":{"next_cursor":"c","prev_cursor":null}}'),
    "text of a log": lambda n: redaction.redact_text("token=eyJ-" * n, limit=10**9),
}


class TestLinear:
    most: ClassVar[float] = 2.1

    @pytest.mark.parametrize("name", CASES)
    def test_twice_the_input(self, name: str) -> None:
        def steps(n: int) -> int:
            def call() -> None:
                with suppress(AppError):
                    CASES[name](n)

            call()
            return work_of(call).steps

        assert steps(400) <= self.most * steps(200)
