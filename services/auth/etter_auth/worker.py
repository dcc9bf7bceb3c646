"""What auth hears: api.py's twin for events. Auth has no worker process; its API processes run this beside requests."""

from __future__ import annotations

from etter_auth.api_keys import handlers as api_keys
from etter_auth.companies import handlers as companies
from etter_auth.sessions import handlers as sessions
from etter_common.events.consumer import on
from etter_common.events.contracts.auth import ApiKeyCreated, ApiKeyRevoked, CompanyDeleted, SessionRevoked

subscriptions = (
    on(SessionRevoked, sessions.session_revoked),
    on(CompanyDeleted, companies.company_deleted),
    on(ApiKeyCreated, api_keys.key_changed),
    on(ApiKeyRevoked, api_keys.key_changed),
)
