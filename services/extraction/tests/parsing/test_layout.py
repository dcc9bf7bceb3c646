"""Words with boxes become columns, tables and paragraphs in reading order."""

from __future__ import annotations

from etter_extraction.parsing.layout import Column, Grid, Word, parts_of
from etter_extraction.parsing.paragraphs import paragraphs_of

_SIZE = 10.0
_WIDTH = 5.0  # of a character


def _words(text: str, left: float, baseline: float, *, size: float = _SIZE, bold: bool = False) -> list[Word]:
    found = []
    for word in text.split():
        right = left + len(word) * _WIDTH * size / _SIZE
        found.append(Word(word, left, baseline - 0.2 * size, right, baseline + 0.8 * size, size, bold))
        left = right + _WIDTH * size / _SIZE
    return found


def _lines(*lines: tuple[str, float, float]) -> list[Word]:
    return [word for text, left, baseline in lines for word in _words(text, left, baseline)]


def _texts(words: list[Word]) -> list[str]:
    return [
        paragraph.text
        for part in parts_of(words)
        if isinstance(part, Column)
        for paragraph in paragraphs_of(part.lines, _SIZE)
    ]


class TestColumns:
    def test_two_columns_are_read_one_after_the_other(self) -> None:
        words = _lines(
            ("Inspect the buildings of the council every", 50, 700), ("Surveying of land and buildings", 350, 700),
            ("quarter and report what is broken in them.", 50, 686), ("Report writing for committees", 350, 686),
            ("Negotiate leases with the tenants of shops.", 50, 672), ("Negotiation with tenants", 350, 672),
        )  # fmt: skip
        text = " ".join(_texts(words))
        assert text.index("Negotiate leases") < text.index("Surveying of land")

    def test_a_title_over_both_columns_comes_first(self) -> None:
        words = _words("A title that runs over the whole width of the page and both columns", 50, 740) + _lines(
            ("Inspect the buildings of the council every", 50, 700), ("Surveying of land and buildings", 350, 700),
            ("quarter and report what is broken in them.", 50, 686), ("Report writing for committees", 350, 686),
            ("Negotiate leases with the tenants of shops.", 50, 672), ("Negotiation with tenants", 350, 672),
        )  # fmt: skip
        assert _texts(words)[0].startswith("A title that runs")

    def test_words_of_one_line_may_come_in_any_order(self) -> None:
        words = _words("Check the invoices of all suppliers", 50, 700)
        assert _texts(words[::-1]) == ["Check the invoices of all suppliers"]


class TestTables:
    def test_rows_of_cells_are_a_table_with_its_heading(self) -> None:
        rows = [("Department", "Job title", "Heads"), ("Catering", "Cook", "12"), ("Catering", "Kitchen Porter", "18"),
                ("Security", "Guard", "9")]  # fmt: skip
        words = [
            word
            for number, row in enumerate(rows)
            for cell, left in zip(row, (50, 150, 300), strict=True)
            for word in _words(cell, left, 700 - 14 * number)
        ]
        (grid,) = parts_of(words)
        assert isinstance(grid, Grid)
        assert [[" ".join(line.text for line in cell) for cell in row] for row in grid.rows] == [
            list(row) for row in rows
        ]

    def test_bullets_in_two_columns_are_no_table(self) -> None:
        words = _lines(
            ("• Bake bread", 50, 700), ("• Free lunch", 300, 700), ("• Clean ovens", 50, 686),
            ("• Sick pay", 300, 686), ("• Order flour", 50, 672), ("• Pension", 300, 672),
        )  # fmt: skip
        assert not any(isinstance(part, Grid) for part in parts_of(words))


class TestParagraphs:
    def test_a_wrapped_item_is_one_item(self) -> None:
        words = _lines(
            ("• Prepare the schedules of repairs with", 50, 700), ("their estimates.", 60, 686),
            ("• Negotiate the leases.", 50, 672),
        )  # fmt: skip
        assert _texts(words) == ["• Prepare the schedules of repairs with their estimates.", "• Negotiate the leases."]

    def test_a_word_broken_at_the_lines_end_is_joined(self) -> None:
        words = _lines(("The clerk checks the in\ufffe", 50, 700), ("voices every day.", 50, 688))
        assert _texts(words) == ["The clerk checks the invoices every day."]

    def test_space_between_lines_parts_paragraphs(self) -> None:
        words = _lines(
            ("The clerk checks all invoices of the", 50, 700), ("suppliers of the house.", 50, 688),
            ("The cook bakes bread for all of the", 50, 660), ("guests of the house.", 50, 648),
        )  # fmt: skip
        assert len(_texts(words)) == 2

    def test_large_and_bold_lines_are_headings(self) -> None:
        words = _words("Ledger Clerk", 50, 740, size=16) + _words("Duties", 50, 715, bold=True)
        words += _words("Checks all the invoices of the suppliers.", 50, 700)
        parts = parts_of(words)
        kinds = [one.kind for part in parts if isinstance(part, Column) for one in paragraphs_of(part.lines, _SIZE)]
        assert kinds == ["heading", "heading", "paragraph"]
