"""What crosses the wire about keys: RFC 7517 as it is, not wrapped in `data`, because foreign libraries read it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PublicKey(BaseModel):
    """A verification key (RFC 8037)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kid": "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64",
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    "use": "sig",
                    "alg": "Ed25519",
                }
            ]
        }
    )

    kid: str
    kty: str
    crv: str
    x: str
    use: str
    alg: str


class KeySet(BaseModel):
    keys: list[PublicKey] = Field(description="the key in use, the next one, and those that still verify")
