"""An archive is judged by its end alone."""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from etter_extraction.parsing.detection import check_archive
from etter_extraction.parsing.errors import DocumentExpandsTooMuch
from etter_extraction.parsing.tail import Tail


def archive(parts: int, size: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for number in range(parts):
            out.writestr(f"word/{number}.xml", os.urandom(size))
    return packed.getvalue()


def tail_of(content: bytes, kept: int) -> Tail:
    tail = Tail(kept)
    for start in range(0, len(content), 700):
        tail.add(content[start : start + 700])
    return tail


class TestTail:
    def test_the_directory_is_read_like_that_of_the_whole_file(self) -> None:
        content = archive(40, 5000)
        with zipfile.ZipFile(tail_of(content, 4096)) as seen, zipfile.ZipFile(io.BytesIO(content)) as whole:
            assert [vars_of(m) for m in seen.infolist()] == [vars_of(m) for m in whole.infolist()]
        check_archive(tail_of(content, 4096), "docx")

    def test_a_directory_longer_than_what_is_kept_is_refused(self) -> None:
        with pytest.raises(DocumentExpandsTooMuch, match="longer than 512 bytes"):
            check_archive(tail_of(archive(200, 10), 512), "docx")

    def test_little_is_kept(self) -> None:
        tail = Tail(1000)
        for _ in range(1000):
            tail.add(bytes(100))
        assert (len(tail._kept) <= 2000, tail.seek(0, io.SEEK_END)) == (True, 100_000)


def vars_of(member: zipfile.ZipInfo) -> tuple[str, int, int, int]:
    return member.filename, member.file_size, member.compress_size, member.header_offset
