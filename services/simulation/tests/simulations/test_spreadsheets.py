from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_simulation.simulations.spreadsheets import harmless, written

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\u2212"
TEXTS = st.text(alphabet=st.sampled_from(SIGNS + " \t\r\n;,|\"'aé\u200b\ufeff\u00a0"), max_size=12) | st.text(
    max_size=12
)


def begins_a_formula(cell: str) -> bool:
    visible = "".join(char for char in cell if unicodedata.category(char)[0] not in "ZC")
    return visible[:1] != "" and unicodedata.normalize("NFKC", visible[0])[:1] in "=+-@\u2212"


class TestHarmless:
    @pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\n", "\u00a0", "\u200b", "\ufeff"])
    @pytest.mark.parametrize("sign", SIGNS)
    def test_a_formula_becomes_a_text(self, before: str, sign: str) -> None:
        text = f"{before}{sign}HYPERLINK(0)"
        assert harmless(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["", "Clerk", "1-2", "a=b", "Ärztin", "人事", " Clerk", "'=1"])
    def test_anything_else_stays_as_it_is(self, text: str) -> None:
        assert harmless(text) == text

    @pytest.mark.parametrize("text", ["\tClerk", "\rClerk", "\nClerk"])
    def test_nothing_begins_with_a_control(self, text: str) -> None:
        assert harmless(text) == f"'{text}"


class TestWritten:
    @given(st.lists(st.tuples(TEXTS, st.floats(allow_nan=False, allow_infinity=False)), max_size=5))
    def test_it_reads_back(self, rows: list[tuple[str, float]]) -> None:
        read = list(csv.reader(io.StringIO(written(rows).decode("utf-8", "surrogatepass"), newline="")))
        assert [(text.removeprefix("'"), float(number)) for text, number in read] == [
            (text.removeprefix("'"), number) for text, number in rows
        ]

    @given(TEXTS, st.sampled_from(",;\t|"))
    def test_no_cell_is_a_formula_whatever_separates_cells(self, text: str, separator: str) -> None:
        content = written([(text, "heads", 1.5)]).decode("utf-8", "surrogatepass")
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
            assert not [cell for cell in row if begins_a_formula(cell)]
