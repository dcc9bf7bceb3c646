"""The rows that callers of auth stand on, found by primary key.

The statements are text with the values in it, since they go out in the script that begins a transaction, which takes no
parameters. The values are UUIDs, hexadecimal digits, and role names of the catalogue: nothing a caller writes.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from etter_common.auth import Principal

_SESSION: Final = (
    "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id"
    " WHERE s.id = '{session}' AND s.ended_at IS NULL AND u.roles = '{roles}'::jsonb"
    " AND u.id = '{user}' AND u.company_id = '{company}' AND u.is_active"
)
_KEY: Final = (
    "SELECT 1 FROM api_keys k JOIN users u ON u.id = k.user_id"
    " WHERE k.id = '{key}' AND k.hash = decode('{hash}', 'hex') AND k.role = '{role}'"
    " AND k.revoked_at IS NULL AND k.expires_at > now()"
    " AND u.id = '{user}' AND u.company_id = '{company}' AND u.is_active"
)


def live_session(principal: Principal, session_id: UUID) -> str:
    """A row while the session goes on and its user is active and has exactly these roles."""
    roles = msgspec.json.encode(principal.roles).decode()
    return _SESSION.format(session=session_id, user=principal.user_id, company=principal.company_id, roles=roles)


def live_key(principal: Principal, key_id: UUID, sha256: bytes) -> str:
    """A row while the key of this secret and role is neither revoked nor expired, and its maker is active."""
    (role,) = principal.roles
    user, company = principal.user_id, principal.company_id
    return _KEY.format(key=key_id, hash=sha256.hex(), role=role, user=user, company=company)
