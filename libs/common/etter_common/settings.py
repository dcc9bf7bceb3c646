"""The base of every service's settings: the only reader of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from etter_common.origins import check_origin

DEVELOPMENT_SECRET = "development-only-secret-not-for-production"  # noqa: S105 - refused outside development


class FileSource(EnvSettingsSource):
    """`CORE_SECRET_KEY_FILE=/run/secrets/key`: any setting may be the content of a file, as secrets are in containers.

    A line break at the end is not part of it. A setting given both ways is a mistake that says so.
    """

    def _load_env_vars(self) -> Mapping[str, str | None]:
        plain = super()._load_env_vars()  # names in small letters
        found: dict[str, str | None] = {}
        for field in self.settings_cls.model_fields:
            name = f"{self.env_prefix}{field}".lower()
            if not (file := plain.get(f"{name}_file")):
                continue
            if plain.get(name):
                raise ValueError(f"{name.upper()} and {name.upper()}_FILE are both set")
            try:
                content = Path(file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{name.upper()}_FILE: {file} cannot be read: {error}") from error
            found[name] = content.removesuffix("\n").removesuffix("\r") or None
        return found


class FileOrEnvironment(BaseSettings):
    """Settings that are read from the environment, or from files that it names."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(env_settings, EnvSettingsSource)  # noqa: S101 - pydantic makes it
        return init_settings, FileSource(settings_cls, env_prefix=env_settings.env_prefix), env_settings


class ServiceSettings(FileOrEnvironment):
    """Settings all services share. A service subclasses it and sets `service` and the variables' prefix."""

    service: ClassVar[str]

    environment: Literal["development", "test", "production"] = "development"
    database_url: str = Field(
        description="login role, `postgresql+asyncpg://…`; owns nothing, bound by row-level security"
    )
    migration_url: str | None = Field(default=None, description="owner role; read by migrations only")
    pooler_url: str | None = Field(
        default=None, description="the same database through a pooler in transaction mode; requests go there"
    )
    replica_url: str | None = Field(default=None, description="a read replica, for reads that may be a little old")
    replica_max_lag_s: float = Field(default=5.0, gt=0, description="how old; a replica further behind is not asked")
    redis_url: str = Field(description="Valkey or Redis: second cache tier, rate limits")
    nats_url: str = Field(
        description="NATS with JetStream: events, jobs, keys, cache invalidation; commas between several servers"
    )
    nats_replicas: int = Field(
        default=1, ge=1, le=5, description="servers that keep each stream; in a cluster 3: one may be lost"
    )
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        min_length=32,
        description="signs cursors; no default in production",
    )
    secret_key_accepted: SecretStr | None = Field(
        default=None, min_length=32, description="the next secret key, or the one before, while it is being changed"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str | None = Field(default=None, description="OTLP/HTTP traces go here; off without it")
    trace_sample_ratio: float = Field(default=0.05, ge=0, le=1)
    sentry_dsn: SecretStr | None = Field(default=None, description="error tracking; off without it")

    pool_size: int = Field(default=15, ge=1, le=100, description="database connections of one process, at most")
    statement_timeout_ms: int = Field(default=10_000, ge=100)
    lock_timeout_ms: int = Field(default=5_000, ge=100)
    max_concurrency: int = Field(default=40, ge=1, description="requests one process works on at a time")
    max_queue: int = Field(default=200, ge=0, description="requests waiting for a place; more are refused")
    queue_timeout_s: float = Field(default=0.25, gt=0, description="longest wait of a request before it is worked on")
    max_concurrency_per_caller: int = Field(default=32, ge=1, description="requests and streams open by one user")
    body_idle_timeout_s: float = Field(default=15.0, gt=0, description="longest silence while a body arrives")
    request_timeout_s: float = Field(default=30.0, gt=0, description="deadline of a request; streams are exempt")
    max_body_bytes: int = Field(
        default=1_048_576, ge=1024, description="body limit of routes without a limit of their own"
    )
    rate_limit_requests: int = Field(default=1000, ge=1, description="requests per window and caller")
    rate_limit_key_requests: int = Field(default=2000, ge=1, description="requests per window and API key")
    rate_limit_address_requests: int = Field(
        default=10_000, ge=1, description="requests per window and address, without a caller; an office shares one"
    )
    rate_limit_company_requests: int = Field(default=20_000, ge=1, description="requests per window and company")
    rate_limit_window_s: int = Field(default=60, ge=1)
    cache_l1_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    api_keys_max_age_s: float = Field(
        default=300.0, gt=0, description="unheard of revocations for so long, API keys get a 503; not at auth"
    )
    signing_keys_max_age_s: float = Field(
        default=86_400.0, gt=0, description="unheard of retired signing keys for so long, tokens get a 503; not at auth"
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1", "::1"), description="whose X-Forwarded-For counts: addresses and networks"
    )

    cors_origins: tuple[str, ...] = Field(
        default=(), description="whose scripts may call from a browser: `https://app.example`; none without it"
    )

    worker_host: str = Field(
        default="127.0.0.1", description="where a worker's health answers; all interfaces in a container"
    )
    worker_port: int = Field(default=0, ge=0, le=65535, description="health and metrics of a worker; 0: none")

    @field_validator("database_url", "migration_url", "pooler_url", "replica_url")
    @classmethod
    def _names_the_driver(cls, url: str | None) -> str | None:
        """SQLAlchemy 2.1 takes a bare `postgresql://` for another driver, which is not installed."""
        if url is not None and not url.startswith("postgresql+asyncpg://"):
            raise ValueError("must begin with postgresql+asyncpg://")
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for network in given:
            ip_network(network)
        return given

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_origin(origin) for origin in given)

    @model_validator(mode="after")
    def _no_development_secret_in_production(self) -> Self:
        if self.environment == "production" and DEVELOPMENT_SECRET.encode() in self.accepted_keys:
            raise ValueError(f"{self.service}: secret_key must be set outside development")
        return self

    @property
    def signing_key(self) -> bytes:
        return self.secret_key.get_secret_value().encode()

    @property
    def accepted_keys(self) -> tuple[bytes, ...]:
        """What one of them has signed or sealed counts; `signing_key` is the first."""
        other = self.secret_key_accepted
        return (self.signing_key, other.get_secret_value().encode()) if other else (self.signing_key,)
