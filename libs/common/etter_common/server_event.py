"""One server-sent event, apart from the response that carries it: what makes progress knows nothing of HTTP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerEvent:
    """One event; `id` is what a client sends back as `Last-Event-ID` to go on after it."""

    data: str
    event: str | None = None
    id: str | None = None
    retry_ms: int | None = None

    def __post_init__(self) -> None:
        for field in (self.event, self.id):
            if field is not None and any(char in field for char in "\r\n\0"):
                raise ValueError("an event's name and id are one line without NUL")

    def encode(self) -> bytes:
        lines = []
        if self.retry_ms is not None:
            lines.append(f"retry: {self.retry_ms}")
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.event is not None:
            lines.append(f"event: {self.event}")
        text = self.data.replace("\r\n", "\n").replace("\r", "\n")
        lines.extend(f"data: {line}" for line in text.split("\n"))
        return ("\n".join(lines) + "\n\n").encode()
