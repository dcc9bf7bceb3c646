"""Labels for tasks nobody has labelled; on real labels where the reference data is at hand."""

from __future__ import annotations

import csv
import gzip
import time
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_core.occupations import starter_set
from etter_core.scores.classification import LABELS, classify, impact_of, stem


class TestClassify:
    @pytest.mark.parametrize(
        ("statement", "exposure", "impact_class"),
        [
            ("Clean and oil the conveyor belts", "E0", "human"),
            ("Drive the delivery truck to customers", "E0", "human"),
            ("Lift pallets with the forklift", "E0", "human"),
            ("Write reports and letters to customers", "E1", "augment"),
            ("Transcribe recorded minutes", "E1", "automate"),
            ("Enter invoices into the ledger", "E1", "automate"),
            ("Analyse sales and market data", "E2", "augment"),
            ("Plan budgets and forecasts for the coming year", "E2", "augment"),
        ],
    )
    def test_plain_cases(self, statement: str, exposure: str, impact_class: str) -> None:
        found = classify(statement)
        assert (found.exposure, found.impact_class) == (exposure, impact_class)

    def test_says_why(self) -> None:
        assert classify("Weld the pipes of the pump").reasons == (
            "hands-on work",
            "machines, materials or tools",
            "not exposed: stays with people",
        )

    def test_is_unsure_of_what_it_does_not_know(self) -> None:
        unknown, known = classify("Zorble the quux"), classify("Clean the floor and the walls with a brush")
        assert unknown.confidence < 0.6 < 0.9 < known.confidence

    @pytest.mark.parametrize("statement", ["", "   ", "1234 !!", "清洁地板", "a" * 10_000])
    def test_anything_gets_a_label(self, statement: str) -> None:
        assert classify(statement).exposure in LABELS

    @given(st.text(max_size=300))
    def test_never_fails_and_never_hides_its_doubt(self, statement: str) -> None:
        found = classify(statement)
        assert 1 / len(LABELS) - 0.001 <= found.confidence <= 1
        assert (found.impact_class == "human") == (found.exposure == "E0")
        assert found.reasons

    @given(st.text(max_size=100))
    def test_case_does_not_matter(self, statement: str) -> None:
        lowered = statement.lower()
        assert classify(lowered.upper().lower()) == classify(lowered) or not lowered.isascii()

    def test_agrees_with_the_starter_set_more_often_than_always_saying_one_label(self) -> None:
        tasks = [task for reference in starter_set.read() for task in reference.tasks]
        agreed = sum(classify(task.statement).exposure == task.exposure for task in tasks) / len(tasks)
        commonest = max(Counter(task.exposure for task in tasks).values()) / len(tasks)
        assert agreed > commonest + 0.15


class TestImpactOf:
    @pytest.mark.parametrize(
        ("statement", "exposure", "impact_class"),
        [
            ("File incoming mail", "E0", "human"),
            ("File incoming mail", "E1", "automate"),
            ("Files incoming mail", "E2", "automate"),
            ("Filing incoming mail", "E1", "automate"),
            ("Advise managers on pay", "E1", "augment"),
            ("Negotiate contracts", "E2", "augment"),
            ("", "E1", "augment"),
        ],
    )
    def test_rules(self, statement: str, exposure: str, impact_class: str) -> None:
        found = impact_of(statement, exposure)  # type: ignore[arg-type]  # one of the labels
        assert (found.exposure, found.impact_class, found.confidence) == (exposure, impact_class, 1)


class TestStem:
    @pytest.mark.parametrize("word", ["analyze", "analyzes", "analyzed", "analyzing"])
    def test_forms_of_a_verb_meet(self, word: str) -> None:
        assert stem(word) == "analyz"

    def test_short_words_stay(self) -> None:
        assert stem("is") == "is"


@pytest.fixture(scope="module")
def labelled(shared_data: Path) -> list[dict[str, str]]:
    with gzip.open(shared_data / "data/ai/task_exposure_labels.tsv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def held_out(row: dict[str, str]) -> bool:
    """One occupation in five, all its tasks together."""
    return zlib.crc32(row["onet_soc"].encode()) % 5 == 0


class TestAgainstPublishedLabels:
    """The floor is a little below what was measured on the day it was set (held out: 70.8 %, others: 70.3 %)."""

    def test_agreement_on_occupations_held_out(self, labelled: list[dict[str, str]]) -> None:
        rows = [row for row in labelled if held_out(row)]
        agreed = sum(classify(row["task"]).exposure == row["gpt4_exposure"] for row in rows) / len(rows)
        commonest = max(Counter(row["gpt4_exposure"] for row in rows).values()) / len(rows)
        assert len(rows) > 2_000
        assert agreed > 0.69
        assert agreed > commonest + 0.2

    def test_confidence_tells_how_often_it_is_right(self, labelled: list[dict[str, str]]) -> None:
        found = [(classify(row["task"]), row["gpt4_exposure"]) for row in labelled]

        def right(sure: bool) -> float:
            chosen = [c.exposure == label for c, label in found if (c.confidence >= 0.8) is sure]
            return sum(chosen) / len(chosen)

        assert right(sure=True) > right(sure=False) + 0.1

    def test_a_batch_takes_little_time(self, labelled: list[dict[str, str]]) -> None:
        batch = [f"{row['task']} {number}" for number, row in enumerate(labelled[:100])]
        started = time.process_time()
        for statement in batch:
            classify(statement)
        assert time.process_time() - started < 0.2
