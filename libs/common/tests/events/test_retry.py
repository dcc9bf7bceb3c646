"""Delays grow and stay bounded; what is not the message's fault is told from what is."""

from __future__ import annotations

import pytest
from nats.errors import ConnectionClosedError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from etter_common.errors import Conflict, Unavailable, Unprocessable
from etter_common.events.retry import Kind, PermanentError, RetryPolicy, classify, reason


class _Number(BaseModel):
    number: int


def _invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        _Number.model_validate({"number": "many"})
    return caught.value


class TestDelay:
    def test_it_grows_by_the_factor_up_to_the_longest(self) -> None:
        policy = RetryPolicy(first_s=1, factor=4, longest_s=60, jitter=0)
        assert [policy.delay_s(failures) for failures in (1, 2, 3, 4, 5, 5000)] == [1, 4, 16, 60, 60, 60]

    def test_jitter_spreads_it_within_its_share(self) -> None:
        delays = {RetryPolicy(first_s=10, jitter=0.2).delay_s(1) for _ in range(200)}
        assert len(delays) > 100
        assert min(delays) >= 8
        assert max(delays) <= 12

    def test_the_default_takes_minutes_not_milliseconds(self) -> None:
        policy = RetryPolicy(jitter=0)
        assert sum(policy.delay_s(failures) for failures in range(1, policy.tries)) > 300


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermanentError("no"), Kind.PERMANENT),
        (_invalid(), Kind.PERMANENT),
        (Unprocessable(), Kind.PERMANENT),
        (Conflict(), Kind.TRANSIENT),
        (RuntimeError(), Kind.TRANSIENT),
        (TimeoutError(), Kind.TRANSIENT),
        (IntegrityError("", {}, Exception()), Kind.TRANSIENT),
        (Unavailable(), Kind.AWAY),
        (InterfaceError("", {}, Exception()), Kind.AWAY),
        (OperationalError("", {}, Exception()), Kind.AWAY),
        (ConnectionRefusedError(), Kind.AWAY),
        (ConnectionClosedError(), Kind.AWAY),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_classify(error: Exception, kind: Kind) -> None:
    assert classify(error) is kind


def test_a_reason_is_one_bounded_line() -> None:
    assert reason(ValueError("a\r\nb" + "x" * 1000)).startswith("ValueError: a b")
    assert len(reason(ValueError("x" * 1000))) == 500
