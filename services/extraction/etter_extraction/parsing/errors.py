"""Why a document cannot be read. The codes are stable; each is final, since trying again gives the same."""

from __future__ import annotations

from typing import ClassVar, Final

from etter_common.errors import AppError, PayloadTooLarge, Unprocessable, UnsupportedMediaType


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
    code, title = "DOCUMENT_TYPE_NOT_ALLOWED", "Unsupported file type"
    reason = "type_not_allowed"


class DocumentTooLarge(PayloadTooLarge):
    code, title = "DOCUMENT_TOO_LARGE", "The document is too large"
    reason = "too_large"


class DocumentEmpty(DocumentRefused):
    code, title, reason = "DOCUMENT_EMPTY", "The document is empty", "empty"


class DocumentTooManyPages(DocumentRefused):
    code, title, reason = "DOCUMENT_TOO_MANY_PAGES", "The document has too many pages", "too_many_pages"


class DocumentTooManyCells(DocumentRefused):
    code, title, reason = (
        "DOCUMENT_TOO_MANY_CELLS",
        "The document has too many rows, columns or cells",
        "too_many_cells",
    )


class DocumentTooMuchText(DocumentRefused):
    code, title, reason = "DOCUMENT_TOO_MUCH_TEXT", "The document has too many characters", "too_much_text"


class DocumentTooManyParts(DocumentRefused):
    code, title, reason = "DOCUMENT_TOO_MANY_PARTS", "The archive has too many parts", "too_many_parts"


class DocumentExpandsTooMuch(DocumentRefused):
    code, title, reason = "DOCUMENT_EXPANDS_TOO_MUCH", "The document expands too much when unpacked", "expands_too_much"


class DocumentNestedTooDeep(DocumentRefused):
    code, title, reason = "DOCUMENT_NESTED_TOO_DEEP", "The document is nested too deep", "nested_too_deep"


class DocumentImageTooLarge(DocumentRefused):
    code, title, reason = "DOCUMENT_IMAGE_TOO_LARGE", "The image has too many pixels", "image_too_large"


class DocumentTimeout(DocumentRefused):
    code, title, reason = "DOCUMENT_TIMEOUT", "Reading the document took too long", "timeout"


class DocumentCpuTimeout(DocumentRefused):
    code, title, reason = "DOCUMENT_CPU_TIMEOUT", "Reading the document took too much CPU time", "cpu_timeout"


class DocumentOutOfMemory(DocumentRefused):
    code, title, reason = "DOCUMENT_OUT_OF_MEMORY", "Reading the document needs too much memory", "out_of_memory"


class DocumentResultTooLarge(DocumentRefused):
    code, title, reason = "DOCUMENT_RESULT_TOO_LARGE", "The result of reading is too large", "result_too_large"


class DocumentParserCrashed(DocumentRefused):
    code, title, reason = "DOCUMENT_PARSER_CRASHED", "The document made the parser crash", "parser_crashed"


class DocumentNoTextLayer(DocumentRefused):
    code, title, reason = "DOCUMENT_NO_TEXT_LAYER", "The document is a picture without text", "no_text_layer"


class DocumentNeedsConversion(DocumentRefused):
    code, title, reason = "DOCUMENT_NEEDS_CONVERSION", "The old file format cannot be read directly", "needs_conversion"


BY_REASON: Final[dict[str, type[AppError]]] = {
    kind.reason: kind
    for kind in (
        DocumentEncrypted, DocumentDamaged, DocumentTypeMismatch, DocumentTypeNotAllowed, DocumentTooLarge,
        DocumentEmpty, DocumentTooManyPages, DocumentTooManyCells, DocumentTooMuchText, DocumentTooManyParts,
        DocumentExpandsTooMuch, DocumentNestedTooDeep, DocumentImageTooLarge, DocumentTimeout, DocumentCpuTimeout,
        DocumentOutOfMemory, DocumentResultTooLarge, DocumentParserCrashed, DocumentNoTextLayer,
        DocumentNeedsConversion,
    )
}  # fmt: skip
