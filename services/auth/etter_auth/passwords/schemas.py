"""What crosses the wire about passwords."""

from __future__ import annotations

from pydantic import ConfigDict, Field, SecretStr

from etter_auth.passwords.policy import MAX_LENGTH, MIN_LENGTH
from etter_common.responses import Schema


class Credentials(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "maya.lindqvist@brightwater.example", "password": "correct horse battery staple"}]
        }
    )

    email: str = Field(min_length=3, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=MAX_LENGTH)


class PasswordChange(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"current_password": "correct horse battery staple", "new_password": "an otter sings at dusk"}]
        }
    )

    current_password: SecretStr = Field(min_length=1, max_length=MAX_LENGTH)
    new_password: SecretStr = Field(
        min_length=MIN_LENGTH, max_length=MAX_LENGTH, description="any characters; no rules of composition"
    )
