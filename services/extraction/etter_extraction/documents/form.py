"""Reads the one file of a multipart form as it streams in; nothing is buffered but the part's headers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable

from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from etter_extraction.documents import filenames
from etter_extraction.documents.errors import NoFileInForm

FIELD = b"file"


class FileInForm:
    """`open` gives the file's name once its headers have come; `chunks` then gives its bytes."""

    def __init__(self, content_type: str, stream: AsyncIterable[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise NoFileInForm("send multipart/form-data with the file in the field `file`")
        self._stream = aiter(stream)
        self._found: list[bytes] = []
        self._filename: str | None = None
        self._in_file = False
        self._files = 0
        self._header = (b"", b"")
        self._headers: dict[bytes, bytes] = {}
        self._done = False
        self._parser = self._parser_for(options[b"boundary"])

    def _parser_for(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": lambda data, start, end: self._add_header(data[start:end], b""),
                    "on_header_value": lambda data, start, end: self._add_header(b"", data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_part_end": self._end_part,
                },
            )
        except FormParserError as error:
            raise NoFileInForm("the form's boundary is not well formed") from error

    async def open(self) -> str:
        """The file's name; raises `NoFileInForm`."""
        while self._filename is None and await self._more():
            continue
        if self._filename is None:
            raise NoFileInForm
        return self._filename

    async def chunks(self) -> AsyncGenerator[bytes]:
        while True:
            found, self._found = self._found, []
            for chunk in found:
                yield chunk
            if not await self._more():
                break
        for chunk in self._found:
            yield chunk
        if self._files > 1:
            raise NoFileInForm("one file at a time")

    async def _more(self) -> bool:
        """Feed the parser with the next piece of the body; false at its end."""
        if self._done:
            return False
        piece = await anext(self._stream, None)
        try:
            if piece is None:
                self._parser.finalize()
                self._done = True
                return False
            self._parser.write(piece)
        except MultipartParseError as error:
            raise NoFileInForm("the form is not well formed") from error
        return True

    def _begin_part(self) -> None:
        self._headers, self._in_file = {}, False

    def _add_header(self, name: bytes, value: bytes) -> None:
        self._header = (self._header[0] + name, self._header[1] + value)

    def _end_header(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = (b"", b"")

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        filename = filenames.of_part(self._headers.get(b"content-disposition", b""), options.get(b"filename"))
        if options.get(b"name") == FIELD and filename is not None:
            self._files += 1
            self._in_file = self._files == 1
            if self._in_file:
                self._filename = filename

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._found.append(data[start:end])

    def _end_part(self) -> None:
        self._in_file = False
