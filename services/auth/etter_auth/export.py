"""`python -m etter_auth.export COMPANY_ID > auth.zip`: all that auth keeps of a company, but what opens an account."""

from __future__ import annotations

import etter_auth.models  # noqa: F401 - completes the metadata
from etter_auth.settings import AuthSettings
from etter_auth.tables import Base
from etter_common import tenant_export
from etter_common.tenant_export import Export

EXPORT = Export(
    "auth",
    AuthSettings,
    Base.metadata,
    secret={
        "api_keys.hash": "made of what opens the company's data",
        "passwords.hash": "a password could be guessed from it",
        "sessions.refresh_hash": "made of what keeps a person signed in",
        "sessions.previous_hash": "made of what kept a person signed in",
        "sessions.successor_sealed": "keeps a person signed in",
    },
    root="companies",
)

if __name__ == "__main__":
    tenant_export.run(EXPORT)
