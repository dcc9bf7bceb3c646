"""Auth's routers: the service's table of contents."""

from __future__ import annotations

from etter_auth.api_keys.router import router as api_keys
from etter_auth.audit_events.router import router as audit_events
from etter_auth.companies.router import router as companies
from etter_auth.jwks.router import router as jwks
from etter_auth.master_companies.router import router as master_companies
from etter_auth.me.router import router as me
from etter_auth.passwords.router import router as passwords
from etter_auth.permissions.router import router as permissions
from etter_auth.sessions.router import router as sessions
from etter_auth.users.router import router as users

routers = [passwords, sessions, me, users, api_keys, companies, master_companies, permissions, audit_events, jwks]
