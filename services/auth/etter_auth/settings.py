"""Auth's settings."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from etter_common.settings import ServiceSettings


class AuthSettings(ServiceSettings):
    """The defaults for hashing are OWASP ASVS 5.0 appendix C's argon2id with t=2 and 19 MiB."""

    model_config = SettingsConfigDict(env_prefix="AUTH_", frozen=True, extra="ignore")

    service: ClassVar[str] = "auth"

    argon2_memory_kib: int = Field(default=19_456, ge=8)
    argon2_time_cost: int = Field(default=2, ge=1)
    argon2_parallelism: int = Field(default=1, ge=1)
    hash_threads: int = Field(default=2, ge=1, description="hashes made at once; each takes a core and its memory")
    hash_queue: int = Field(default=200, ge=0, description="sign-ins that may wait for a hash; more get a 503")
    hash_wait_s: float = Field(default=5.0, gt=0, description="longest wait of a sign-in for a hash before its 503")

    session_idle_days: int = Field(default=14, ge=1, description="a session unused for so long has ended")
    session_absolute_days: int = Field(default=30, ge=1, description="no session lives longer")
    refresh_grace_s: float = Field(default=10.0, ge=0, description="a repeated refresh gets the same successor so long")

    key_rotation_days: int = Field(default=30, ge=1, description="how long one key signs")
    key_check_s: float = Field(
        default=60.0, gt=0, description="how often a replica looks for a rotated key and at buckets"
    )
