"""Whether JetStream stores messages: a publish to a subject of the service's own, acknowledged.

A server can be connected and refuse every write: after its disk was full, JetStream stays off until it is restarted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nats.js.errors import NoStreamResponseError

from etter_common.clock import monotonic
from etter_common.events import streams

if TYPE_CHECKING:
    from etter_common.platform import Platform

TIMEOUT_S: Final = 2.0
TRUSTED_S: Final = 5.0
"""How long a success counts: a process publishes no more often than this while all is well."""
_PAYLOAD: Final = bytes(8192)  # more than a block of the file system, so that it needs room on the disk


@dataclass
class StoreProbe:
    """A health check of one process."""

    platform: Platform
    _passed_at: float = field(default=float("-inf"))

    async def check(self) -> None:
        """Raise what the publish raises, unless one has passed within `TRUSTED_S`."""
        if not self.platform.nats.is_connected:
            raise ConnectionError("not connected")
        if monotonic() - self._passed_at < TRUSTED_S:
            return
        try:
            await self._publish()
        except NoStreamResponseError:
            await streams.ensure_health(self.platform)
            await self._publish()
        self._passed_at = monotonic()

    async def _publish(self) -> None:
        js = self.platform.nats.jetstream(timeout=TIMEOUT_S)
        await js.publish(streams.health_subject(self.platform.settings.service), _PAYLOAD)
