"""What can go wrong with a user."""

from __future__ import annotations

from etter_common.errors import Conflict, Forbidden, NotFound


class UserNotFound(NotFound):
    code, title = "USER_NOT_FOUND", "There is no such user in this company"


class EmailTaken(Conflict):
    """Of this company alone: what another company has is nobody's business (decision 0017)."""

    code, title = "EMAIL_TAKEN", "A user of this company has this email"
    constraint = "uq_users_company_id_email"


class UsernameTaken(Conflict):
    code, title = "USERNAME_TAKEN", "A user of this company has this username"
    constraint = "uq_users_company_id_username"


class RoleNotGrantable(Forbidden):
    code, title = "ROLE_NOT_GRANTABLE", "Nobody can give more than they may do themselves"


class UserOutranksCaller(Forbidden):
    code, title = "USER_OUTRANKS_CALLER", "This user may do things the caller may not"


class OwnAccount(Conflict):
    code, title = "OWN_ACCOUNT", "Nobody can change their own roles or deactivate themselves"
