"""Reading twice the document is at most twice the work, counted and not timed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from etter_common.testing.work import work_of
from etter_extraction.facts.finding import find_facts
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.readers import delimited, html, plain
from etter_extraction.parsing.writing import PageWriter

MOST = 2.1
LINES: list[Callable[[int], str]] = [
    lambda n: "Duties\n" + "- Check the accounts of all customers\n" * n,
    lambda n: "Skills\n" + "Excel, Word, SQL; reading and writing, talking\n" * n,
    lambda n: "a " * n,
    lambda n: "\n" * n + "x",
    lambda n: "Pay: " + "$1" * n,
    lambda n: "1,234.50 " * n,
    lambda n: "a@" * n,
    lambda n: "Title:" + " \t" * n,
    lambda n: "# " + "#" * n + " x",
    lambda n: "Duties\n" + "and so on\n" * n,  # all one item
    lambda n: ("LOUD\n" + "quiet words that go on\n") * n,
]
CELLS: list[Callable[[int], list[list[str]]]] = [
    lambda n: [["Job title", "Headcount", "Department"], *([f"Clerk {i}", "3", "Finance"] for i in range(n))],
    lambda n: [["Task", "Share"], *([f"Enter invoice number {i} into the ledger", "10%"] for i in range(n))],
    lambda n: [["Job title", "Headcount"], ["x" * n, "1" * n]],
    lambda n: [["(" * n, "Job title"], ["a", "b"]],
    lambda n: [["Job title"] * n, ["a"] * n],
]


def steps(call: Callable[[], object]) -> int:
    call()  # what is made once is made
    return work_of(call).steps


class TestFacts:
    @pytest.mark.parametrize("text", LINES)
    def test_of_text(self, tmp_path: Path, text: Callable[[int], str]) -> None:
        def facts(n: int) -> Callable[[], object]:
            (tmp_path / "a.txt").write_text(text(n), encoding="utf-8")
            parsed = plain.read(tmp_path / "a.txt", "text")
            return lambda: find_facts(parsed, "a.txt", as_of=date(2026, 6, 1))

        assert steps(facts(200)) <= MOST * steps(facts(100))

    @pytest.mark.parametrize("cells", CELLS)
    def test_of_tables(self, cells: Callable[[int], list[list[str]]]) -> None:
        def facts(n: int) -> Callable[[], object]:
            writer = PageWriter(1, "table")
            table = writer.add_table("table", cells(n))
            parsed = Parsed("csv", [writer.page()], tables=[table])
            return lambda: find_facts(parsed, "a.csv", as_of=date(2026, 6, 1))

        assert steps(facts(200)) <= MOST * steps(facts(100))


class TestReaders:
    @pytest.mark.parametrize("text", ["a,b\n", '"a,\n', ",", "# x\n", "# " + " " * 9, "\n"])
    @pytest.mark.parametrize("kind", ["csv", "text"])
    def test_of_text(self, tmp_path: Path, kind: str, text: str) -> None:
        def read(n: int) -> Callable[[], object]:
            file = tmp_path / f"{n}"
            file.write_text("x" + text * n, encoding="utf-8")
            return lambda: _outcome(lambda: (plain if kind == "text" else delimited).read(file, kind))

        assert steps(read(200)) <= MOST * steps(read(100))

    def test_html_drops_scripts_without_copying_the_text_before_each(self, tmp_path: Path) -> None:
        """One by one, each copies the text before it."""

        def read(n: int) -> Callable[[], object]:
            file = tmp_path / f"{n}"
            file.write_text("<p>x" + "<script>no</script>yes" * n, encoding="utf-8")
            return lambda: html.read(file, "html")

        once, twice = read(100), read(200)
        assert steps(twice) <= MOST * steps(once)
        assert html.read(tmp_path / "100", "html").pages[0].text == "x" + "yes" * 100


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:  # that it is refused is as good an answer
        return type(error)
