"""PNG, JPEG and TIFF: the words that recognition finds, laid out as a printed page is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.readers.ocr import DPI, Picture, warm_up, words_of
from etter_extraction.parsing.readers.pdf import Sheet, compose
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source, given

__all__ = ["read", "warm_up"]


def read(source: Source, kind: str) -> Parsed:
    sheets = []
    for number, picture in enumerate(_pictures(source), start=1):
        if number > limits.MAX_SCANNED_PAGES:
            raise Refused("too_many_pages", f"more than {limits.MAX_SCANNED_PAGES} scanned pages")
        sheets.append(Sheet(number, picture.shape[0] * 72 / DPI, words_of(picture), []))
    return compose(kind, sheets, recognised=len(sheets))


def _pictures(source: Source) -> Iterator[Picture]:
    try:
        with Image.open(given(source), formats=("PNG", "JPEG", "TIFF")) as image:
            for frame in ImageSequence.Iterator(image):
                if frame.width * frame.height > limits.MAX_PIXELS:
                    raise Refused("image_too_large", f"{frame.width} x {frame.height} pixels")
                upright = ImageOps.exif_transpose(frame).convert("RGB")
                yield np.ascontiguousarray(np.asarray(upright)[:, :, ::-1])
    except Image.DecompressionBombError as error:
        raise Refused("image_too_large", f"more than {limits.MAX_PIXELS} pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Refused("damaged", "the picture cannot be read") from error
