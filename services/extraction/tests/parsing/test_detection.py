"""What a file is by its bytes and its name, and what is refused before anything reads it."""

from __future__ import annotations

import io
import zipfile

import pytest

from etter_common.errors import AppError
from etter_extraction.parsing import limits
from etter_extraction.parsing.detection import MEDIA_TYPES, check_archive, detect
from etter_extraction.parsing.source import Held

from . import made

CSV = b"Job,Pay\nClerk,41000\nCook,39000\n"
HTML = b"<html><body><table><tr><td>Job</td></tr></table></body></html>"
MAIL = b"Received: by a\r\nFrom: a@example.com\r\nSubject: Job\r\n\r\nText"
PNG = b"\x89PNG\r\n\x1a\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made_archive:
        for name in names:
            made_archive.writestr(name, "<a/>")
    return file.getvalue()


class TestDetect:
    @pytest.mark.parametrize(
        ("name", "head", "kind"),
        [
            ("a.pdf", b"junk\n%PDF-1.4", "pdf"), ("a.docx", b"%PDF-1.4", "pdf"), ("a.doc", rb"{\rtf1", "rtf"),
            ("a.xls", HTML, "html"), ("a.xls", b"\xef\xbb\xbf" + HTML, "html"), ("a.xls", CSV, "csv"),
            ("a.xls", "Job\tPay\nClerk\t1\n".encode("utf-16"), "csv"), ("a.xlsx", CSV, "csv"),
            ("a.csv", HTML, "html"), ("a.txt", b"plain", "text"), ("a.txt", MAIL, "text"), ("a.eml", MAIL, "eml"),
            ("a.xls", b"MIME-Version: 1.0\r\nX-A: b\r\n\r\n", "eml"), ("a.xls", OLE, "xls"), ("a.msg", OLE, "msg"),
            ("a.doc", made.ole({"Workbook": b"x"}), "xls"), ("a.jpeg", PNG, "image"),
            ("a.pdf", archive("word/document.xml"), "docx"), ("a.xlsx", made.open_document("ods", ""), "ods"),
        ],
    )  # fmt: skip
    def test_content_decides_where_it_is_clear(self, name: str, head: bytes, kind: str) -> None:
        assert detect(name, head[:4096]) == kind

    @pytest.mark.parametrize(
        ("head", "kind"),
        [
            (b"%PDF-1.4", "pdf"), (rb"{\rtf1", "rtf"), (HTML, "html"), (CSV, "csv"), (MAIL, "eml"), (PNG, "image"),
            (b"Job title: Clerk", "text"), (made.open_document("odt", ""), "odt"),
            (made.msg("a", "b", ("c", b"d")), "msg"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("name", ["README", "Clerk v2.1", "Smith, J."])
    def test_a_name_without_an_ending_goes_by_content(self, name: str, head: bytes, kind: str) -> None:
        assert detect(name, head[:4096]) == kind

    @pytest.mark.parametrize(
        ("name", "head", "code"),
        [
            ("a.pdf", b"", "DOCUMENT_EMPTY"), ("a.pdf", HTML, "DOCUMENT_TYPE_MISMATCH"),
            ("a.pdf", b"\x00\x01\x02", "DOCUMENT_DAMAGED"), ("a.docx", PNG, "DOCUMENT_TYPE_MISMATCH"),
            ("a.csv", OLE, "DOCUMENT_TYPE_MISMATCH"), ("a.txt", archive("a"), "DOCUMENT_TYPE_MISMATCH"),
            ("a.pdf", b"\x7fELF", "DOCUMENT_TYPE_NOT_ALLOWED"), ("a", b"MZ", "DOCUMENT_TYPE_NOT_ALLOWED"),
            ("a.exe", b"MZ", "DOCUMENT_TYPE_NOT_ALLOWED"), ("a.zip", archive("a"), "DOCUMENT_TYPE_NOT_ALLOWED"),
            ("a.xlsx", made.ole({"EncryptedPackage": b"x"}), "DOCUMENT_ENCRYPTED"),
            ("a.xlsx", OLE, "DOCUMENT_ENCRYPTED"),
        ],
    )  # fmt: skip
    def test_the_rest_is_refused(self, name: str, head: bytes, code: str) -> None:
        with pytest.raises(AppError) as refused:
            detect(name, head[:4096])
        assert refused.value.code == code

    def test_an_unsupported_ending_lists_the_supported(self) -> None:
        with pytest.raises(AppError, match=r"Unsupported file type \.exe\. Supported types: \.csv, \.doc"):
            detect("a.exe", b"MZ")


class TestCheckArchive:
    def test_the_parts_decide(self) -> None:
        assert check_archive(Held(archive("ppt/presentation.xml")), "docx") == "pptx"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (archive("a.txt"), "DOCUMENT_TYPE_MISMATCH"), (archive("word/a")[:-30], "DOCUMENT_DAMAGED"),
            (archive("../word/a"), "DOCUMENT_DAMAGED"), (archive("/word/a"), "DOCUMENT_DAMAGED"),
            (archive(*(f"word/{number}" for number in range(limits.MAX_MEMBERS + 1))), "DOCUMENT_TOO_MANY_PARTS"),
        ],
        ids=["another archive", "cut short", "a path outside", "an absolute path", "too many parts"],
    )  # fmt: skip
    def test_refused(self, content: bytes, code: str) -> None:
        with pytest.raises(AppError) as refused:
            check_archive(Held(content), "docx")
        assert refused.value.code == code

    def test_one_that_grows_too_much(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made_archive:
            made_archive.writestr("word/document.xml", bytes(20_000_000))
        with pytest.raises(AppError) as refused:
            check_archive(Held(file.getvalue()), "docx")
        assert refused.value.code == "DOCUMENT_EXPANDS_TOO_MUCH"


def test_every_kind_has_a_media_type() -> None:
    assert all("/" in media_type for media_type in MEDIA_TYPES.values())
