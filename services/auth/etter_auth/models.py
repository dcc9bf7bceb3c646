"""All of auth's tables: importing this module completes the metadata."""

from etter_auth.api_keys.models import ApiKey
from etter_auth.audit_events.models import AuditEvent
from etter_auth.companies.models import Company
from etter_auth.jwks.models import SigningKey
from etter_auth.master_companies.models import MasterCompany
from etter_auth.passwords.models import Password, SignInTries
from etter_auth.sessions.models import Session
from etter_auth.users.models import User

__all__ = [
    "ApiKey", "AuditEvent", "Company", "MasterCompany", "Password", "Session", "SignInTries", "SigningKey", "User",
]  # fmt: skip
