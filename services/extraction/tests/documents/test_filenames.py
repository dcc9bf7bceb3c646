from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_extraction.documents.filenames import attachment, of_part


class TestOfPart:
    @pytest.mark.parametrize(
        ("header", "plain", "name"),
        [
            ('form-data; name="file"; filename="Prüfung.txt"'.encode(), "Prüfung.txt".encode(), "Prüfung.txt"),
            (b"form-data; name=\"file\"; filename*=UTF-8''Pr%C3%BCfung.txt", None, "Prüfung.txt"),
            (b"form-data; name=file; filename*=utf-8'de'Pr%C3%BCfung%20%E2%82%AC.txt", None, "Prüfung €.txt"),
            (b"form-data; filename*=iso-8859-1''Pr%FCfung.txt; name=file", None, "Prüfung.txt"),
            (b"form-data; filename=\"Pr_fung.txt\"; filename*=UTF-8''Pr%C3%BCfung.txt", b"Pr_fung.txt", "Prüfung.txt"),
            (b"form-data; filename*=koi8-r''%D0.txt; filename=a.txt", b"a.txt", "a.txt"),
            (b"form-data; filename*=broken; filename=a.txt", b"a.txt", "a.txt"),
            (
                b"form-data; filename=\"a; filename*=UTF-8''b.txt\"",
                b"a; filename*=UTF-8''b.txt",
                "a; filename*=UTF-8''b.txt",
            ),
            (b"form-data; filename*=UTF-8''%FF.txt", None, "\ufffd.txt"),
            (b"form-data; name=file", None, None),
        ],
    )
    def test_the_name(self, header: bytes, plain: bytes | None, name: str | None) -> None:
        assert of_part(header, plain) == name


class TestAttachment:
    @given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=40))
    def test_both_names_are_there_and_only_the_exact_one_is_beyond_ascii(self, name: str) -> None:
        header = attachment(name)
        assert header.isascii()
        plain, exact = header.split("; ", 1)[1].rsplit("; ", 1)
        assert unquote(exact.removeprefix("filename*=UTF-8''"), errors="strict") == name
        assert plain.count('"') == 2
        assert "\\" not in plain

    def test_a_plain_name_is_the_same_in_both(self) -> None:
        assert attachment("clerk v2.txt") == "attachment; filename=\"clerk v2.txt\"; filename*=UTF-8''clerk%20v2.txt"

    def test_what_an_old_client_would_misread_is_replaced(self) -> None:
        assert 'filename="a_b__ _41.txt"' in attachment('a"b\\ü %41.txt')
