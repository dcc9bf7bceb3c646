"""Titles and the occupations they mean."""

from __future__ import annotations

import csv
import gzip
import random
import re
import statistics
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_core.occupations import starter_set
from etter_core.occupations.matching import CERTAIN_FROM, TitleIndex, normalised


@pytest.fixture(scope="module", name="index")
def starter_index() -> TitleIndex:
    return TitleIndex(
        (reference.code, reference.title, title)
        for reference in starter_set.read()
        for title in (reference.title, *reference.titles)
    )


class TestNormalised:
    @pytest.mark.parametrize(
        ("title", "words"),
        [
            ("Senior Software Engineer II", ("software", "engineer")),
            ("HR Business Partner", ("human", "resource", "business", "partner")),
            ("Sr. Acct Mgr / Sales", ("account", "manager", "sale")),
            ("R&D Technicians", ("research", "development", "technician")),
            ("Head of the Warehouse", ("head", "warehouse")),
            ("Lead", ()),
            ("", ()),
        ],
    )
    def test_keeps_the_telling_words(self, title: str, words: tuple[str, ...]) -> None:
        assert normalised(title) == words


class TestCertain:
    @pytest.mark.parametrize(
        ("title", "code"),
        [
            ("Payroll Specialist", "43-3051.00"),
            ("Senior Payroll Specialist", "43-3051.00"),
            ("CEO", "11-1011.00"),
            ("Chief Executive Officer", "11-1011.00"),
            ("Brand Manager", "11-2021.00"),
            ("brand manger", "11-2021.00"),
            ("PLANT DIRECTOR", "11-1021.00"),
        ],
    )
    def test_plain_titles(self, index: TitleIndex, title: str, code: str) -> None:
        found = index.certain(title)
        assert found is not None
        assert (found.code, found.similarity >= CERTAIN_FROM) == (code, True)

    @pytest.mark.parametrize("title", ["Zorblax Whisperer", "", "Senior", "  ", "清洁工", "123"])
    def test_what_is_unknown_is_not_guessed(self, index: TitleIndex, title: str) -> None:
        assert index.certain(title) is None

    def test_near_is_not_certain(self, index: TitleIndex) -> None:
        found = index.nearest("Director of Underwater Basket Sales")
        assert found
        assert found[0].similarity < CERTAIN_FROM
        assert index.certain("Director of Underwater Basket Sales") is None

    def test_every_title_of_the_starter_set_finds_its_occupation(self, index: TitleIndex) -> None:
        lost = [
            title
            for reference in starter_set.read()
            for title in (reference.title, *reference.titles)
            if reference.code not in [match.code for match in index.nearest(title) if match.similarity == 1]
        ]
        assert lost == []


class TestNearest:
    def test_each_occupation_once_and_falling(self, index: TitleIndex) -> None:
        found = index.nearest("Operations Manager", limit=20)
        assert len({match.code for match in found}) == len(found)
        assert [match.similarity for match in found] == sorted((m.similarity for m in found), reverse=True)

    def test_says_by_which_title(self, index: TitleIndex) -> None:
        found = index.nearest("Senior Brand Manager")[0]
        assert (found.title, found.via) == ("Marketing Managers", "Brand Manager")

    def test_the_department_decides_between_near_ones(self) -> None:
        index = TitleIndex([("1", "Sales Managers", "Sales Manager"), ("2", "Quality Managers", "Quality Manager")])
        assert [index.nearest("Team Manager", d)[0].code for d in ("Quality", "Sales")] == ["2", "1"]

    def test_of_equals_the_one_it_is_typical_of_comes_first(self) -> None:
        index = TitleIndex(
            [
                ("1", "Ship Cooks", "Cook"), ("1", "Ship Cooks", "Galley Steward"),
                ("2", "Cooks", "Cook"), ("2", "Cooks", "Line Cook"),
            ]
        )  # fmt: skip
        assert [match.code for match in index.nearest("Cook")] == ["2", "1"]

    def test_the_order_of_the_taxonomy_does_not_matter(self) -> None:
        rows = [
            (reference.code, reference.title, title) for reference in starter_set.read() for title in reference.titles
        ]
        shuffled = random.Random(7).sample(rows, len(rows))
        one, other = TitleIndex(rows), TitleIndex(shuffled)
        for title in ("Warehouse Team Leader", "Data Analyst", "Line Operator", "Sales Support"):
            assert [(m.code, m.similarity) for m in one.nearest(title)] == [
                (m.code, m.similarity) for m in other.nearest(title)
            ]

    def test_an_empty_taxonomy_knows_nothing(self) -> None:
        assert TitleIndex(()).nearest("Baker") == []

    @given(st.text(max_size=80), st.text(max_size=40))
    def test_any_text_gives_similarities_in_range(self, title: str, department: str) -> None:
        index = TitleIndex([("1", "Bakers", "Baker"), ("2", "Head Bakers", "Chief Baker")])
        assert all(0 < match.similarity <= 1 for match in index.nearest(title, department))


class Rows:
    """Titles of the full taxonomy, and what incumbents say they are called."""

    def __init__(self, folder: Path) -> None:
        def rows(name: str) -> list[dict[str, str]]:
            with gzip.open(folder / name, "rt", encoding="utf-8") as file:
                return list(csv.DictReader(file))

        names = {row["onet_soc"]: row["title"] for row in rows("occupations.csv.gz")}
        self.known = [(code, title, title) for code, title in names.items()]
        for row in rows("alternate_titles.csv.gz"):
            code = row["onet_soc"]
            self.known += [(code, names[code], t) for t in (row["alternate_title"], row["short_title"]) if t]
        self.reported = [
            (row["onet_soc"], title)
            for row in rows("reported_titles.csv.gz")
            for title in re.sub(r"\)$", "", row["reported_title"]).split(" (", 1)
        ]


@pytest.fixture(scope="module", name="rows")
def full_taxonomy(shared_data: Path) -> Rows:
    return Rows(shared_data / "data/onet")


def share_found(index: TitleIndex, wanted: list[tuple[str, str]], *, top: int) -> float:
    return statistics.fmean(code in [m.code for m in index.nearest(title, limit=top)] for code, title in wanted)


class TestAgainstReportedTitles:
    """The floors are a little below what was measured when they were set: 76 % and 95 %; 48 % and 71 % with every
    title held out that is the very same. One title in seven belongs to several occupations.
    """

    def test_reported_titles_find_their_occupation(self, rows: Rows) -> None:
        wanted = random.Random(1).sample(rows.reported, 600)
        index = TitleIndex(rows.known)
        assert share_found(index, wanted, top=1) > 0.70
        assert share_found(index, wanted, top=5) > 0.90

    def test_titles_never_seen_before(self, rows: Rows) -> None:
        hidden = {title.casefold() for _, title in rows.reported}
        index = TitleIndex(row for row in rows.known if row[2].casefold() not in hidden or row[2] == row[1])
        wanted = random.Random(1).sample(rows.reported, 600)
        assert share_found(index, wanted, top=1) > 0.42
        assert share_found(index, wanted, top=5) > 0.65

    def test_a_lookup_takes_little_time(self, rows: Rows) -> None:
        index = TitleIndex(rows.known)
        taken = []
        for _, title in random.Random(2).sample(rows.reported, 300):
            started = time.process_time()
            index.nearest(title)
            taken.append(time.process_time() - started)
        assert len(index) > 55_000
        assert statistics.median(taken) < 0.01
