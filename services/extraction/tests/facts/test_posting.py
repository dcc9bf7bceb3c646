"""JSON-LD and microdata of a page: used, with its place in the text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Finder, values

_JOB: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "title": "Dispatch Coordinator",
    "hiringOrganization": {"@type": "Organization", "name": "Larkfield Parcels"},
    "jobLocation": {"@type": "Place", "address": {"addressLocality": "Derby", "addressCountry": "GB"}},
    "employmentType": "FULL_TIME",
    "baseSalary": {
        "@type": "MonetaryAmount",
        "currency": "GBP",
        "value": {"minValue": 27000, "maxValue": 31000, "unitText": "YEAR"},
    },
}
_PAGE = (
    '<html><head><script type="application/ld+json">{job}</script></head><body><h1>Dispatch Coordinator</h1><p>Salary '
    "£27,000 - £31,000 a year</p>"
    "<h2>What you will do</h2><ul><li>Plan the daily routes for twenty vans.</li><li>Answer drivers' calls during the "
    "shift.</li></ul></body></html>"
)


def _found(find: Finder, **changes: Any) -> Any:
    return find(_PAGE.format(job=json.dumps({**_JOB, **changes})), "html")


def test_the_page_says_what_the_posting_says(find: Finder) -> None:
    found = _found(find)
    assert (values(found, "title"), values(found, "employer"), values(found, "location")) == (
        ["Dispatch Coordinator"],
        ["Larkfield Parcels"],
        ["Derby"],
    )
    assert values(found, "pay") == [{"low": 27000.0, "high": 31000.0, "currency": "GBP", "period": "year"}]
    title = next(one for one in found.facts if one.type == "title")
    assert title.quote == "Dispatch Coordinator"


@pytest.mark.parametrize(
    ("salary", "expected"),
    [
        ({"currency": "EUR", "value": {"value": 21.5, "unitText": "HOUR"}}, (21.5, 21.5, "EUR", "hour")),
        ({"currency": "USD", "value": {"minValue": "4000", "maxValue": "5000", "unitText": "MONTH"}}, (4000, 5000,
        "USD", "month")),
        ({"currency": "GBP", "value": "32,000"}, (32000, 32000, "GBP", None)),
        ({"value": {"value": 300, "unitText": "DAY"}}, (300, 300, None, "day")),
    ],
)  # fmt: skip
def test_amounts_of_postings(find: Finder, salary: dict[str, Any], expected: tuple[Any, ...]) -> None:
    (pay,) = [one for one in _found(find, baseSalary=salary).facts if one.type == "pay"]
    assert tuple(pay.value[name] for name in ("low", "high", "currency", "period")) == expected
    assert bool(pay.flags) == (None in expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"baseSalary": "a lot"},
        {"baseSalary": []},
        {"hiringOrganization": 4},
        {"jobLocation": ["Derby"]},
        {"title": None},
    ],
)
def test_odd_postings_do_no_harm(find: Finder, changes: dict[str, Any]) -> None:
    assert values(_found(find, **changes), "title") == ["Dispatch Coordinator"]
