"""Extraction's settings."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from etter_common.settings import ServiceSettings


class ExtractionSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="EXTRACTION_", frozen=True, extra="ignore")

    service: ClassVar[str] = "extraction"

    object_store_url: str = Field(description="where documents are kept: `file:///absolute/folder`")
    parse_parallel: int = Field(default=2, ge=1, le=64, description="documents one worker parses at a time")
    parse_wall_s: float = Field(default=60.0, gt=0, description="wall-clock limit of one document")
