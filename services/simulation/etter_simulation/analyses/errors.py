"""What can go wrong with every analysis."""

from __future__ import annotations

from etter_common.errors import Unprocessable


class UnknownSubject(Unprocessable):
    code, title = "UNKNOWN_SUBJECT", "There is no such simulation in this company"
