from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from etter_common.exact import Exact
from etter_common.testing.mistyped import mistyped, refuses


class Inner(Exact):
    share: Annotated[float, Field(ge=0, le=1)]


class Order(Exact):
    count: Annotated[int, Field(ge=0)] | None = None
    factors: list[float] | None = None
    price: Decimal = Decimal(1)
    is_open: bool = False
    since: date | None = None
    at: datetime | None = None
    inner: Inner | None = None
    named: int | str = 0
    by_name: dict[str, float] | None = None
    active: Literal[True] | None = None
    size: Literal[1, 2] | None = None


class Lax(BaseModel):
    count: int = 0
    is_open: bool = False
    at: datetime | None = None
    active: Literal[True] | None = None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 5), ("count", 5.0), ("count", None), ("factors", [1, 2.5]), ("price", "12.50"), ("price", 12.5),
        ("is_open", True), ("since", "2026-01-31"), ("at", "2026-01-31T12:00:00Z"), ("inner", {"share": 1}),
        ("named", "5"), ("named", 5), ("by_name", {"a": 1}), ("since", date(2026, 1, 31)), ("count", Decimal(3)),
        ("active", True), ("size", 1),
    ],
)  # fmt: skip
def test_what_json_says_is_taken(name: str, value: object) -> None:
    assert getattr(Order.model_validate({name: value}), name) is not False


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("count", True, ("count",)), ("count", False, ("count",)), ("count", "5", ("count",)),
        ("count", " 5 ", ("count",)), ("count", "1e2", ("count",)), ("factors", [1, True], ("factors", 1)),
        ("price", "1e2", ("price",)), ("price", " 5 ", ("price",)), ("price", True, ("price",)),
        ("is_open", 1, ("is_open",)), ("is_open", "true", ("is_open",)), ("since", 5, ("since",)),
        ("since", "5", ("since",)), ("at", 5.5, ("at",)), ("inner", {"share": True}, ("inner", "share")),
        ("named", True, ("named", "int")), ("by_name", {"a": "1"}, ("by_name", "a")), ("count", 5.5, ("count",)),
        ("active", 1, ("active",)), ("size", True, ("size",)),
    ],
)  # fmt: skip
def test_another_type_is_refused_by_its_place(name: str, value: object, place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        Order.model_validate({name: value})
    assert place in [error["loc"] for error in refused.value.errors()]


def test_the_document_is_the_same() -> None:
    class Same(BaseModel):
        count: Annotated[int, Field(ge=0)] | None = None
        price: Decimal = Decimal(1)

    class Exactly(Exact):
        count: Annotated[int, Field(ge=0)] | None = None
        price: Decimal = Decimal(1)

    assert Same.model_json_schema()["properties"] == Exactly.model_json_schema()["properties"]


def test_the_check_of_all_bodies_finds_a_lax_model() -> None:
    lax, exact = TypeAdapter[object](Lax), TypeAdapter[object](Order)
    taken = {path for path, value in mistyped(lax.json_schema()) if not refuses(lax, path, value)}
    assert taken == {("count",), ("is_open",), ("at",), ("active",)}
    cases = list(mistyped(exact.json_schema()))
    assert ("inner", "share") in {path for path, _ in cases}
    assert [case for case in cases if not refuses(exact, *case)] == []


def test_a_type_that_is_named_again_has_its_checks_once() -> None:
    before = str(Order.__pydantic_core_schema__).count("function-before")
    for _ in range(3):
        TypeAdapter(list[Order])
    assert str(Order.__pydantic_core_schema__).count("function-before") == before > 0
