"""Everything that can go wrong has a class, a status and a stable code.

A service raises these and nothing else; the HTTP form (RFC 9457) is made in one place, `etter_common.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

MAX_FIELD_ERRORS = 100
"""How many wrong parts of a request an answer names; more would make it larger than the request."""


@dataclass(frozen=True)
class FieldError:
    """One wrong part of a request; `pointer` is a JSON pointer (RFC 6901) into it."""

    pointer: str
    message: str
    code: str

    @classmethod
    def at(cls, *path: object, message: str, code: str) -> FieldError:
        """By the parts of the way there, names or positions."""
        return cls("".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path), message, code)


class AppError(Exception):
    """Base of all expected failures.

    `code` is stable and never reused. `constraint` names the database constraint whose violation means this error.
    With `keep_writes` the transaction is committed before the error goes out (a failed sign-in is still counted).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[str] = "Internal error"
    constraint: ClassVar[str | None] = None
    keep_writes: ClassVar[bool] = False

    by_code: ClassVar[dict[str, type[AppError]]] = {}
    by_constraint: ClassVar[dict[str, type[AppError]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            known = AppError.by_code.setdefault(cls.code, cls)
            if known.__qualname__ != cls.__qualname__ or known.__module__ != cls.__module__:
                raise TypeError(f"error code {cls.code} is taken by {known.__module__}.{known.__qualname__}")
        if cls.__dict__.get("constraint"):
            other = AppError.by_constraint.setdefault(str(cls.constraint), cls)
            if other.code != cls.code:
                raise TypeError(f"constraint {cls.constraint} already means {other.code}")

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **facts: Any,  # shown beside the problem's standard members; anything JSON can hold
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.facts = facts


class BadRequest(AppError):
    status, code, title = 400, "BAD_REQUEST", "The request could not be read"


class TooDeep(BadRequest):
    """Nesting this deep is nobody's data, and costs more to read than it tells."""

    code, title = "TOO_DEEP", "The body is nested too deeply"


class Unauthenticated(AppError):
    status, code, title = 401, "UNAUTHENTICATED", "A valid access token is needed"

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"}, **facts)


class Forbidden(AppError):
    status, code, title = 403, "FORBIDDEN", "The caller may not do this"


class SessionRequired(Forbidden):
    """What an API key may not do whatever its role: it would make more of itself, or act as a person."""

    code, title = "SESSION_REQUIRED", "This is for somebody who has signed in, not for an API key"


class NotFound(AppError):
    status, code, title = 404, "NOT_FOUND", "There is no such thing"


class MethodNotAllowed(AppError):
    status, code, title = 405, "METHOD_NOT_ALLOWED", "The method is not allowed here"


class NotAcceptable(AppError):
    status, code, title = 406, "NOT_ACCEPTABLE", "There is no representation that the caller accepts"


class RequestTimeout(AppError):
    status, code, title = 408, "REQUEST_TIMEOUT", "The request took too long to arrive"


class Conflict(AppError):
    status, code, title = 409, "CONFLICT", "The request clashes with the present state"


class PreconditionFailed(AppError):
    status, code, title = 412, "PRECONDITION_FAILED", "The resource has changed since it was read"


class PayloadTooLarge(AppError):
    status, code, title = 413, "PAYLOAD_TOO_LARGE", "The body is too large"


class UnsupportedMediaType(AppError):
    status, code, title = 415, "UNSUPPORTED_MEDIA_TYPE", "This media type is not taken here"


class Unprocessable(AppError):
    status, code, title = 422, "UNPROCESSABLE", "The request cannot be carried out as it stands"


class ValidationFailed(Unprocessable):
    code, title = "VALIDATION_FAILED", "Some fields are not valid"


class HeadersTooLarge(AppError):
    status, code, title = 431, "HEADERS_TOO_LARGE", "The request line or the headers are too large"


class PreconditionRequired(AppError):
    status, code, title = 428, "PRECONDITION_REQUIRED", "If-Match is needed here"


class TooManyRequests(AppError):
    status, code, title = 429, "TOO_MANY_REQUESTS", "The rate limit is used up"


class TooManyAtOnce(TooManyRequests):
    """This caller has as many requests open at once as one caller may have."""

    code, title = "TOO_MANY_AT_ONCE", "Too many requests of this caller are open at once"


class Unreachable(AppError):
    """Only the ingress means it: the request may have reached the service, whose answer never came."""

    status, code, title = 502, "SERVICE_UNREACHABLE", "The service gave no answer"

    def __init__(self) -> None:
        super().__init__(
            "The service is restarting or failed while it answered. Retry; a write with its Idempotency-Key.",
            headers={"Retry-After": "2"},
        )


class Unavailable(AppError):
    status, code, title = 503, "UNAVAILABLE", "A part this needs is away; try again"

    def __init__(self, detail: str | None = None, *, retry_after_s: int = 2, **facts: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)}, **facts)


class VerificationUnavailable(Unavailable):
    """What is known of keys is older than it may be: the caller is neither accepted nor refused."""

    code, title = "VERIFICATION_UNAVAILABLE", "API keys or access tokens cannot be verified at the moment"


class Overloaded(Unavailable):
    """The process works at its limit and its queue is full or too slow: try again shortly, or on another replica."""

    code, title = "OVERLOADED", "Too much is being asked for at the moment; try again"


class DeadlineExceeded(AppError):
    status, code, title = 504, "DEADLINE_EXCEEDED", "The request took longer than its deadline"


class InvalidCursor(Unprocessable):
    code, title = "INVALID_CURSOR", "The cursor was not made for this list"


class InvalidFields(Unprocessable):
    code, title = "INVALID_FIELDS", "The list of fields names an unknown one"


class InvalidSort(Unprocessable):
    code, title = "INVALID_SORT", "The sort names an unknown field"


class IdempotencyKeyReused(Unprocessable):
    code, title = "IDEMPOTENCY_KEY_REUSED", "The idempotency key was used with another request"


class InvalidIdempotencyKey(BadRequest):
    code, title = "INVALID_IDEMPOTENCY_KEY", "The idempotency key must be 1 to 255 printable ASCII characters"


UNIVERSAL: tuple[type[AppError], ...] = (
    BadRequest,
    TooDeep,
    Unauthenticated,
    Forbidden,
    RequestTimeout,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    TooManyRequests,
    TooManyAtOnce,
    HeadersTooLarge,
    AppError,
    Unavailable,
    VerificationUnavailable,
    Overloaded,
    DeadlineExceeded,
)
"""What any route can answer whatever it does."""
