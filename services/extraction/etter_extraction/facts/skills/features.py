"""What a word looks like to the models of skill spans: itself, its neighbours, its shape and known skill names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec

from etter_extraction.facts.lexicon import MODELS

_LONGEST_NAME = 6


@cache
def _gazetteer() -> Mapping[str, str]:
    """Name, lower-case words joined by a space, to `s` (ESCO skill), `k` (ESCO knowledge) or `t` (tool)."""
    found: dict[str, str] = {}
    for kind, names in msgspec.json.decode((MODELS / "skill_names.json").read_bytes()).items():
        found.update(dict.fromkeys(names, kind))
    return found


@cache
def _clusters() -> Mapping[str, int]:
    found: dict[str, int] = msgspec.json.decode((MODELS / "word_clusters.json").read_bytes())
    return found


def features_of(words: Sequence[str]) -> list[list[str]]:
    """One list of features per word of a sentence."""
    plain = [plain_of(word) for word in words]
    known = _known(plain)
    own = [_word(word, low) for word, low in zip(words, plain, strict=True)]
    rows = []
    for at, row in enumerate(own):
        full = [*row, *known[at], f"at={min(at, 3)}", f"left={min(len(words) - at - 1, 2)}"]
        for step in (-2, -1, 1, 2):
            there = at + step
            if 0 <= there < len(words):
                full += [f"{step}:{one}" for one in own[there][: 2 if abs(step) == 2 else 6]]
                full += [f"{step}:{one}" for one in known[there]] if abs(step) == 1 else []
            else:
                full.append(f"{step}:edge")
        if at:
            full.append(f"-1|0={plain[at - 1]}|{plain[at]}")
        if at + 1 < len(words):
            full.append(f"0|1={plain[at]}|{plain[at + 1]}")
        rows.append(full)
    return rows


def plain_of(word: str) -> str:
    return word.lower().strip(".,:;!?()[]\"'“”*•") or word


def _word(word: str, plain: str) -> list[str]:
    shape = re.sub(r"\d{1,40}", "9", re.sub(r"[a-zà-ÿ]{1,99}", "a", re.sub(r"[A-Z]{1,99}", "A", word)))
    row = [
        f"w={plain}",
        f"c={_clusters().get(plain, -1)}",
        f"shape={shape[:6]}",
        f"end3={plain[-3:]}",
        f"end2={plain[-2:]}",
        f"start3={plain[:3]}",
    ]
    if word[:1].isupper():
        row.append("capital")
    if any(char in word for char in "/+#-"):
        row.append("joined")
    return row


def _known(plain: Sequence[str]) -> list[list[str]]:
    """Where the longest known names are: `B-k`, `I-k` and the name's length."""
    names = _gazetteer()
    marks: list[list[str]] = [[] for _ in plain]
    at = 0
    while at < len(plain):
        for length in range(min(_LONGEST_NAME, len(plain) - at), 0, -1):
            kind = names.get(" ".join(plain[at : at + length]))
            if kind:
                for step in range(length):
                    marks[at + step] = [f"known={'I' if step else 'B'}-{kind}", f"known_length={min(length, 3)}"]
                at += length - 1
                break
        at += 1
    return marks
