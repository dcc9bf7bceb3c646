"""How a reader says no; the sandbox turns it into one of `errors`."""

from __future__ import annotations


class Refused(Exception):
    """`reason` is one of `errors.BY_REASON`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason, self.detail = reason, detail
