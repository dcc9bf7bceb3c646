"""What auth measures beside requests, queries and events."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

from etter_common.metrics import REGISTRY

SIGN_INS: Final = Counter(
    "etter_auth_sign_ins", "Sign-ins by outcome: success, refused, delayed", ["outcome"], registry=REGISTRY
)
REFRESHES: Final = Counter(
    "etter_auth_refreshes", "Refreshes by outcome: rotated, graced, refused, reused", ["outcome"], registry=REGISTRY
)
FOREIGN_ENTRIES: Final = Counter(
    "etter_auth_foreign_entries", "Found in auth's buckets or events and not auth's", ["place"], registry=REGISTRY
)
# there from the start, so that the first of a kind is an increase and not the birth of a row
for _outcome in ("success", "refused", "delayed"):
    SIGN_INS.labels(_outcome)
for _outcome in ("rotated", "graced", "refused", "reused"):
    REFRESHES.labels(_outcome)
for _place in ("auth-keys", "auth-api-keys", "auth-revocations", "auth-erasures", "events"):
    FOREIGN_ENTRIES.labels(_place)
