"""Cuts a document into its roles: several titles, each with its own duties or requirements below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from etter_extraction.facts.fields import fields_in
from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.lexicon import field_of, section_of, title_strength
from etter_extraction.facts.titles import is_plausible, same, tidy

_CONTENT: Final = ("duty", "requirement", "skill")
_LONGEST_WORDS, _MOST_ROLES, _STRONG = 10, 200, 0.6


def roles_of(labelled: Sequence[Labelled]) -> list[Sequence[Labelled]]:
    """One part per role, in order; what comes before the first title belongs to the first role."""
    starts = _by_fields(labelled) or _by_headings(labelled)
    if len(starts) < 2:
        return [labelled]
    ends = [*starts[1:], len(labelled)]
    return [labelled[0 if at == 0 else start : end] for at, (start, end) in enumerate(zip(starts, ends, strict=True))]


def _by_fields(labelled: Sequence[Labelled]) -> list[int]:
    """`Job title:` more than once, with different names."""
    found: list[tuple[int, str]] = []
    for one in fields_in(labelled):
        title = tidy(one.value)
        if (
            one.name == "title"
            and is_plausible(title)
            and title_strength(title) >= 0.5
            and not any(same(title, t) for _, t in found)
        ):
            at = one.at - 1 if one.at and field_of(labelled[one.at].unit.text) is None else one.at
            found.append((at, title))
    return _with_content([at for at, _ in found], labelled)


def _by_headings(labelled: Sequence[Labelled]) -> list[int]:
    """Headings of one shape that are titles, each followed by duties or requirements of its own."""
    shapes: dict[tuple[object, ...], list[tuple[int, str]]] = {}
    for at, one in enumerate(labelled):
        block, title = one.unit.block, tidy(one.unit.text)
        heads = one.unit.is_heading or (
            one.label == "title" and one.confidence >= 0.8 and one.unit.of == 1 and not one.unit.is_item
        )
        if not heads or block.region == "table" or not _is_title(title):
            continue
        group = shapes.setdefault((block.kind, block.level, round(block.size, 1), block.bold), [])
        if not any(same(title, other) for _, other in group):
            group.append((at, title))
    return max((_with_content([at for at, _ in group], labelled) for group in shapes.values()), key=len, default=[])


def _is_title(text: str) -> bool:
    return (
        len(text.split()) <= _LONGEST_WORDS
        and is_plausible(text)
        and title_strength(text) >= _STRONG
        and section_of(text) in (None, "skill", "requirement", "employer")
        and text[:1].isupper()
    )


def _with_content(starts: list[int], labelled: Sequence[Labelled]) -> list[int]:
    """Only the titles that have work below them; else a list of related posts would be taken for roles."""
    if len(starts) < 2:
        return []
    ends = [*starts[1:], len(labelled)]
    kept = [
        start
        for start, end in zip(starts, ends, strict=True)
        if sum(one.label in _CONTENT and one.confidence >= 0.5 for one in labelled[start + 1 : end]) >= 1
    ]
    return kept[:_MOST_ROLES] if len(kept) > 1 else []
