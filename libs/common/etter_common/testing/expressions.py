"""Regular expressions that take more than linear time, found by their syntax.

An expression is quadratic where two repeats without a bound can share a run of characters and something after them can
fail: each way to cut the run is tried. A search tries every start, as if an unbounded repeat of anything came first.
The check is strict: it may name an expression that is harmless, and a repeat up to `SHORT` counts as bounded.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

with warnings.catch_warnings():  # Python's own parser of expressions; the name without an underscore is deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_parse

SHORT: Final = 1_000
"""A repeat up to this many times costs a constant."""

_ALPHABET: Final = "".join(map(chr, range(256))) + "\u0130\u0430\u0661\u2003\u2013\u2022\u2028\u20ac\u6f22\U0001f600"
_EVERY: Final = frozenset(_ALPHABET)
_MOST_WAYS: Final = 5_000
_CATEGORIES: Final = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


class Atom(NamedTuple):
    """One step of a way through an expression."""

    characters: frozenset[str]
    is_needed: bool = True
    is_unbounded: bool = False
    is_possessive: bool = False
    is_assertion: bool = False
    not_after: frozenset[str] = frozenset()  # of a negative lookbehind
    can_fail: bool = True


Way = tuple[Atom, ...]
_ANYTHING: Final = Atom(_EVERY, is_needed=False, is_unbounded=True, can_fail=False)
_THE_END: Final = Atom(frozenset(), is_needed=False, is_assertion=True)


def overlap(pattern: re.Pattern[Any], *, use: str = "search") -> str | None:
    """Why the expression is not linear in this use (`match`, `fullmatch`, or else a search); None if it is linear."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags & ~re.DEBUG
    tree = sre_parse.parse(source, flags if isinstance(pattern.pattern, str) else flags | re.UNICODE)
    end = (_THE_END,) if use == "fullmatch" else ()
    for way in _ways(list(tree.data), flags):
        is_anchored = use in ("match", "fullmatch") or way[:1] == (_START,)
        found = _overlap((*(() if is_anchored else (_ANYTHING,)), *way, *end))
        if found:
            return found
    return None


def _overlap(way: Way) -> str | None:
    for first, atom in enumerate(way):
        if atom.is_unbounded and not atom.is_possessive:
            found = _shares(way, first)
            if found is not None:
                return f"repeats {first} and {found} of {len(way)} can share a run of characters"
    return None


def _shares(way: Way, first: int) -> int | None:
    """The place of a repeat that may take what the one at `first` gave back."""
    between: list[frozenset[str]] = []
    guard: frozenset[str] = frozenset()
    reachable = way[first].characters
    for place in range(first + 1, len(way)):
        atom = way[place]
        guard = guard or (atom.not_after if atom.is_assertion and not between else frozenset())
        if atom.is_assertion:
            continue
        if atom.is_needed and not reachable & atom.characters:
            return None
        run = reachable & atom.characters
        is_shared = run and all(run & one & atom.characters or one & atom.characters for one in between)
        is_guarded = bool(guard) and atom.characters <= guard and all(one & guard for one in between)
        if atom.is_unbounded and is_shared and not is_guarded and any(later.can_fail for later in way[place + 1 :]):
            return place
        if atom.is_needed:
            between.append(atom.characters & way[first].characters)
    return None


def _ways(nodes: Sequence[Any], flags: int) -> list[Way]:
    """Every way through a sequence of nodes, branches taken one at a time."""
    ways: list[Way] = [()]
    for node in nodes:
        steps = _merged(_steps(node, flags))
        ways = _merged(way + step for way in ways for step in steps)
        if len(ways) > _MOST_WAYS:
            raise ValueError("the expression has too many branches to be judged; write it in parts")
    return ways


def _merged(ways: Iterable[Way]) -> list[Way]:
    """Those that differ only in the characters of single steps as one: which word they make does not matter."""
    found: dict[tuple[Atom, ...], Way] = {}
    for way in ways:
        shape = tuple(atom if atom.is_unbounded else atom._replace(characters=frozenset()) for atom in way)
        known = found.get(shape, way)
        found[shape] = tuple(
            a._replace(characters=a.characters | b.characters) for a, b in zip(known, way, strict=True)
        )
    return list(found.values())


_START: Final = Atom(frozenset(), is_needed=False, is_assertion=True, not_after=_EVERY)


