from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_common.errors import PreconditionFailed, PreconditionRequired
from etter_common.etags import body_etag, encoded, matches, require_match, version_etag

VERSIONS = st.integers(1, 2**31)
CODINGS = st.sampled_from(["zstd", "gzip"])


class TestBodyEtag:
    @given(st.binary(), st.binary())
    def test_equal_if_and_only_if_the_bytes_are(self, one: bytes, other: bytes) -> None:
        assert (body_etag(one) == body_etag(other)) == (one == other)

    def test_it_is_strong(self) -> None:
        assert body_etag(b"x").startswith('"')


class TestVersionEtag:
    @given(VERSIONS, st.binary(max_size=20), st.binary(max_size=20))
    def test_other_bytes_of_a_version_have_another_tag(self, version: int, one: bytes, other: bytes) -> None:
        """Another choice of fields, or another resource of the same version: another person's `/me`."""
        assert (version_etag(version, one) == version_etag(version, other)) == (one == other)

    @given(VERSIONS, st.binary(max_size=20))
    def test_a_tag_for_if_match_alone_matches_no_bytes(self, version: int, body: bytes) -> None:
        assert not matches(version_etag(version), version_etag(version, body))


class TestEncoded:
    @given(VERSIONS)
    def test_each_coding_has_a_tag_of_its_own(self, version: int) -> None:
        """Strong tags name bytes (RFC 9110 §8.8.3)."""
        tag = version_etag(version)
        assert len({tag, encoded(tag, "gzip"), encoded(tag, "zstd")}) == 3


class TestMatches:
    @given(st.binary(), CODINGS)
    def test_whichever_coding_the_client_has(self, body: bytes, coding: str) -> None:
        tag = body_etag(body)
        for given_tag in (tag, f"W/{tag}", encoded(tag, coding), f'"other", {tag}', "*"):
            assert matches(given_tag, tag)

    @pytest.mark.parametrize("given_tag", ['"other"', "", "7", '"', "W/", ",,,"])
    def test_anything_else_does_not(self, given_tag: str) -> None:
        assert not matches(given_tag, '"a7"')


class TestRequireMatch:
    @given(VERSIONS, st.binary(max_size=5), CODINGS)
    def test_any_representation_of_the_version_will_do(self, version: int, body: bytes, coding: str) -> None:
        tag = version_etag(version, body)
        for given_tag in (tag, encoded(tag, coding), f'"0", {tag}', "*"):
            require_match(given_tag, version)

    @given(VERSIONS, VERSIONS)
    def test_another_version_is_a_lost_race(self, mine: int, theirs: int) -> None:
        if mine != theirs:
            with pytest.raises(PreconditionFailed) as lost:
                require_match(version_etag(mine), theirs)
            assert lost.value.facts == {"current_version": theirs}

    @pytest.mark.parametrize("given_tag", ['W/"7"', 'W/"7.1f0c"', 'W/"7+gzip"', '"6", W/"7"'])
    def test_a_weak_tag_of_the_version_is_enough(self, given_tag: str) -> None:
        """Decision 0014: a proxy that compresses makes tags weak."""
        require_match(given_tag, 7)

    @pytest.mark.parametrize("given_tag", ['W/"6"', "W/", 'W/"77"', 'w/"7"'])
    def test_a_weak_tag_of_another_version_is_not(self, given_tag: str) -> None:
        with pytest.raises(PreconditionFailed):
            require_match(given_tag, 7)

    def test_without_one_it_is_asked_for(self) -> None:
        with pytest.raises(PreconditionRequired):
            require_match(None, 7)
