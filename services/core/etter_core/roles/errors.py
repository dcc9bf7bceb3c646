"""What can go wrong with roles."""

from __future__ import annotations

from etter_common.errors import Conflict, NotFound, Unprocessable


class RoleNotFound(NotFound):
    code, title = "ROLE_NOT_FOUND", "There is no such role"
    constraint = "fk_workflows_role_id_roles"


class RoleAlreadyExists(Conflict):
    code, title = "ROLE_ALREADY_EXISTS", "The department has a role of this title"
    constraint = "uq_roles_company_id_title_department"


class UnknownOccupation(Unprocessable):
    code, title = "UNKNOWN_OCCUPATION", "The occupation code is not in the reference taxonomy"