def _steps(node: Any, flags: int) -> Iterator[Way]:  # noqa: C901 - one case per kind of node
    kind, value = str(node[0]), node[1]
    if kind == "SUBPATTERN":
        _, added, removed, inner = value
        yield from _ways(list(inner), (flags | added) & ~removed)
    elif kind == "ATOMIC_GROUP":
        yield from ((*(atom._replace(is_possessive=True) for atom in way),) for way in _ways(list(value), flags))
    elif kind == "BRANCH":
        for branch in value[1]:
            yield from _ways(list(branch), flags)
    elif kind in _REPEATS:
        yield from _repeated(kind, value, flags)
    elif kind == "AT":
        yield (_at(str(value), flags),)
    elif kind in ("ASSERT", "ASSERT_NOT"):
        yield from _asserted(kind, value, flags)
    elif kind in ("GROUPREF", "GROUPREF_EXISTS"):
        yield (_ANYTHING._replace(is_needed=True),)
    else:
        yield (Atom(_characters(kind, value, flags)),)


def _at(place: str, flags: int) -> Atom:
    if place == "AT_BEGINNING" and flags & re.MULTILINE:
        return _THE_END._replace(not_after=_EVERY - {"\n"})
    return _START if place in ("AT_BEGINNING", "AT_BEGINNING_STRING") else _THE_END


def _repeated(kind: str, value: Any, flags: int) -> Iterator[Way]:
    least, most, inner = value
    ways = _ways(list(inner), flags)
    is_unbounded, is_possessive = int(most) > SHORT, kind == "POSSESSIVE_REPEAT"
    if not is_unbounded:
        yield from ways if least else _left_out_or_not(ways)
        return
    characters = frozenset().union(*(atom.characters for way in ways for atom in way))
    yield (Atom(characters, least > 0, is_unbounded=True, is_possessive=is_possessive, can_fail=least > 0),)
    if any(atom.is_unbounded for way in ways for atom in way):  # a repeat in a repeat: twice in a row, then a failure
        yield from ((*one, *other, _THE_END) for one in ways for other in ways)


def _left_out_or_not(ways: Sequence[Way]) -> Iterator[Way]:
    """What may be left out cannot fail for what comes before it; within itself it can."""
    yield ()
    for way in ways:
        if _overlap(way):
            yield (_ANYTHING, _ANYTHING, _THE_END)
        elif any(atom.is_unbounded for atom in way):
            yield tuple(atom._replace(can_fail=False) for atom in way if not atom.is_assertion)


def _asserted(kind: str, value: Any, flags: int) -> Iterator[Way]:
    direction, inner = value
    for way in _ways(list(inner), flags):
        if direction < 0 and kind == "ASSERT_NOT" and len(way) == 1:
            yield (_THE_END._replace(not_after=way[0].characters),)
            continue
        yield (_THE_END,)
        if direction > 0:  # looked at and given back: what it ran over costs the same
            yield (*way, _THE_END)


def _characters(kind: str, value: Any, flags: int) -> frozenset[str]:
    if kind == "ANY":
        return _EVERY if flags & re.DOTALL else _EVERY - {"\n"}
    if kind == "LITERAL":
        return _same(chr(value), flags)
    if kind == "NOT_LITERAL":
        return _EVERY - _same(chr(value), flags)
    if kind == "IN":
        return _in(value, flags)
    raise ValueError(f"{kind} is unknown to this check")


def _in(items: Sequence[Any], flags: int) -> frozenset[str]:
    found: set[str] = set()
    for item in items:
        kind, value = str(item[0]), item[1]
        if kind == "LITERAL":
            found |= _same(chr(value), flags)
        elif kind == "RANGE":
            found |= {one for char in _ALPHABET if value[0] <= ord(char) <= value[1] for one in _same(char, flags)}
        elif kind == "CATEGORY":
            name = str(value).removeprefix("CATEGORY_")
            one = re.compile(_CATEGORIES[name.removeprefix("NOT_")], flags & re.ASCII)
            found |= {char for char in _ALPHABET if bool(one.match(char)) is not name.startswith("NOT_")}
    return _EVERY - found if str(items[0][0]) == "NEGATE" else frozenset(found)


def _same(char: str, flags: int) -> frozenset[str]:
    """A character in both cases where case does not count."""
    return frozenset((char, char.lower(), char.upper())) if flags & re.IGNORECASE else frozenset((char,))
