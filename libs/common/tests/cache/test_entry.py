from __future__ import annotations

import gzip
import os

import pytest
import zstandard

from etter_common.cache import Encoding, Entry
from etter_common.errors import NotFound

BODY = b'{"data": [' + b'{"title": "Baker"},' * 200 + b"]}"


class TestEntry:
    def test_each_coding_decodes_to_the_body(self) -> None:
        entry = Entry(BODY)
        assert gzip.decompress(entry.encoded("gzip")) == BODY
        assert zstandard.ZstdDecompressor().decompress(entry.encoded("zstd")) == BODY
        assert entry.encoded("identity") is entry.body

    @pytest.mark.parametrize("coding", ["zstd", "gzip"])
    def test_a_coding_is_made_once(self, coding: Encoding) -> None:
        entry = Entry(BODY)
        assert entry.encoded(coding) is entry.encoded(coding)

    def test_each_coding_has_a_strong_tag_of_its_own(self) -> None:
        entry = Entry(BODY)
        tags = [entry.etag_for("identity"), entry.etag_for("zstd"), entry.etag_for("gzip")]
        assert len(set(tags)) == 3
        assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)

    def test_other_bytes_have_another_tag(self) -> None:
        assert Entry(BODY).etag != Entry(BODY + b" ").etag

    def test_the_size_counts_variants(self) -> None:
        entry = Entry(BODY)
        variant = entry.encoded("gzip")
        assert entry.size == len(BODY) + len(variant)


class TestFrame:
    @pytest.mark.parametrize("body", [b"", b"{}", b"x" * 511, b'{"a":1}' * 200, os.urandom(2000)])
    def test_what_went_into_redis_comes_out(self, body: bytes) -> None:
        again = Entry.unframed(Entry(body).frame())
        assert again is not None
        assert (again.body, again.etag) == (body, Entry(body).etag)

    def test_long_text_is_kept_small_and_never_compressed_again(self) -> None:
        entry = Entry(b'{"title":"Ledger Clerk"}' * 500)
        frame = entry.frame()
        assert len(frame) < len(entry.body) / 20
        again = Entry.unframed(frame)
        assert again is not None
        assert again._variants == {"zstd": entry.encoded("zstd")}

    def test_an_absence_is_the_same_error_again(self) -> None:
        again = Entry.unframed(Entry.absent(NotFound("no role 7")).frame())
        assert again is not None
        with pytest.raises(NotFound, match="no role 7"):
            again.found()

    @pytest.mark.parametrize("frame", [b"", b'{"data":[]}', b"zgarbage", b"n[1]", b"n"])
    def test_what_no_release_wrote_is_nothing(self, frame: bytes) -> None:
        assert Entry.unframed(frame) is None
