"""Why a document cannot be read. The codes are stable; each is final, since trying again gives the same."""

from __future__ import annotations

from typing import ClassVar

from etter_common.errors import PayloadTooLarge, Unprocessable, UnsupportedMediaType


class DocumentRefused(Unprocessable):
    """Base; `reason` is what the sandbox's child says on its way out."""

    code, title = "DOCUMENT_REFUSED", "The document cannot be read"
    reason: ClassVar[str] = "refused"


class DocumentEncrypted(DocumentRefused):
    code, title, reason = "DOCUMENT_ENCRYPTED", "The document is protected by a password", "encrypted"


class DocumentDamaged(DocumentRefused):
    code, title, reason = "DOCUMENT_DAMAGED", "The document is damaged", "damaged"


class DocumentTypeMismatch(DocumentRefused):
    code, title, reason = "DOCUMENT_TYPE_MISMATCH", "The content is not what the name says", "type_mismatch"


class DocumentTypeNotAllowed(UnsupportedMediaType):
    code, title = "DOCUMENT_TYPE_NOT_ALLOWED", "Documents of this type are not taken"
    reason = "type_not_allowed"


class DocumentTooLarge(PayloadTooLarge):
    code, title = "DOCUMENT_TOO_LARGE", "The document is too large"
    reason = "too_large"


class DocumentEmpty(DocumentRefused):
    code, title, reason = "DOCUMENT_EMPTY", "The document is empty", "empty"


class DocumentTooManyPages(DocumentRefused):
    code, title, reason = "DOCUMENT_TOO_MANY_PAGES", "The document has too many pages or cells", "too_many_pages"


class DocumentExpandsTooMuch(DocumentRefused):
    code, title, reason = "DOCUMENT_EXPANDS_TOO_MUCH", "The document expands too much when unpacked", "expands_too_much"


class DocumentTimeout(DocumentRefused):
    code, title, reason = "DOCUMENT_TIMEOUT", "Reading the document took too long", "timeout"


class DocumentOutOfMemory(DocumentRefused):
    code, title, reason = "DOCUMENT_OUT_OF_MEMORY", "Reading the document needs too much memory", "out_of_memory"


class DocumentParserCrashed(DocumentRefused):
    code, title, reason = "DOCUMENT_PARSER_CRASHED", "The document made the parser crash", "parser_crashed"


class DocumentNoTextLayer(DocumentRefused):
    code, title, reason = "DOCUMENT_NO_TEXT_LAYER", "The document is a picture without text", "no_text_layer"


BY_REASON = {
    kind.reason: kind
    for kind in (
        DocumentEncrypted,
        DocumentDamaged,
        DocumentTypeMismatch,
        DocumentTypeNotAllowed,
        DocumentTooLarge,
        DocumentEmpty,
        DocumentTooManyPages,
        DocumentExpandsTooMuch,
        DocumentTimeout,
        DocumentOutOfMemory,
        DocumentParserCrashed,
        DocumentNoTextLayer,
    )
}
