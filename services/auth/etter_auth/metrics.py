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
# there from the start, so that the first of a kind is an increase and not the birth of a row
for _outcome in ("success", "refused", "delayed"):
    SIGN_INS.labels(_outcome)
for _outcome in ("rotated", "graced", "refused", "reused"):
    REFRESHES.labels(_outcome)
