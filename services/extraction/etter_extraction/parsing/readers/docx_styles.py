"""How Word paragraphs look: heading level, list level, size and weight, by themselves or by their styles."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import Any, Final

from etter_extraction.parsing.readers.office import office_part

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DEEPEST: Final = 20
_BODY_LEVEL: Final = 9
_DEFAULT_SIZE: Final = 22  # half points


@dataclass(frozen=True, slots=True)
class Look:
    heading: int = 0
    list_level: int = 0
    size: float = 1.0
    bold: bool = False


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str | None
    properties: Any
    run: Any


class Styles:
    """The styles of a document; sizes are relative to the size of its default paragraph."""

    def __init__(self, styles: dict[str, _Style], default: str | None, size: int) -> None:
        self._styles = styles
        self._default = default
        self._document_size = size
        self._body = self._size(default, None)

    @classmethod
    def read(cls, archive: zipfile.ZipFile) -> Styles:
        if "word/styles.xml" not in archive.namelist():
            return cls({}, None, _DEFAULT_SIZE)
        root = office_part(archive, "word/styles.xml")
        styles: dict[str, _Style] = {}
        default = None
        for element in root.iter(f"{_W}style"):
            key = element.get(f"{_W}styleId") or ""
            based = _value(element.find(f"{_W}basedOn"))
            name = (_value(element.find(f"{_W}name")) or key).lower()
            styles[key] = _Style(name, based, element.find(f"{_W}pPr"), element.find(f"{_W}rPr"))
            if element.get(f"{_W}type") == "paragraph" and element.get(f"{_W}default") in ("1", "true"):
                default = key
        size = _value(root.find(f"{_W}docDefaults/{_W}rPrDefault/{_W}rPr/{_W}sz"))
        return cls(styles, default, _half_points(size) or _DEFAULT_SIZE)

    def of_paragraph(self, paragraph: Any) -> Look:
        properties = paragraph.find(f"{_W}pPr")
        style = _value(properties.find(f"{_W}pStyle")) if properties is not None else None
        chain = self._chain(style or self._default)
        heading = self._heading(properties, chain)
        runs = [run for run in paragraph.iter(f"{_W}r") if any((t.text or "").strip() for t in run.iter(f"{_W}t"))]
        sizes = [self._size(style or self._default, run) for run in runs] or [self._body]
        bold = bool(runs) and all(self._is_on("b", run, chain) for run in runs)
        level = 0 if heading else _list_level(properties, chain)
        return Look(heading, level, round(max(sizes) / self._body, 2), bold)

    def is_hidden(self, run: Any) -> bool:
        return self._is_on("vanish", run, ())

    def _chain(self, key: str | None) -> tuple[_Style, ...]:
        found: list[_Style] = []
        while key in self._styles and len(found) < _DEEPEST:
            found.append(self._styles[key])
            key = found[-1].based_on
        return tuple(found)

    def _heading(self, properties: Any, chain: tuple[_Style, ...]) -> int:
        for part in (properties, *(style.properties for style in chain)):
            level = _value(part.find(f"{_W}outlineLvl")) if part is not None else None
            if level and level.isdigit():
                return int(level) + 1 if int(level) < _BODY_LEVEL else 0
        for style in chain:  # built-in styles keep their English names in every language
            if style.name in ("title", "subtitle") or style.name.startswith("heading"):
                return int(style.name[-1]) if style.name[-1].isdigit() else 1
        return 0

    def _size(self, key: str | None, run: Any) -> int:
        run_properties = run.find(f"{_W}rPr") if run is not None else None
        for part in (run_properties, *(style.run for style in self._chain(key))):
            size = _half_points(_value(part.find(f"{_W}sz"))) if part is not None else 0
            if size:
                return size
        return self._document_size

    def _is_on(self, name: str, run: Any, chain: tuple[_Style, ...]) -> bool:
        properties = run.find(f"{_W}rPr")
        character = _value(properties.find(f"{_W}rStyle")) if properties is not None else None
        for part in (properties, *(style.run for style in (*self._chain(character), *chain))):
            found = part.find(f"{_W}{name}") if part is not None else None
            if found is not None:
                return found.get(f"{_W}val") not in ("0", "false", "none")
        return False


def _list_level(properties: Any, chain: tuple[_Style, ...]) -> int:
    """From 1; 0 for a paragraph in no list. The list of number 0 takes a paragraph out of its style's."""
    for part in (properties, *(style.properties for style in chain)):
        numbering = part.find(f"{_W}numPr") if part is not None else None
        if numbering is not None:
            level = _value(numbering.find(f"{_W}ilvl")) or "0"
            return 0 if _value(numbering.find(f"{_W}numId")) == "0" else (int(level) if level.isdigit() else 0) + 1
    is_list = any(style.name.startswith("list") and style.name != "list paragraph" for style in chain)
    return 1 if is_list else 0


def _value(element: Any) -> str | None:
    return element.get(f"{_W}val") if element is not None else None


def _half_points(value: str | None) -> int:
    return int(float(value)) if value and value.replace(".", "", 1).isdigit() and len(value) < 6 else 0
