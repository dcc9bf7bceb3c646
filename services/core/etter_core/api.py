"""Core's table of contents: the routers, in reading order."""

from __future__ import annotations

from etter_core.chro import router as chro
from etter_core.occupations import router as occupations
from etter_core.roles import router as roles
from etter_core.workflows import router as workflows

routers = (
    chro.router,
    roles.router,
    roles.departments_router,
    workflows.router,
    workflows.me_router,
    *occupations.routers,
)
