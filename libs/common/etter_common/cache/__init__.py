"""The two-tier cache: ready-to-send bytes in the process, then in Redis, dropped by what changed.

`docs/common/cache.md` says what holds when Redis or NATS is away, and why.
"""

from etter_common.cache.cache import Cache
from etter_common.cache.entry import Encoding, Entry
from etter_common.cache.keys import ABSENT_S, EVERYTHING, FAIL_SAFE_S, LIFETIMES, CacheKey, tag
from etter_common.cache.reads import Terms

__all__ = [
    "ABSENT_S", "EVERYTHING", "FAIL_SAFE_S", "LIFETIMES", "Cache", "CacheKey", "Encoding", "Entry", "Terms", "tag",
]  # fmt: skip
