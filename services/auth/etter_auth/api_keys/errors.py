"""What can go wrong with an API key."""

from __future__ import annotations

from etter_common.errors import Conflict, Forbidden, NotFound


class ApiKeyNotFound(NotFound):
    code, title = "API_KEY_NOT_FOUND", "There is no such API key in this company"


class ApiKeyRoleNotGrantable(Forbidden):
    code, title = "API_KEY_ROLE_NOT_GRANTABLE", "No key may do more than the user who makes it"


class TooManyApiKeys(Conflict):
    """The number is in the problem, as `max_live_keys`."""

    code, title = "TOO_MANY_API_KEYS", "The company has as many live API keys as it may have"
