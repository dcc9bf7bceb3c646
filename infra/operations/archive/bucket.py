"""A bucket of an S3 API as a store of objects: three requests, signed (AWS Signature Version 4).

The keys to it come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, region and address from AWS_REGION and
AWS_ENDPOINT_URL, as other tools read them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

from archive.manifest import BackupError, digest

_EMPTY = hashlib.sha256(b"").hexdigest()
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Bucket:
    """`prefix` ends with a slash or is empty."""

    endpoint: str
    name: str
    prefix: str
    region: str
    access_key: str
    secret_key: str

    @classmethod
    def of(cls, url: str, environ: Mapping[str, str] = os.environ) -> Bucket:
        """`s3://bucket/prefix`."""
        parts = urlsplit(url)
        region = environ.get("AWS_REGION", "us-east-1")
        prefix = parts.path.strip("/")
        try:
            return cls(
                endpoint=environ.get("AWS_ENDPOINT_URL", f"https://s3.{region}.amazonaws.com").rstrip("/"),
                name=parts.netloc,
                prefix=f"{prefix}/" if prefix else "",
                region=region,
                access_key=environ["AWS_ACCESS_KEY_ID"],
                secret_key=environ["AWS_SECRET_ACCESS_KEY"],
            )
        except KeyError as error:
            raise BackupError(f"{error.args[0]} is not set") from error

    def sizes(self) -> Iterator[tuple[str, int]]:
        query = {"list-type": "2", "prefix": self.prefix}
        while True:
            with self._send("GET", "", query) as answer:
                told = ElementTree.parse(answer).getroot()  # noqa: S314 - the operator's own store
            space = told.tag.partition("}")[0] + "}" if told.tag.startswith("{") else ""
            for entry in told.iter(f"{space}Contents"):
                key = entry.findtext(f"{space}Key", "")
                yield key.removeprefix(self.prefix), int(entry.findtext(f"{space}Size", "0"))
            after = told.findtext(f"{space}NextContinuationToken")
            if not after:
                return
            query["continuation-token"] = after

    def fetch(self, key: str, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        draft = to.with_name(f"{to.name}.part")
        with self._send("GET", self.prefix + key) as answer, draft.open("wb") as out:
            shutil.copyfileobj(answer, out)
        draft.replace(to)

    def store(self, key: str, content: Path) -> None:
        with content.open("rb") as body:
            self._send("PUT", self.prefix + key, body=body, size=content.stat().st_size, sha256=digest(content)).close()

    def _send(
        self, method: str, key: str, query: Mapping[str, str] | None = None, *,
        body: Any = None, size: int = 0, sha256: str = _EMPTY,
    ) -> Any:  # fmt: skip
        path = quote(f"/{self.name}/{key}" if key else f"/{self.name}")
        asked = urlencode(sorted((query or {}).items()), quote_via=quote, safe="")
        headers = self._signed(method, path, asked, sha256=sha256)
        if body is not None:
            headers["content-length"] = str(size)
        request = urllib.request.Request(  # noqa: S310 - the operator's own address
            f"{self.endpoint}{path}{'?' if asked else ''}{asked}", data=body, headers=headers, method=method
        )
        try:
            return urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code == 404 and key:
                raise FileNotFoundError(key) from error
            raise BackupError(f"{method} {path}: {error.code} {error.read(300).decode(errors='replace')}") from error
        except OSError as error:
            raise BackupError(f"{self.endpoint} does not answer: {error}") from error

    def _signed(self, method: str, path: str, query: str, *, sha256: str) -> dict[str, str]:
        now = datetime.now(UTC)
        stamp, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
        headers = {"host": urlsplit(self.endpoint).netloc, "x-amz-content-sha256": sha256, "x-amz-date": stamp}
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        asked = hashlib.sha256("\n".join((method, path, query, lines, names, sha256)).encode()).hexdigest()
        scope = f"{day}/{self.region}/s3/aws4_request"
        key = f"AWS4{self.secret_key}".encode()
        for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{asked}"):
            last = hmac.new(key, part.encode(), hashlib.sha256)
            key = last.digest()
        credential = f"Credential={self.access_key}/{scope}"
        headers["authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={key.hex()}"
        return headers
