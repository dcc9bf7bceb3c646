"""What the routes of every analysis share."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header

from etter_common.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidFields,
    InvalidIdempotencyKey,
    InvalidSort,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.sse import documented_stream
from etter_simulation.analyses.errors import UnknownSubject
from etter_simulation.role_profiles.errors import MixedCurrencies, NoRoleProfiles, TooManyRoleProfiles

COMMON: Final = (Unauthenticated, Forbidden, ValidationFailed)
STARTING: Final = (*COMMON, IdempotencyKeyReused, InvalidIdempotencyKey)
SUBJECT: Final = (*STARTING, UnknownSubject, NoRoleProfiles, TooManyRoleProfiles, MixedCurrencies)
LISTING: Final = (*COMMON, InvalidCursor, InvalidSort, InvalidFields)
STREAM: Final = documented_stream("the job's progress")
LastEventId = Annotated[str | None, Header(max_length=200)]
