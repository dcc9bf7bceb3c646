"""A connection to NATS as one user of `events.accounts`, or to a server without"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.js.client import JetStreamContext

from etter_common import metrics
from etter_common.logging import get_logger

API: Final = "$JS.API"
SERVICE_API: Final = "JS.ETTER.API"
"""JetStream's API in the accounts of services; each has a `$JS.API` of its own, which answers for that account."""
OPERATORS: Final = ("operator", "provision")
"""An operator may do everything. `provision` makes streams, buckets and consumers, and reads none."""
REPUBLISHED: Final = "etter.kv"
"""What a bucket has stored is announced below this subject, so that its readers need no consumer."""
log = get_logger(__name__)


class Nats(Client):
    """Knows by its user's name what it may do.

    Operators, and whoever connects to a server without accounts, make streams, buckets and consumers. A service uses
    what `events.provision` has made, below the prefix that its account imports.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.servers_wanted = url.split(",")
        self.user = urlsplit(self.servers_wanted[0]).username
        self.may_provision = self.user is None or self.user in OPERATORS
        self.api = API if self.may_provision else SERVICE_API

    async def open(self, *, name: str, **options: Any) -> None:  # Any: the options of nats-py
        """Connect; refusals by the server are logged and counted, as nothing else would show them."""
        inbox = inbox_prefix(self.user) if self.user else "_INBOX"
        await self.connect(self.servers_wanted, name=name, error_cb=self._on_error, inbox_prefix=inbox, **options)

    def jetstream(self, **options: Any) -> JetStreamContext:  # Any: the options of nats-py
        return super().jetstream(**{"prefix": self.api, **options})

    async def _on_error(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        if "permissions violation" in text.lower():
            metrics.NATS_REFUSED.inc()
            log.error("nats_permission_refused", user=self.user, error=text)
        else:
            log.warning("nats_error", error=text)


def inbox_prefix(user: str) -> str:
    """Where a user receives answers; no other user may listen there."""
    return f"_INBOX_{user}"


def places(url: str) -> str:
    """The servers of an address without user names and passwords, for logs and messages."""
    return ", ".join(server.rpartition("@")[2] for server in url.split(","))


def may_provision(client: Client) -> bool:
    return not isinstance(client, Nats) or client.may_provision


def api_of(client: Client) -> str:
    """The prefix of JetStream's API on this connection."""
    return client.api if isinstance(client, Nats) else API
