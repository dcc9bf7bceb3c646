"""Limits by key: GCRA in Redis, by the server's clock, with a small local budget so that most requests ask nobody.

A caller may use its whole quota at once and gets it back evenly over the window. `docs/common/limits.md` has the
numbers: what a policy lends out, how exact the limit is over replicas, what holds while Redis is away.
"""

from etter_common.ratelimit.limiter import BUDGET_S, RateLimiter
from etter_common.ratelimit.local import LocalLimits
from etter_common.ratelimit.policy import DEFAULT, Decision, Policy

__all__ = ["BUDGET_S", "DEFAULT", "Decision", "LocalLimits", "Policy", "RateLimiter"]
