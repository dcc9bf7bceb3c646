"""Recognises the words of a picture with the models that the package rapidocr carries. One thread, no network."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray

from etter_extraction.parsing.layout import Word

DPI: Final = 200
_MODELS: Final = Path(rapidocr.__file__).parent / "models"
_FONT_SIZE: Final = 0.78
"""Of the height of a line's box."""
_TURNED: Final = 1.5
"""A box this much higher than wide holds a line that runs up or down."""

_UNSURE: Final = 0.8
"""A page that is recognised less surely may be upside down."""

Picture = NDArray[np.uint8]
"""Rows of columns of blue, green, red."""


def warm_up() -> None:
    blank = np.full((64, 256, 3), 255, np.uint8)
    _engine()(blank, use_det=True)
    _engine()(blank, use_det=False)


def words_of(picture: Picture, points: float = 72 / DPI) -> list[Word]:
    """The words of a page that may lie on its side or head, in points from its lower left corner.

    `points` is the size of a pixel.
    """
    found = _lines(picture)
    turns: tuple[int, ...] = ()
    if sum(_is_turned(box) for box, _, _ in found) > len(found) / 2:
        turns = (1, 3)
    elif _score(found) < _UNSURE * sum(len(text) for _, text, _ in found):
        turns = (0, 2)
    if turns:
        turned = (np.ascontiguousarray(np.rot90(picture, times)) for times in turns)
        found, picture = max(((_lines(one), one) for one in turned), key=lambda pair: _score(pair[0]))
    height = picture.shape[0]
    return [word for box, text, _ in found for word in _words(box, text, height, points)]


@cache
def _engine() -> Any:  # rapidocr has no types
    cv2.setNumThreads(1)
    return rapidocr.RapidOCR(params={
        "Global.log_level": "critical",
        "Global.max_side_len": 2000,
        "Global.use_cls": False,  # turns single lines; a page is turned as a whole
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Det.model_path": str(_MODELS / "PP-OCRv6_det_small.onnx"),
        "Rec.model_path": str(_MODELS / "PP-OCRv6_rec_small.onnx"),
    })  # fmt: skip


_Found = list[tuple[Any, str, float]]


def _lines(picture: Picture) -> _Found:
    result = _engine()(picture, use_det=True)
    if result.boxes is None or result.txts is None:
        return []
    return list(zip(result.boxes, result.txts, result.scores, strict=True))


def _is_turned(box: Any) -> bool:
    width, height = np.ptp(box[:, 0]), np.ptp(box[:, 1])
    return bool(height > _TURNED * width)


def _score(found: _Found) -> float:
    return sum(score * len(text) for _, text, score in found)


def _words(box: Any, text: str, height: int, points: float) -> list[Word]:
    """A line's words, each as wide as its share of the characters."""
    left, right = float(box[:, 0].min()) * points, float(box[:, 0].max()) * points
    middle = (height - float(box[:, 1].mean())) * points
    edge = box[3] - box[0]
    size = max(float(np.hypot(edge[0], edge[1])) * points * _FONT_SIZE, 1.0)
    step = (right - left) / max(len(text), 1)
    words, place = [], 0
    for part in text.split():
        place = text.index(part, place)
        start, end = left + place * step, left + (place + len(part)) * step
        words.append(Word(part, start, middle - size / 2, end, middle + size / 2, size))
        place += len(part)
    return words
