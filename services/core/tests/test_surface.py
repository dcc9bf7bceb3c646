"""Whole-surface tests of core."""

from __future__ import annotations

from typing import ClassVar

from etter_common.testing.surface import Maker, SurfaceTests

from .factories import make_role, make_workflow


class TestSurface(SurfaceTests):
    makers: ClassVar[dict[str, Maker]] = {"role_id": make_role, "workflow_id": make_workflow}
    shared: ClassVar[frozenset[str]] = frozenset({"code"})
