"""Uploads: what is taken, what is refused, and that nothing of the refused is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

import pytest

from etter_common.testing.client import CheckedClient
from etter_extraction.documents.service import clean_name
from etter_extraction.parsing.limits import MAX_BYTES

from ..factories import JOB_TEXT, upload

pytestmark = pytest.mark.principal("analyst")


def kept(objects: Path, company_id: UUID) -> list[str]:
    return sorted(file.name for file in (objects / str(company_id)).glob("*"))


class TestUpload:
    @pytest.mark.parametrize("sent", ['filename="Prüfung €.txt"', "filename*=UTF-8''Pr%C3%BCfung%20%E2%82%AC.txt"])
    async def test_a_name_beyond_ascii_arrives_and_goes_out_as_it_is(self, client: CheckedClient, sent: str) -> None:
        head = f'--x\r\ncontent-disposition: form-data; name="file"; {sent}\r\n\r\n'.encode()
        headers = {"content-type": "multipart/form-data; boundary=x"}
        response = await client.post("/documents", content=head + JOB_TEXT + b"\r\n--x--\r\n", headers=headers)
        assert response.status_code == 201, response.text
        made = response.json()["data"]
        assert made["filename"] == "Prüfung €.txt"
        content = await client.get(f"/documents/{made['id']}/content")
        assert content.headers["content-disposition"] == (
            "attachment; filename=\"Pr_fung _.txt\"; filename*=UTF-8''Pr%C3%BCfung%20%E2%82%AC.txt"
        )

    async def test_a_boundary_that_is_too_long_is_a_bad_form(self, client: CheckedClient) -> None:
        headers = {"content-type": f"multipart/form-data; boundary={'x' * 300}"}
        response = await client.post("/documents", content=b"--x", headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "NO_FILE_IN_FORM")

    async def test_a_document_is_kept_to_the_byte(self, client: CheckedClient) -> None:
        made = await upload(client)
        assert (made["kind"], made["status"], made["size_bytes"]) == ("text", "uploaded", len(JOB_TEXT))
        assert made["sha256"] == hashlib.sha256(JOB_TEXT).hexdigest()
        content = await client.get(f"/documents/{made['id']}/content")
        assert content.content == JOB_TEXT
        assert content.headers["content-disposition"].startswith("attachment")
        tag = {"If-None-Match": content.headers["etag"]}
        again = await client.get(f"/documents/{made['id']}/content", headers=tag)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", content.headers["etag"])

    @pytest.mark.parametrize(
        ("filename", "content", "status", "code"),
        [
            ("empty.pdf", b"", 422, "DOCUMENT_EMPTY"),
            ("tool.pdf", b"MZ\x90\x00" + bytes(100), 415, "DOCUMENT_TYPE_NOT_ALLOWED"),
            ("tool.exe", b"MZ\x90\x00" + bytes(100), 415, "DOCUMENT_TYPE_NOT_ALLOWED"),
            ("noname", b"\x00\x01" + bytes(100), 415, "DOCUMENT_TYPE_NOT_ALLOWED"),
            ("fake.docx", b"PK\x03\x04" + bytes(100), 422, "DOCUMENT_DAMAGED"),
            ("locked.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), 422, "DOCUMENT_ENCRYPTED"),
            ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(100), 422, "DOCUMENT_TYPE_MISMATCH"),
        ],
    )
    async def test_what_is_refused_leaves_no_trace(
        self,
        client: CheckedClient,
        objects: Path,
        company_id: UUID,
        filename: str,
        content: bytes,
        status: int,
        code: str,
    ) -> None:
        response = await client.post("/documents", files={"file": (filename, content)})
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert kept(objects, company_id) == []
        assert (await client.get("/documents")).json()["data"] == []

    async def test_a_document_past_the_limit_is_refused(
        self, client: CheckedClient, objects: Path, company_id: UUID
    ) -> None:
        response = await client.post("/documents", files={"file": ("large.txt", b"a" * (MAX_BYTES + 1))})
        assert response.status_code == 413
        assert kept(objects, company_id) == []

    async def test_a_form_without_a_file(self, client: CheckedClient) -> None:
        response = await client.post("/documents", data={"file": "text"}, files={"other": ("a.txt", b"x")})
        assert (response.status_code, response.json()["code"]) == (400, "NO_FILE_IN_FORM")
        assert (await client.post("/documents", json={})).json()["code"] == "NO_FILE_IN_FORM"

    async def test_two_files_at_once_are_refused(self, client: CheckedClient, objects: Path, company_id: UUID) -> None:
        files = [("file", ("a.txt", b"one")), ("file", ("b.txt", b"two"))]
        assert (await client.post("/documents", files=files)).json()["code"] == "NO_FILE_IN_FORM"
        assert kept(objects, company_id) == []

    async def test_the_same_key_gives_the_same_document(
        self, client: CheckedClient, objects: Path, company_id: UUID
    ) -> None:
        key = {"Idempotency-Key": "upload-once"}
        first = await client.post("/documents", files={"file": ("a.txt", b"hello")}, headers=key)
        second = await client.post("/documents", files={"file": ("a.txt", b"hello")}, headers=key)
        other = await client.post("/documents", files={"file": ("a.txt", b"other")}, headers=key)
        assert second.json() == first.json()
        assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
        assert kept(objects, company_id) == [first.json()["data"]["id"]]


class TestNames:
    @pytest.mark.parametrize(
        ("given", "kept_name"),
        [("../../etc/passwd.txt", "passwd.txt"), ("C:\\jobs\\a.pdf", "a.pdf"), ("a\x00b\n.pdf", "ab.pdf")],
    )
    def test_paths_and_control_characters_are_dropped(self, given: str, kept_name: str) -> None:
        assert clean_name(given) == kept_name

    def test_long_names_keep_their_ending(self) -> None:
        assert clean_name("x" * 400 + ".pdf") == "x" * 251 + ".pdf"


class TestDelete:
    async def test_bytes_go_with_the_document(self, client: CheckedClient, objects: Path, company_id: UUID) -> None:
        made = await upload(client)
        assert (await client.delete(f"/documents/{made['id']}")).status_code == 428
        assert (await client.delete(f"/documents/{made['id']}", headers={"If-Match": '"1"'})).status_code == 204
        assert (await client.get(f"/documents/{made['id']}")).status_code == 404
        assert kept(objects, company_id) == []


class TestList:
    async def test_filters_and_fields(self, client: CheckedClient) -> None:
        made = await upload(client)
        by_hash = await client.get("/documents", params={"sha256": made["sha256"], "fields": "id"})
        assert by_hash.json()["data"] == [{"id": made["id"]}]
        assert (await client.get("/documents", params={"status": "failed"})).json()["data"] == []
