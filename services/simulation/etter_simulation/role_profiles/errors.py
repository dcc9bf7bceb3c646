"""Why a company's own roles cannot be simulated."""

from __future__ import annotations

from etter_common.errors import Conflict
from etter_simulation.engine.request import MAX_ROLES


class NoRoleProfiles(Conflict):
    code, title = "NO_ROLE_PROFILES", "No role of this company has a published workflow with pay and workloads"


class TooManyRoleProfiles(Conflict):
    code, title = "TOO_MANY_ROLE_PROFILES", f"The company has more than {MAX_ROLES} roles; name those to simulate"


class MixedCurrencies(Conflict):
    code, title = "MIXED_CURRENCIES", "The company's roles are paid in several currencies; name roles of one currency"
