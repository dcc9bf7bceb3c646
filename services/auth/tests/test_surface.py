"""The whole surface of auth."""

from __future__ import annotations

from etter_common.testing.surface import SurfaceTests


class TestSurface(SurfaceTests):
    pass
