"""One entry of the audit log, before it is a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.ids import new_id


@dataclass(frozen=True)
class Entry:
    """`action` is `<noun>:<verb>`. `details` never holds a secret, nor what a person typed as one.

    The actor is the caller, unless there is none yet: a sign-in names the user who signed in.
    """

    action: str
    company_id: UUID | None
    target_id: UUID | None = None
    actor_id: UUID | None = None
    outcome: Literal["success", "failure"] = "success"
    details: Mapping[str, Any] = field(default_factory=dict)

    def values(self, ctx: Context) -> dict[str, Any]:
        """The columns of its row, with where the request came from."""
        caller = ctx.principal.user_id if ctx.principal else None
        return {
            "id": new_id(),
            "company_id": self.company_id,
            "created_at": utc_now(),
            "action": self.action,
            "outcome": self.outcome,
            "actor_id": self.actor_id or caller,
            "target_id": self.target_id,
            "details": {**self.details, **_acting_key(ctx)},
            "client_ip": ctx.origin.client_ip,
            "user_agent": ctx.origin.user_agent,
            "request_id": ctx.origin.request_id,
        }


def _acting_key(ctx: Context) -> dict[str, str]:
    """Where an API key acts for its maker, who is the actor then."""
    key = ctx.principal.api_key if ctx.principal else None
    return {"api_key_id": key} if key else {}
