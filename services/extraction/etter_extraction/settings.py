"""Extraction's settings."""

from __future__ import annotations

from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from etter_common.settings import ServiceSettings


class ExtractionSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="EXTRACTION_", frozen=True, extra="ignore")

    service: ClassVar[str] = "extraction"

    object_store_url: str = Field(
        description="where documents are kept: `s3://bucket/prefix`, or `file:///absolute/folder` of one machine"
    )
    object_store_endpoint: str | None = Field(
        default=None, description="S3 API of one's own server, `https://…`; without it Amazon's"
    )
    object_store_region: str = Field(default="us-east-1", description="what requests are signed for")
    object_store_access_key: str | None = Field(
        default=None, description="without both keys those the machine or its pod was given (Amazon)"
    )
    object_store_secret_key: SecretStr | None = None
    parse_parallel: int = Field(default=2, ge=1, le=64, description="documents one worker parses at a time")
    parse_wall_s: float = Field(
        default=60.0,
        gt=0,
        description="wall-clock limit of one document; times three for sheets, ten where pictures are read",
    )
    ocr: bool = Field(default=True, description="read pictures and scanned pages by character recognition")

    @field_validator("object_store_url")
    @classmethod
    def _names_a_folder_or_a_bucket(cls, url: str) -> str:
        parts = urlsplit(url)
        is_folder = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
        if not is_folder and not (parts.scheme == "s3" and parts.netloc):
            raise ValueError("must be s3://bucket/prefix or file:///absolute/folder")
        return url

    @field_validator("object_store_endpoint")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// or http://")
        return url.rstrip("/") if url else url

    @model_validator(mode="after")
    def _both_keys_or_none(self) -> Self:
        if bool(self.object_store_access_key) != bool(self.object_store_secret_key):
            raise ValueError("object_store_access_key and object_store_secret_key go together")
        return self
