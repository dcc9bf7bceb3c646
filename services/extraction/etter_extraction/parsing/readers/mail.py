"""EML and MSG: the subject and the body of a mail, and each attachment that can be read, on pages of its own."""

from __future__ import annotations

import email
import email.errors
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

from oxmsg import Message

from etter_extraction.parsing import limits
from etter_extraction.parsing.joining import joined
from etter_extraction.parsing.parsed import Note, Parsed
from etter_extraction.parsing.readers import html, plain
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Held, Source
from etter_extraction.parsing.writing import PageWriter, Piece

_LAYOUT_ONLY: Final = ("image/gif", "text/css")


@dataclass(frozen=True, slots=True)
class _Mail:
    subject: str
    bodies: list[tuple[str, bytes]]
    """Kind and content."""
    attachments: list[tuple[str, bytes]]
    """Name and content."""


def read(source: Source, kind: str, *, read_part: Callable[[Source, str], Parsed]) -> Parsed:
    """`read_part` reads an attachment by its content and name, or raises what is wrong with it."""
    mail = _msg(source) if kind == "msg" else _eml(source.read_bytes())
    if len(mail.attachments) > limits.MAX_ATTACHMENTS:
        raise Refused("too_many_parts", f"{len(mail.attachments)} attachments; at most {limits.MAX_ATTACHMENTS}")
    parts = [("", body) for body in _bodies(mail)]
    unread: list[str] = []
    for name, content in mail.attachments:
        try:
            parts.append((name, read_part(Held(content), name)))
        except (Refused, MemoryError, RecursionError):
            raise
        except Exception as error:  # an attachment that cannot be read costs only itself
            unread.append(f"{name}: {getattr(error, 'title', 'cannot be read')}")
    if not parts:
        raise Refused("empty", "the mail has no text")
    message = "Attachments could not be read."
    notes = [Note("ATTACHMENTS_NOT_READ", message, len(unread), unread[:5])] if unread else []
    whole = joined(kind, parts)
    return Parsed(kind, whole.pages, whole.blocks, whole.tables, whole.posting, [*whole.notes, *notes])


def _bodies(mail: _Mail) -> Iterator[Parsed]:
    if mail.subject:
        writer = PageWriter(1, "subject")
        writer.add_piece(Piece(mail.subject, "heading", 1, 1.3, bold=True))
        yield Parsed("text", [writer.page()], writer.blocks)
    for kind, content in mail.bodies:
        try:
            yield (html if kind == "html" else plain).read(Held(content), kind)
        except Refused as refused:
            if refused.reason != "empty":
                raise


def _eml(raw: bytes) -> _Mail:
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
    except (email.errors.MessageError, ValueError, IndexError) as error:
        raise Refused("damaged", "the mail cannot be read") from error
    pages: list[bytes] = []
    texts: list[bytes] = []
    attachments: list[tuple[str, bytes]] = []
    for part in _leaves(message):
        name, content = _name(part), _content(part)
        if name and not (part.get_content_type() in _LAYOUT_ONLY or _is_inline_picture(part)):
            attachments.append((name, content))
        elif part.get_content_type() == "text/html":
            pages.append(content)
        elif part.get_content_type() == "text/plain" and not name:
            texts.append(content)
    bodies = [("html", one) for one in pages] or [("text", one) for one in texts]
    return _Mail(" ".join(str(message.get("subject", "")).split()), bodies, attachments)


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold content; a mail within the mail is one of them."""
    stack = [(message, 0)]
    while stack:
        part, depth = stack.pop()
        if depth > limits.MAX_MAIL_DEPTH:
            raise Refused("nested_too_deep", f"parts of the mail are nested more than {limits.MAX_MAIL_DEPTH} deep")
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            stack += [(child, depth + 1) for child in reversed(list(part.iter_parts()))]
        else:
            yield part


def _name(part: EmailMessage) -> str:
    if part.get_content_type() == "message/rfc822":
        return part.get_filename() or "message.eml"
    name = part.get_filename() or ""
    return name if name or part.get_content_disposition() != "attachment" else "attachment"


def _is_inline_picture(part: EmailMessage) -> bool:
    """A logo or signature that the body shows."""
    return part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment"


def _content(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        return part.get_content().as_bytes()  # type: ignore[no-any-return]  # typed as anything
    decoded = part.get_payload(decode=True)
    raw = decoded if isinstance(decoded, bytes) else b""
    charset = part.get_content_charset()
    if part.get_content_maintype() != "text" or not charset or part.get_filename():
        return raw
    try:
        return raw.decode(charset).encode()
    except (LookupError, UnicodeDecodeError):  # the reader finds the encoding
        return raw


def _msg(source: Source) -> _Mail:
    try:
        message = Message.load(source.read_bytes())
        bodies = [("html", message.html_body.encode())] if message.html_body else []
        if not bodies and message.body:
            bodies = [("text", message.body.encode())]
        attachments = [
            (one.file_name or "attachment", one.file_bytes or b"")
            for one in message.attachments
            if one.attached_by_value
        ]
    except (OSError, ValueError, KeyError, IndexError, AssertionError) as error:
        raise Refused("damaged", "the mail cannot be read") from error
    return _Mail(" ".join((message.subject or "").split()), bodies, attachments)
