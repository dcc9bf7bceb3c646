"""The parts of an Office file: XML in a zip archive, without document types, entities or the network."""

from __future__ import annotations

import zipfile
from typing import Any, Final

from lxml import etree

from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source, given

_HEAD_BYTES: Final = 4096


def open_office(path: Source) -> zipfile.ZipFile:
    """Raises `Refused` where a part declares a document type: it wants to include or expand something."""
    archive = zipfile.ZipFile(given(path))
    for name in archive.namelist():
        if name.endswith((".xml", ".rels")):
            with archive.open(name) as part:
                if b"<!DOCTYPE" in part.read(_HEAD_BYTES):
                    raise Refused("damaged", "a part declares a document type")
    return archive


def office_part(archive: zipfile.ZipFile, name: str) -> Any:
    """The root element of a part. Raises `Refused` where it is missing or not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(archive.read(name), parser)
    except (KeyError, etree.XMLSyntaxError, zipfile.BadZipFile) as error:
        is_deep = "Excessive depth" in str(error)
        raise Refused("nested_too_deep" if is_deep else "damaged", f"the part {name} cannot be read") from error
