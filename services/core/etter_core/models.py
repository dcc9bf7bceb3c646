"""All of core's tables, for Alembic and the tests."""

from __future__ import annotations

from etter_core.chro.models import RoleOutlook
from etter_core.occupations.models import (
    Occupation,
    OccupationSkill,
    OccupationTask,
    OccupationTitle,
    TaxonomyRelease,
)
from etter_core.people.models import Company, Person
from etter_core.roles.models import Role
from etter_core.workflows.models import Workflow, WorkflowHistory

__all__ = [
    "Company",
    "Occupation",
    "OccupationSkill",
    "OccupationTask",
    "OccupationTitle",
    "Person",
    "Role",
    "RoleOutlook",
    "TaxonomyRelease",
    "Workflow",
    "WorkflowHistory",
]
