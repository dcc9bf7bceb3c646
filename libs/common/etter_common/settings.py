"""The base of every service's settings: the only reader of the environment."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-not-for-production"  # noqa: S105 - refused outside development


class ServiceSettings(BaseSettings):
    """Settings all services share. A service subclasses it and sets `service` and the variables' prefix."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

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
    nats_url: str = Field(description="NATS with JetStream: events, jobs, keys, cache invalidation")
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        min_length=32,
        description="signs cursors; no default in production",
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
    rate_limit_company_requests: int = Field(default=20_000, ge=1, description="requests per window and company")
    rate_limit_window_s: int = Field(default=60, ge=1)
    cache_l1_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    trusted_proxies: tuple[str, ...] = Field(default=("127.0.0.1", "::1"), description="whose X-Forwarded-For counts")

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

    @model_validator(mode="after")
    def _no_development_secret_in_production(self) -> Self:
        if self.environment == "production" and self.secret_key.get_secret_value() == DEVELOPMENT_SECRET:
            raise ValueError(f"{self.service}: secret_key must be set outside development")
        return self

    @property
    def signing_key(self) -> bytes:
        return self.secret_key.get_secret_value().encode()
