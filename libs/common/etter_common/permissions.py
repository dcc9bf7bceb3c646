"""The permission catalogue: one table in code, so that it is typed, reviewed and tested."""

from __future__ import annotations

from typing import Final

PERMISSIONS: Final[dict[str, str]] = {
    "companies:read": "see the own company and its settings",
    "companies:write": "change the own company",
    "companies:manage": "create and delete companies, across tenants",
    "master_companies:read": "search the shared directory of companies",
    "users:read": "see the company's users",
    "users:write": "invite, change and deactivate users",
    "audit:read": "read the audit log",
    "api_keys:manage": "make and revoke API keys",
    "roles:read": "see roles, departments and headcounts",
    "roles:write": "create, change and archive roles",
    "occupations:read": "search the reference occupations, tasks and skills",
    "workflows:read": "see workflows, workloads, tasks, scores and history",
    "workflows:write": "change workflows and compute scores",
    "workflows:validate": "correct the tasks of a role and sign its score off",
    "dashboard:read": "see the CHRO dashboard",
    "documents:read": "see documents and extractions",
    "documents:write": "upload documents, start extraction jobs",
    "extractions:review": "correct, accept and reject extracted facts",
    "scenarios:read": "see scenarios and their versions",
    "scenarios:write": "make, change and delete scenarios",
    "simulations:read": "see simulations and their results",
    "simulations:write": "start, cancel and delete simulations",
}

_READ: Final = frozenset(p for p in PERMISSIONS if p.endswith(":read") and p != "audit:read")
_ANALYST: Final = _READ | {
    "roles:write", "workflows:write", "documents:write", "extractions:review", "scenarios:write",
    "simulations:write",
}  # fmt: skip

ROLE_PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "super_admin": frozenset(PERMISSIONS),
    "company_admin": frozenset(PERMISSIONS) - {"companies:manage"},
    "chro": _ANALYST | {"workflows:validate", "audit:read"},
    "analyst": _ANALYST,
    "validator": _READ | {"workflows:validate"},
    "viewer": _READ,
}


def permissions_of(roles: tuple[str, ...]) -> frozenset[str]:
    """The union over the roles; a role that is not in the table gives nothing."""
    return frozenset().union(*(ROLE_PERMISSIONS.get(role, frozenset()) for role in roles))
