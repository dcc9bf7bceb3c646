"""Whose header it is: keys as callers, remembered and forgotten."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from etter_common import api_keys, crypto
from etter_common.api_keys import ApiKeys
from etter_common.auth import ACCESS_TOKEN_LIFETIME_S, KeyRing, Principal, Revocations, TokenVerifier
from etter_common.clock import epoch_s, monotonic
from etter_common.errors import Unauthenticated, VerificationUnavailable
from etter_common.ids import new_id
from etter_common.testing.client import Caller, TokenMint, plant_key

CALLER = Caller(new_id(), new_id(), "validator")


@pytest.fixture
def known_keys() -> ApiKeys:
    return ApiKeys()


@pytest.fixture
def verifier(known_keys: ApiKeys) -> TokenVerifier:
    return TokenVerifier(KeyRing(), Revocations(), known_keys)


class TestVerify:
    def test_a_key_acts_for_its_maker_without_a_session(self, verifier: TokenVerifier, known_keys: ApiKeys) -> None:
        key_id = new_id()
        principal = verifier.verify(plant_key(known_keys, CALLER, key_id=key_id))
        assert (principal.user_id, principal.company_id) == (CALLER.user_id, CALLER.company_id)
        assert (principal.key_id, principal.session_id, principal.roles) == (key_id, None, ("validator",))
        assert principal.may("workflows:validate")
        assert not principal.may("users:write")
        assert principal.caller_key == f"key:{key_id}"
        assert principal.caller_id == key_id

    def test_a_user_stays_a_user(self) -> None:
        keys = KeyRing()
        principal = TokenVerifier(keys, Revocations()).verify(TokenMint(keys).token(CALLER))
        assert (principal.key_id, principal.api_key) == (None, None)
        assert principal.caller_key == f"user:{CALLER.user_id}"
        assert principal.caller_id == CALLER.user_id

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda key: key[:-1],
            lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
            lambda key: key[:39] + "é" * 49,
            lambda key: key * 115,
            lambda _: "etter_" + "0" * 10_000,
            lambda key: key.replace("etter_", "etter-"),
            lambda _: api_keys.new(new_id()),
        ],
        ids=["truncated", "checksum", "non-ASCII", "10 kB of keys", "10 kB", "prefix", "unknown"],
    )
    def test_hostile_ones_are_refused_alike(
        self, verifier: TokenVerifier, known_keys: ApiKeys, spoil: Callable[[str], str]
    ) -> None:
        key = plant_key(known_keys, CALLER)
        with pytest.raises(Unauthenticated, match="is not valid"):
            verifier.verify(spoil(key))
        assert verifier.known(f"Bearer {spoil(key)}".encode()) is None
        verifier.verify(key)

    def test_an_expired_one_is_refused(self, verifier: TokenVerifier, known_keys: ApiKeys) -> None:
        key = plant_key(known_keys, CALLER, lives_s=-10)
        with pytest.raises(Unauthenticated, match="has expired"):
            verifier.verify(key)

    def test_the_end_of_its_makers_sessions_is_not_its_own(self, known_keys: ApiKeys) -> None:
        revocations = Revocations()
        verifier = TokenVerifier(KeyRing(), revocations, known_keys)
        key = plant_key(known_keys, CALLER)
        revocations.put("session.None", b"1")
        revocations.put(f"user.{CALLER.user_id}", str(int(epoch_s()) + 5).encode())
        assert verifier.verify(key).user_id == CALLER.user_id
        assert verifier.known(f"Bearer {key}".encode())


class TestLifetime:
    """A token that auth would not issue is refused, whoever signed it."""

    @pytest.mark.parametrize(
        ("issued", "lives_s", "counts"),
        [
            (0, ACCESS_TOKEN_LIFETIME_S, True),
            (-60, ACCESS_TOKEN_LIFETIME_S, True),
            (4, ACCESS_TOKEN_LIFETIME_S, True),  # another machine's clock
            (0, ACCESS_TOKEN_LIFETIME_S + 6, False),
            (0, 10 * 365 * 86_400, False),
            (-86_400, 86_400 + 60, False),
            (60, ACCESS_TOKEN_LIFETIME_S, False),
        ],
    )
    def test_is_bounded(self, issued: int, lives_s: int, counts: bool) -> None:
        keys = KeyRing()
        verifier, now = TokenVerifier(keys, Revocations()), int(epoch_s())
        token = TokenMint(keys).token(CALLER, iat=now + issued, exp=now + issued + lives_s)
        if counts:
            assert verifier.verify(token).user_id == CALLER.user_id
            return
        with pytest.raises(Unauthenticated, match="is not valid"):
            verifier.verify(token)


class TestKeyRing:
    @pytest.mark.parametrize(
        "entry", [b"", b"null", b"[]", b"{}", b'{"kty":"OKP"}', b'{"stream":"X","seq":1}', b"\xff"]
    )
    def test_what_is_no_key_ends_the_key_that_was_there(self, entry: bytes) -> None:
        keys = KeyRing()
        verifier = TokenVerifier(keys, Revocations())
        token = TokenMint(keys).token(CALLER)
        [jwk] = keys.jwks()["keys"]
        keys.put(jwk["kid"], entry)
        assert jwk["kid"] not in keys
        with pytest.raises(Unauthenticated):
            verifier.verify(token)

    def test_a_key_counts_under_its_own_id_alone(self) -> None:
        keys = KeyRing()
        TokenMint(keys)
        [jwk] = keys.jwks()["keys"]
        keys.put("another", msgspec.json.encode(jwk))
        assert (jwk["kid"] in keys, "another" in keys) == (True, False)


class TestRevocations:
    @pytest.mark.parametrize("entry", [b"", b"x", b'{"seq":1}', b"\xff"])
    def test_an_unreadable_cut_off_ends_the_users_tokens(self, entry: bytes) -> None:
        revocations = Revocations()
        revocations.put("user.someone", entry)
        assert revocations.ended("session", "someone", int(epoch_s()) - 1)


class TestKnown:
    def test_not_before_it_was_verified(self, verifier: TokenVerifier, known_keys: ApiKeys) -> None:
        key = plant_key(known_keys, CALLER)
        header = f"Bearer {key}".encode()
        assert verifier.known(header) is None
        assert verifier.known(header[:-1]) is None
        principal = verifier.verify(key)
        assert verifier.known(header) is principal

    def test_the_secret_is_hashed_once(
        self, verifier: TokenVerifier, known_keys: ApiKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = plant_key(known_keys, CALLER)
        verifier.verify(key)

        def hashed(_: str) -> bytes:
            raise AssertionError("hashed again")

        monkeypatch.setattr(crypto, "hash_token", hashed)
        for _ in range(3):
            assert verifier.known(f"Bearer {key}".encode()) is verifier.verify(key)

    def test_until_it_is_revoked(self, verifier: TokenVerifier, known_keys: ApiKeys) -> None:
        key_id = new_id()
        key = plant_key(known_keys, CALLER, key_id=key_id)
        verifier.verify(key)
        assert verifier.known(f"Bearer {key}".encode())
        known_keys.put(str(key_id), api_keys.REVOKED)
        assert verifier.known(f"Bearer {key}".encode()) is None
        with pytest.raises(Unauthenticated):
            verifier.verify(key)

    def test_until_its_entry_is_another(self, verifier: TokenVerifier, known_keys: ApiKeys) -> None:
        key_id = new_id()
        key = plant_key(known_keys, CALLER, key_id=key_id)
        verifier.verify(key)
        told = known_keys.get(str(key_id))
        assert told is not None
        known_keys.put(str(key_id), _told(told, role="viewer"))
        assert verifier.known(f"Bearer {key}".encode()) is None
        assert verifier.verify(key).roles == ("viewer",)
        assert verifier.known(f"Bearer {key}".encode())

    def test_another_secret_under_its_id_ends_it(self, verifier: TokenVerifier, known_keys: ApiKeys) -> None:
        key_id = new_id()
        key = plant_key(known_keys, CALLER, key_id=key_id)
        verifier.verify(key)
        plant_key(known_keys, CALLER, key_id=key_id)
        with pytest.raises(Unauthenticated):
            verifier.verify(key)


def _told(entry: api_keys.Entry, **changes: str) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(entry, **changes))


class TestAge:
    """Copies that are older than they may be vouch for no one: 503, neither yes nor no."""

    @pytest.fixture
    def keys(self) -> KeyRing:
        return KeyRing(max_age_s=86_400)

    @pytest.fixture
    def known_keys(self) -> ApiKeys:
        return ApiKeys(max_age_s=300)

    @pytest.fixture
    def verifier(self, keys: KeyRing, known_keys: ApiKeys) -> TokenVerifier:
        for copy, age_s in ((keys, 86_000), (known_keys, 290)):
            copy.freshness.confirm(monotonic() - age_s)
        return TokenVerifier(keys, Revocations(), known_keys)

    @pytest.fixture
    def bearers(self, keys: KeyRing, known_keys: ApiKeys) -> dict[str, str]:
        return {"token": TokenMint(keys).token(CALLER), "key": plant_key(known_keys, CALLER)}

    def test_they_count_until_then(self, verifier: TokenVerifier, bearers: dict[str, str]) -> None:
        for bearer in bearers.values():
            assert verifier.known(f"Bearer {bearer}".encode()) is None
            assert verifier.verify(bearer) is verifier.known(f"Bearer {bearer}".encode())

    @pytest.mark.parametrize("what", ["token", "key"])
    def test_each_by_its_own_age(
        self, verifier: TokenVerifier, keys: KeyRing, known_keys: ApiKeys, bearers: dict[str, str], what: str
    ) -> None:
        for bearer in bearers.values():
            verifier.verify(bearer)
            assert verifier.known(f"Bearer {bearer}".encode())
        (keys if what == "token" else known_keys).freshness.max_age_s = 1
        for name, bearer in bearers.items():
            if name == what:
                assert verifier.known(f"Bearer {bearer}".encode()) is None
                with pytest.raises(VerificationUnavailable):
                    verifier.verify(bearer)
            else:
                assert verifier.verify(bearer) is verifier.known(f"Bearer {bearer}".encode())

    def test_a_process_that_has_heard_nothing_yet_says_no_to_nobody(self, known_keys: ApiKeys) -> None:
        verifier = TokenVerifier(KeyRing(), Revocations(), known_keys)
        with pytest.raises(VerificationUnavailable):
            verifier.verify(api_keys.new(new_id()))

    def test_the_authority_needs_no_copy(self, verifier: TokenVerifier, bearers: dict[str, str]) -> None:
        class Everybody:
            def guard(self, _principal: Principal) -> str:
                return "SELECT 1"

        verifier.authority = Everybody()
        for copy in (verifier._keys, verifier._api_keys):
            copy.freshness.max_age_s = 1
        for bearer in bearers.values():
            assert verifier.verify(bearer).user_id == CALLER.user_id
            assert verifier.known(f"Bearer {bearer}".encode()) is None, "memory alone does not decide"
