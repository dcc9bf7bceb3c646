"""Why a figure cannot be explained."""

from __future__ import annotations

from etter_common.errors import Unprocessable


class UnknownFigure(Unprocessable):
    code, title = "UNKNOWN_FIGURE", "The simulation has no such figure"
