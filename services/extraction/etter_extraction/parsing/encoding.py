"""The encoding of a text file, decided from all its bytes: by its mark, as UTF-8, or by which one makes words of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from etter_extraction.parsing.errors import DocumentTypeMismatch

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SAMPLE: Final = 20_000
_SINGLE_BYTE: Final = ("cp1252", "cp1250", "cp1254", "cp1257", "cp1251", "cp1253", "mac_roman", "cp850", "cp437")
"""In order of preference where two fit alike: Western first."""
_ALPHABETS: Final = (
    "äöüßÄÖÜ", "éèêëàâçîïôûùüœæÉÈÀÇÔ", "áéíóúüñÁÉÍÓÚÑºª", "àèéìòùÀÈÉÌÒ", "ãõáàâéêíóôúçÃÕÁÉÇ", "åäöæøéÅÄÖÆØ", "ëéèïüö",
    "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "áčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽ", "áéíóöőúüűÁÉÍÓÖŐÚÜŰ", "áäčďéíĺľňóôŕšťúýžÁČĎÉÍĽŇŠŤÚÝŽ",
    "ăâîșțşţĂÂÎȘȚŞŢ", "čćđšžČĆĐŠŽ", "çğıöşüÇĞİÖŞÜ", "āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽ", "ąčęėįšųūžĄČĘĖĮŠŲŪŽ", "õäöüšžÕÄÖÜŠŽ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁІЇЄҐ",
    "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ",
)  # fmt: skip
_MARKS: Final = frozenset("–—‘’“”„…•·©®™°§«»‹›¿¡ºª\u00a0²³½¼±×€£¥¢†‡")
_MONEY_BY_NUMBER: Final = re.compile(r"[€£¥¢]\s?\d|\d\s?[€£¥¢]")
_LETTERS: Final = re.compile(r"[^\W\d_]")
_EAST_ASIAN: Final = re.compile("[\u3040-\u30ff\uac00-\ud7a3\u4e00-\u9fff]")
_MULTI_BYTE: Final = ("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr")


def decode(raw: bytes) -> str:
    """The text, without NUL characters. Raises `DocumentTypeMismatch` for what is text in no encoding."""
    encoding = encoding_of(raw)
    start = next((len(mark) for mark, name in _BOMS if name == encoding and raw.startswith(mark)), 0)
    return raw[start:].decode(encoding, errors="replace").replace("\x00", "")


def encoding_of(raw: bytes) -> str:
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return name
    sample = raw[:_SAMPLE]
    if sample and sample.count(0) > len(sample) // 4:  # UTF-16 without a mark
        return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(raw)
    return "utf-8"


def _guessed(raw: bytes) -> str:
    if sum(raw[:_SAMPLE].count(byte) for byte in range(1, 9)) > len(raw[:_SAMPLE]) // 50:
        raise DocumentTypeMismatch("not text in any known encoding")
    pieces = _around_high_bytes(raw)
    ranked = [(_plausibility(pieces, name), -number, name) for number, name in enumerate(_SINGLE_BYTE)]
    multi = _multi_byte(raw)
    best = max(ranked)
    if multi and best[0] < 0.9:
        return multi
    return best[2]


def _around_high_bytes(raw: bytes) -> list[tuple[bytes, int]]:
    """The words that bytes above 127 stand in, with how often they come."""
    counts = Counter(re.findall(rb"[^\s,;\t\"|]{0,40}[\x80-\xff][^\s,;\t\"|]{0,40}", raw[:2_000_000]))
    return counts.most_common(5_000)


def _plausibility(pieces: list[tuple[bytes, int]], encoding: str) -> float:
    """Share of the characters above 127 that are letters of one language within words, or marks where marks stand."""
    letters: Counter[str] = Counter()
    good = total = 0
    for piece, count in pieces:
        text = piece.decode(encoding, errors="replace")
        money = {match.start() + match[0].find(char) for match in _MONEY_BY_NUMBER.finditer(text) for char in match[0]}
        for position, char in enumerate(text):
            if ord(char) < 128:
                continue
            total += count
            if _LETTERS.match(char):
                letters[char] += count * _fits(text, position)
            elif char in _MARKS and (position in money or not _in_word(text, position)):
                good += count
    best = max(sum(letters[char] for char in alphabet) for alphabet in _ALPHABETS)
    return (good + best) / total if total else 1.0


def _fits(text: str, position: int) -> int:
    """No letter of a word: a capital after a small letter, and a Cyrillic or Greek one next to a Latin one."""
    char = text[position]
    near = text[max(0, position - 1) : position] + text[position + 1 : position + 2]
    if "\u0370" <= char <= "\u04ff" and any(one.isascii() and one.isalpha() for one in near):
        return 0
    return 0 if position and text[position - 1].islower() and char.isupper() else 1


def _in_word(text: str, position: int) -> bool:
    before = text[position - 1] if position else " "
    after = text[position + 1] if position + 1 < len(text) else " "
    return before.isalpha() and (after.isalpha() or text[position] in "²³¹°£¢")


def _multi_byte(raw: bytes) -> str | None:
    """An East Asian encoding that reads every byte and gives mostly letters."""
    for encoding in _MULTI_BYTE:
        try:
            text = raw[: 2 * (_SAMPLE // 2)].decode(encoding)
        except UnicodeDecodeError:
            continue
        high = [char for char in text if ord(char) > 127]
        common = sum(bool(_EAST_ASIAN.match(char)) for char in high)
        if common > 0.8 * len(high) and len(high) > 3:
            return encoding
    return None
