"""What core is given of reviewed facts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from etter_common.ids import new_id
from etter_extraction.extractions import acceptance
from etter_extraction.extractions.errors import NothingToAccept, TitleMissing
from etter_extraction.extractions.models import Extraction

_YEAR = {"low": 40_000.0, "high": 50_000.0, "currency": "GBP", "period": "year"}


def fact(kind: str, value: Any, role: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "type": kind, "value": value, "role": role, "confidence": 0.9, **more}


def extraction(*facts: dict[str, Any], kind: str = "job_description") -> Extraction:
    return Extraction(id=new_id(), document_id=new_id(), kind=kind, facts=list(facts))


def test_each_role_of_a_document_is_accepted_with_its_own_facts() -> None:
    found = extraction(
        fact("title", "Head Cook"), fact("pay", _YEAR), fact("task", "Plan the menu", group="Kitchen"), fact("skill",
        "Cooking"),
        fact("title", "Porter", 1), fact("task", "Wash pots", 1, time_share=0.5),
    )  # fmt: skip
    cook, porter = acceptance.roles_of(found, None)
    assert (cook.title, cook.salary, cook.currency, cook.skills) == (
        "Head Cook",
        Decimal("45000.00"),
        "GBP",
        ["Cooking"],
    )
    assert (porter.title, porter.salary, porter.skills) == ("Porter", None, [])
    assert [[task.statement for task in load.tasks] for load in porter.workloads] == [["Wash pots"]]


def test_a_persons_title_names_the_only_role() -> None:
    assert acceptance.roles_of(extraction(fact("task", "Wash pots")), "Porter")[0].title == "Porter"
    with pytest.raises(TitleMissing):
        acceptance.roles_of(extraction(fact("task", "Wash pots")), None)


@pytest.mark.parametrize(
    ("pay", "details", "salary"),
    [
        (_YEAR, {}, "45000.00"),
        ({**_YEAR, "period": None}, {}, None),
        ({**_YEAR, "low": 20.0, "high": 20.0, "period": "hour"}, {}, "41600.00"),
        ({**_YEAR, "low": 20.0, "high": 20.0, "period": "hour"}, {"hours": 37.0}, "38480.00"),
        ({**_YEAR, "low": 1_900.0, "high": 1_900.0, "period": "fortnight"}, {}, "49400.00"),
    ],
)  # fmt: skip
def test_pay_becomes_yearly_only_with_a_known_period(
    pay: dict[str, Any], details: dict[str, Any], salary: str | None
) -> None:
    (role,) = acceptance.roles_of(extraction(fact("title", "Cook"), fact("pay", pay, details=details)), None)
    assert role.salary == (Decimal(salary) if salary else None)


def test_an_unknown_currency_stays_unknown() -> None:
    (role,) = acceptance.roles_of(extraction(fact("title", "Cook"), fact("pay", {**_YEAR, "currency": None})), None)
    assert (role.salary, role.currency) == (Decimal("45000.00"), None)


@pytest.mark.parametrize("kind", ["other", "resume"])
def test_a_person_may_say_that_a_document_describes_a_role(kind: str) -> None:
    found = extraction(fact("title", "Cook"), fact("task", "Plan the menu"), kind=kind)
    with pytest.raises(NothingToAccept):
        acceptance.roles_of(found, None)
    assert acceptance.roles_of(found, None, "job_description")[0].title == "Cook"
    (event,) = acceptance.parts(
        found, "cook.txt", new_id(), acceptance.roles_of(found, None, "job_description"), "job_description"
    )
    assert event.kind == "job_description"
