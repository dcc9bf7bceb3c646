"""What auth hears: api.py's twin for events. Auth has no worker process; its API processes run this beside requests."""

from __future__ import annotations

from etter_auth.sessions import handlers
from etter_common.events.consumer import on
from etter_common.events.contracts.auth import SessionRevoked

subscriptions = (on(SessionRevoked, handlers.session_revoked),)
