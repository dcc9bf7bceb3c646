"""What a document may have and what reading it may cost. Every number has an error and a test."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 50 * 1024 * 1024
MAX_PAGES: Final = 2_000
MAX_CELLS: Final = 16_000_000
MAX_WORKBOOK_CELLS: Final = 5_000_000
MAX_ROWS: Final = 1_048_576
MAX_COLUMNS: Final = 500
MAX_TEXT: Final = 20_000_000
MAX_UNPACKED: Final = 300 * 1024 * 1024
MAX_RATIO: Final = 200
MAX_MEMBERS: Final = 10_000
MAX_ATTACHMENTS: Final = 100
MAX_MAIL_DEPTH: Final = 3
MAX_SCANNED_PAGES: Final = 100
MAX_PIXELS: Final = 60_000_000
"""Of a picture: an A3 page at 400 dots per inch has 31 million."""
WALL_S: Final = 60.0
CPU_S: Final = 60
MEMORY: Final = 1024 * 1024 * 1024
MEMORY_OF_PICTURES: Final = 2 * 1024 * 1024 * 1024
"""Recognition maps its models and libraries and holds whole pictures; the addresses count, used or not."""
OPEN_FILES: Final = 64
WRITTEN: Final = 64 * 1024 * 1024
MAX_RESULT: Final = 128 * 1024 * 1024
"""Bytes of JSON the child may answer with."""


def memory(profile: str) -> int:
    """Bytes of addresses that a child of a profile may have."""
    return MEMORY_OF_PICTURES if profile == "pictures" else MEMORY


def times(profile: str, kind: str) -> int:
    """How often the CPU and wall-clock limits a reading may take.

    A sheet of 1,000,000 rows and 8 columns takes 55 s of computing on a busy core, a scanned page 5 s.
    """
    if profile == "pictures":
        return 10
    return 3 if kind in ("csv", "xlsx", "xls", "ods") else 1
