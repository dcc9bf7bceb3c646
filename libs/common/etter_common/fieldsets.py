"""Sparse fieldsets: `fields=a,b,c.d` on a GET, checked against the schema it narrows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from etter_common.errors import FieldError, InvalidFields

Tree = dict[str, "Tree"]
MAX_FIELDS = 100
MAX_LENGTH = 10_000  # MAX_FIELDS names of any resource fit
Fields = Annotated[str | None, Field(max_length=MAX_LENGTH)]
"""The query parameter of a GET."""


class FieldsQuery(BaseModel):
    """The query of a GET that takes no more than `fields`; one that takes more subclasses it."""

    model_config = ConfigDict(extra="forbid")

    fields: Fields = None


def parse(fields: str | None, schema: type[BaseModel]) -> Tree | None:
    """The wanted fields as a tree (an empty subtree means all below); `None` when nothing was asked for.

    Raises `InvalidFields` naming the valid ones of the level that was missed.
    """
    if fields is None:
        return None
    names = [name.strip() for name in fields.split(",") if name.strip()]
    if not names or len(names) > MAX_FIELDS:
        raise InvalidFields(f"fields takes 1 to {MAX_FIELDS} names")
    tree: Tree = {}
    for name in names:
        _insert(tree, name, schema)
    return tree


def top_level(tree: Tree | None, schema: type[BaseModel]) -> tuple[str, ...]:
    """The first-level names wanted, in the schema's order: what the SQL selects."""
    return tuple(name for name in schema.model_fields if tree is None or name in tree)


def narrow(value: Any, tree: Tree | None) -> Any:
    """`value` (mappings and lists of them) with only the wanted fields."""
    if not tree:
        return value
    if isinstance(value, Mapping):
        return {name: narrow(value[name], below) for name, below in tree.items() if name in value}
    if isinstance(value, list | tuple):
        return [narrow(item, tree) for item in value]
    return value


def _insert(tree: Tree, path: str, schema: type[BaseModel]) -> None:
    level: type[BaseModel] | None = schema
    for part in path.split("."):
        valid = level.model_fields if level else {}
        if part not in valid:
            names = ", ".join(valid) or "none"
            raise InvalidFields(
                f"unknown field {path!r}; valid here: {names}",
                errors=[FieldError("/query/fields", f"valid here: {names}", "unknown_field")],
            )
        tree = tree.setdefault(part, {})
        annotation: Any = valid[part].annotation
        level = _nested(annotation)


@cache
def _nested(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _nested(arg))), None)
