"""A person's corrections outlive every new reading of the document."""

from __future__ import annotations

from typing import Any

from etter_extraction.extractions.overlay import merged


def _fact(id_: str, value: str = "Clerk", **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "type": "title", "value": value, "original": None, "confidence": 0.7, "page": 1, "quote": value,
        "role": 0, "group": None, "time_share": None, "flags": ["title_unusual"], "corrected_by": None,
        "corrected_at": None, **more,
    }  # fmt: skip


def _corrected(id_: str, value: str = "Clerk", to: str = "Ledger Clerk") -> dict[str, Any]:
    return _fact(id_) | {
        "value": to, "original": value, "quote": value, "confidence": 1.0, "corrected_by": "u", "corrected_at": "t",
    }  # fmt: skip


class TestMerged:
    def test_the_same_fact_keeps_the_correction(self) -> None:
        (fact,) = merged([_fact("a")], [_corrected("a")])
        assert (fact["value"], fact["original"], fact["corrected_by"], fact["flags"]) == (
            "Ledger Clerk",
            "Clerk",
            "u",
            [],
        )

    def test_another_id_for_the_same_words_keeps_it_too(self) -> None:
        (fact,) = merged([_fact("b")], [_corrected("a")])
        assert (fact["id"], fact["value"]) == ("b", "Ledger Clerk")

    def test_a_correction_of_what_is_no_longer_found_stays(self) -> None:
        facts = merged([_fact("b", "Cook")], [_corrected("a")])
        assert [fact["value"] for fact in facts] == ["Cook", "Ledger Clerk"]

    def test_what_no_person_corrected_is_replaced(self) -> None:
        assert merged([_fact("b", "Cook")], [_fact("a")]) == [_fact("b", "Cook")]
