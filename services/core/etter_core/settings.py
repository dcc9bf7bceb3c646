"""Core's settings."""

from __future__ import annotations

from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from etter_common.settings import ServiceSettings


class CoreSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CORE_", frozen=True, extra="ignore")

    service: ClassVar[str] = "core"
