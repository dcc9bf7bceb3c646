from __future__ import annotations

import gzip

import zstandard

from etter_common.cache import Entry

BODY = b'{"data": [' + b'{"title": "Baker"},' * 200 + b"]}"


class TestEntry:
    def test_each_coding_decodes_to_the_body(self) -> None:
        entry = Entry(BODY)
        assert gzip.decompress(entry.encoded("gzip")) == BODY
        assert zstandard.ZstdDecompressor().decompress(entry.encoded("zstd")) == BODY
        assert entry.encoded("identity") is entry.body

    def test_a_coding_is_made_once(self) -> None:
        entry = Entry(BODY)
        assert entry.encoded("zstd") is entry.encoded("zstd")

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
