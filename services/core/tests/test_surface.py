"""Whole-surface tests of core."""

from __future__ import annotations

from typing import ClassVar

from etter_common.testing.surface import Maker, SurfaceTests
from etter_core.export import EXPORT

from .factories import make_role, make_workflow


class TestSurface(SurfaceTests):
    export = EXPORT
    makers: ClassVar[dict[str, Maker]] = {"role_id": make_role, "workflow_id": make_workflow}
    unmapped: ClassVar[dict[str, str]] = {
        "fk_occupation_skills_occupation_code_occupations": "written by the loading of a taxonomy",
        "fk_occupation_tasks_occupation_code_occupations": "written by the loading of a taxonomy",
        "fk_occupation_titles_occupation_code_occupations": "written by the loading of a taxonomy",
        "fk_role_outlooks_role_id_roles": "written by the handler of an event, which is tried again",
    }
    wider: ClassVar[dict[str, str]] = {"pk_role_outlooks": "one a role, whose id is ours"}
    unread: ClassVar[dict[str, str]] = {"/occupations/{code}": "reference data, the same for all companies"}
    shared: ClassVar[frozenset[str]] = frozenset({"code"})
    values: ClassVar[dict[str, str]] = {"code": "11-1011.00"}
