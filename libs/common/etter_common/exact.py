"""JSON types as OpenAPI says them: `true` and `"5"` are no numbers, `1` is no boolean, `5` is no date.

pydantic's own strictness would refuse the texts of ids, dates and enumerations as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_OF_DECIMALS: Final = frozenset("+-.0123456789")
_NOT_SCHEMAS: Final = frozenset({"metadata", "serialization", "default", "expected", "cls", "ref", "loc"})


def _guard(schema: Any, *, of: type[Exact]) -> None:
    """Put a check before each number, boolean and time below; models below have theirs already."""
    for name, part in [*(schema.items() if isinstance(schema, dict) else enumerate(schema))]:
        if name in _NOT_SCHEMAS or not isinstance(part, dict | list):
            continue
        if name == "choices" and isinstance(part, list):
            schema[name] = [_choice(choice, of=of) for choice in part]
        elif isinstance(part, dict):
            schema[name] = _guarded(part, of=of)
        else:
            _guard(part, of=of)


def _guarded(part: Any, *, of: type[Exact]) -> Any:
    kind = part.get("type")
    if (kind in ("model", "dataclass") and part.get("cls") is not of) or _has_check(part):
        return part
    if kind == "literal" and any(isinstance(one, int) for one in part["expected"]):
        return core_schema.no_info_before_validator_function(partial(_one_of, part["expected"]), part)
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is not None:
        return core_schema.no_info_before_validator_function(check, part)
    _guard(part, of=of)
    return part


def _has_check(part: Any) -> bool:
    """pydantic asks again for every field of a model's type, and hands out the schema it has."""
    check = part["function"]["function"] if part.get("type") == "function-before" else None
    return check in _CHECKS.values() or (isinstance(check, partial) and check.func is _one_of)


def _choice(choice: Any, *, of: type[Exact]) -> Any:
    """One of a union, under the name that it has without a check: errors say it in their pointers."""
    if isinstance(choice, tuple):
        return (_guarded(choice[0], of=of), *choice[1:])
    guarded = _guarded(choice, of=of)
    return guarded if guarded is choice else (guarded, choice["type"])


def _number(value: Any) -> Any:
    if isinstance(value, bool | str | bytes):
        raise PydanticCustomError("number_type", "Input should be a number")
    return value


def _decimal(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and not _OF_DECIMALS.issuperset(value)):
        raise PydanticCustomError("decimal_type", "Input should be a number, or its digits as a text")
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, int | float | str | bytes) and not isinstance(value, bool):
        raise PydanticCustomError("bool_type", "Input should be true or false")
    return value


def _time(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and not ("-" in value or ":" in value)):
        raise PydanticCustomError("time_type", "Input should be a date or time as RFC 3339 writes it")
    return value


def _one_of(expected: Sequence[Any], value: Any) -> Any:
    """Python holds `1` and `true` for equal."""
    if isinstance(value, bool | int) and type(value) not in {type(one) for one in expected}:
        raise PydanticCustomError("literal_error", "Input should be {one}", {"one": " or ".join(map(repr, expected))})
    return value


_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "int": _number, "float": _number, "decimal": _decimal, "bool": _boolean, "date": _time, "datetime": _time,
    "time": _time,
}  # fmt: skip


class Exact(BaseModel):
    """Base of models whose numbers, booleans and times take their own JSON type only.

    A whole number may be written `5.0`, which is the same number in JSON; a decimal may be a text of digits.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _guard(schema, of=cls)
        return schema
