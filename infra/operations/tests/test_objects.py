"""Documents are copied once, stay for a while after they are gone, and come back as they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from .conftest import run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for key in ("one", "two"):
        write(tmp_path / "objects", key)
    return tmp_path / "objects"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def write(store: Path, key: str) -> None:
    (store / "company").mkdir(parents=True, exist_ok=True)
    (store / "company" / key).write_bytes(key.encode())


def keys(store: Path) -> set[str]:
    return {file.name for file in store.rglob("*") if file.is_file()}


def test_what_was_there_at_a_moment_comes_back(store: Path, kept: Path) -> None:
    assert "2 of them new" in run("backup", "objects", "--objects", store, "--to", kept)
    moment = datetime.now(UTC).isoformat()
    (store / "company" / "one").unlink()
    write(store, "three")
    (store / "company" / "half.part").write_bytes(b"being written")
    assert "1 of them new; 1 gone but kept" in run("backup", "objects", "--objects", store, "--to", kept)
    (store / "company" / "two").unlink()

    run("restore", "objects", "--from", kept, "--objects", store)
    assert keys(store) == {"two", "three", "half.part"}
    run("restore", "objects", "--from", kept, "--objects", store.as_uri(), "--time", moment)
    assert keys(store) == {"one", "two", "three", "half.part"}


def test_a_spoilt_copy_is_not_restored(store: Path, kept: Path) -> None:
    run("backup", "objects", "--objects", store, "--to", kept)
    (store / "company" / "one").unlink()
    (kept / "objects" / "company" / "one").write_bytes(b"eno")
    complaint = run("restore", "objects", "--from", kept, "--objects", store, fails=True)
    assert "is not what was backed up" in complaint


def test_copies_end_with_their_time(store: Path, kept: Path) -> None:
    run("backup", "objects", "--objects", store, "--to", kept)
    (store / "company" / "one").unlink()
    run("backup", "objects", "--objects", store, "--to", kept)
    run("backup", "prune", "--to", kept, "--keep-days", 1)
    assert keys(kept / "objects") == {"one", "two"}
    run("backup", "prune", "--to", kept, "--keep-days", 0)
    assert keys(kept / "objects") == {"two"}


class Bucket(BaseHTTPRequestHandler):
    """As much of an S3 API as is asked of it, a page of one object at a time."""

    content: dict[str, bytes]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        assert self.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
        if url.path != "/documents":
            self._answer(self.content[unquote(url.path)])
            return
        asked = parse_qs(url.query)
        found = sorted(key.removeprefix("/documents/") for key in self.content)
        at = int(asked.get("continuation-token", ["0"])[0])
        entry = (
            f"<Contents><Key>{found[at]}</Key><Size>{len(self.content['/documents/' + found[at]])}</Size></Contents>"
        )
        more = f"<NextContinuationToken>{at + 1}</NextContinuationToken>" if at + 1 < len(found) else ""
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        self._answer(f'<ListBucketResult xmlns="{space}">{entry}{more}</ListBucketResult>'.encode())

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()
        self.content[unquote(self.path)] = body
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    Bucket.content = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    Thread(target=server.serve_forever).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield Bucket.content
    server.shutdown()
    server.server_close()


def test_a_bucket_is_copied_page_by_page_and_filled_again(kept: Path, bucket: dict[str, bytes]) -> None:
    there = {f"/documents/live/a company/{n}": str(n).encode() for n in range(3)}
    bucket.update(there)
    assert "3 there, 3 of them new" in run("backup", "objects", "--objects", "s3://documents/live", "--to", kept)
    bucket.clear()
    bucket["/documents/live/another"] = b"x"
    assert "3 documents brought back" in run("restore", "objects", "--objects", "s3://documents/live", "--from", kept)
    assert {key: bucket[key] for key in there} == there
