"""What can go wrong with documents beside what `parsing.errors` names."""

from __future__ import annotations

from etter_common.errors import BadRequest, Conflict, NotFound


class DocumentNotFound(NotFound):
    code, title = "DOCUMENT_NOT_FOUND", "There is no such document"


class DocumentInUse(Conflict):
    code, title = "DOCUMENT_IN_USE", "An extraction job is working on the document"


class NoFileInForm(BadRequest):
    code, title = "NO_FILE_IN_FORM", "The form must have exactly one file, in the field `file`"
