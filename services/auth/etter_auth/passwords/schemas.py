"""What crosses the wire about passwords."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, WithJsonSchema

from etter_auth.digests import normal
from etter_auth.passwords.policy import MAX_LENGTH, MIN_LENGTH
from etter_common.responses import Schema

_MOST_TYPED: Final = 1024  # before it is normalised, which makes some texts shorter


def _long_enough(secret: SecretStr) -> SecretStr:
    if not MIN_LENGTH <= len(normal(secret.get_secret_value())) <= MAX_LENGTH:
        raise ValueError(f"it must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    return secret


Typed = Annotated[SecretStr, Field(min_length=1, max_length=_MOST_TYPED)]
"""A password as it was typed, to be compared."""
Chosen = Annotated[
    Typed,
    AfterValidator(_long_enough),
    WithJsonSchema(
        {"type": "string", "format": "password", "writeOnly": True, "minLength": MIN_LENGTH, "maxLength": MAX_LENGTH}
    ),
]
"""A password to be; its length counts in code points of its NFKC form."""


class Credentials(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "maya.lindqvist@brightwater.example", "password": "correct horse battery staple"}]
        }
    )

    email: str = Field(min_length=3, max_length=254)
    password: Typed
    company_id: UUID | None = Field(
        default=None, description="which company to sign in to; needed after 409 `COMPANY_REQUIRED`, which names them"
    )


class PasswordChange(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"current_password": "correct horse battery staple", "new_password": "an otter sings at dusk"}]
        }
    )

    current_password: Typed
    new_password: Chosen = Field(
        description="any characters, no rules of composition; counted and compared in Unicode's form NFKC"
    )
