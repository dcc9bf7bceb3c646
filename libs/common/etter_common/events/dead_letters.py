"""Messages a consumer has given up on: kept with the reason, to be looked at and tried again.

dead_letters.list_letters(nats, consumer="core")   dead_letters.show(nats, sequence)
dead_letters.replay(nats, sequence)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from etter_common.clock import utc_now
from etter_common.errors import NotFound
from etter_common.events import streams
from etter_common.ids import new_id

MAX_LISTED: Final = 1000
_OWN: Final = "Etter-Dead-"


class DeadLetterNotFound(NotFound):
    code, title = "DEAD_LETTER_NOT_FOUND", "There is no such dead letter"


@dataclass(frozen=True)
class DeadLetter:
    """`sequence` names it; `subject`, `headers` and `body` are those of the message as it was published."""

    sequence: int
    consumer: str
    reason: str
    tries: int
    failed_at: datetime
    subject: str
    headers: dict[str, str]
    body: bytes

    @property
    def event_type(self) -> str | None:
        return self.headers.get("ce-type")

    @property
    def event_id(self) -> str | None:
        return self.headers.get("ce-id")

    @property
    def company_id(self) -> str | None:
        return self.headers.get("ce-companyid")


async def bury(nats: Client, message: Msg, *, consumer: str, reason: str, tries: int) -> None:
    """Keep `message` with the reason, then tell the server to deliver it no more.

    Burying it twice (a crash in between) keeps one letter.
    """
    metadata = message.metadata
    headers = {name: value for name, value in (message.headers or {}).items() if not name.startswith("Nats-")}
    headers |= {
        f"{_OWN}Consumer": consumer,
        f"{_OWN}Reason": reason.encode("ascii", "backslashreplace").decode(),
        f"{_OWN}Tries": str(tries),
        f"{_OWN}At": utc_now().isoformat(),
        f"{_OWN}Subject": message.subject,
        "Nats-Msg-Id": f"dead.{consumer}.{metadata.stream}.{metadata.sequence.stream}",
    }
    subject = f"etter.dead_letters.{consumer}.{metadata.sequence.stream}"
    await nats.jetstream().publish(subject, message.data, headers=headers)
    await message.term()


async def list_letters(nats: Client, *, consumer: str | None = None, limit: int = 100) -> list[DeadLetter]:
    """The oldest first, at most `limit` (1000 is the most)."""
    js = nats.jetstream()
    wanted = f"etter.dead_letters.{consumer or '*'}.*"
    found: list[DeadLetter] = []
    sequence = 0
    while len(found) < min(limit, MAX_LISTED):
        try:
            raw = await js.get_msg(streams.DEAD_LETTERS, seq=sequence + 1, subject=wanted, next=True)
        except NotFoundError:
            break
        found.append(_letter(raw))
        sequence = found[-1].sequence
    return found


async def show(nats: Client, sequence: int) -> DeadLetter:
    try:
        return _letter(await nats.jetstream().get_msg(streams.DEAD_LETTERS, seq=sequence))
    except NotFoundError as error:
        raise DeadLetterNotFound(f"there is no dead letter {sequence}") from error


async def replay(nats: Client, sequence: int) -> DeadLetter:
    """Publish the message again as it was, and drop the letter.

    All its readers hear it; those that have handled it know its id and do nothing.
    """
    letter = await show(nats, sequence)
    js = nats.jetstream()
    await js.publish(letter.subject, letter.body, headers={**letter.headers, "Nats-Msg-Id": str(new_id())})
    await js.delete_msg(streams.DEAD_LETTERS, sequence)
    return letter


def _letter(raw: RawStreamMsg) -> DeadLetter:
    headers: Mapping[str, str] = raw.headers or {}
    return DeadLetter(
        sequence=raw.seq or 0,
        consumer=headers[f"{_OWN}Consumer"],
        reason=headers[f"{_OWN}Reason"],
        tries=int(headers[f"{_OWN}Tries"]),
        failed_at=datetime.fromisoformat(headers[f"{_OWN}At"]),
        subject=headers[f"{_OWN}Subject"],
        headers={k: v for k, v in headers.items() if not k.startswith((_OWN, "Nats-"))},
        body=raw.data or b"",
    )
