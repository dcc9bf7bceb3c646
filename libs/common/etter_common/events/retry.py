"""What a failure means for the next try, and how long to wait before it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import Final

from nats.errors import Error as NatsError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from etter_common.db.session import translated
from etter_common.errors import Unavailable, Unprocessable

_REASON_LENGTH: Final = 500


class PermanentError(Exception):
    """Raised by a handler that knows that no further try can help."""


class Kind(Enum):
    """`AWAY` is not the message's fault: it is tried again for as long as it takes and counts as no try."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    AWAY = "away"


def classify(error: BaseException) -> Kind:
    if isinstance(error, SQLAlchemyError):
        error = translated(error)
    if isinstance(error, PermanentError | ValidationError | Unprocessable):
        return Kind.PERMANENT
    if isinstance(error, Unavailable | NatsError | ConnectionError):
        return Kind.AWAY
    return Kind.TRANSIENT


def reason(error: BaseException) -> str:
    """One bounded line about an error, for headers and logs of operators."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text[:_REASON_LENGTH]


@dataclass(frozen=True)
class RetryPolicy:
    """`tries` in all; waits `first_s`, then `factor` times longer each time up to `longest_s`, each ± `jitter`.

    The default tries six times over about six minutes.
    """

    tries: int = 6
    first_s: float = 1.0
    factor: float = 4.0
    longest_s: float = 300.0
    jitter: float = 0.2

    def delay_s(self, failures: int) -> float:
        """How long to wait after the `failures`-th failure (from 1)."""
        steady = min(self.longest_s, self.first_s * self.factor ** min(failures - 1, 30))
        return steady * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - spreading, not secrecy
