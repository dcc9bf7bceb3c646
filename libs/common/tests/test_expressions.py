"""Every regular expression of the product takes linear time, however it is used."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etter_common.testing.expressions import overlap

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = sorted(
    path for pattern in ("libs/*/etter_*", "services/*/etter_*", "infra/*/etter_*") for path in ROOT.glob(pattern)
)
FUNCTIONS = ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")
Use = tuple[str, re.Pattern[Any], str]


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Modules that use expressions, by name; those of the tests meet no hostile text."""
    for package in PACKAGES:
        for file in sorted(package.rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            if "import re\n" in text and "testing" not in file.parts:
                yield ".".join(file.relative_to(package.parent).with_suffix("").parts), ast.parse(text)


def patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from patterns_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from patterns_in(item)


def uses_by_name(trees: list[ast.Module]) -> dict[str, set[str]]:
    """What is called on a name anywhere: `BULLET.match`, `lines.BULLET.match`."""
    found: dict[str, set[str]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in FUNCTIONS:
                found[ast.unparse(node.value).rpartition(".")[2]].add(node.attr)
    return found


def inline(module: str, tree: ast.Module) -> Iterator[Use]:
    """`re.sub(r"…", …)` with the text in place; a text that is made elsewhere has to be compiled where it is made."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("re."):
            continue
        function = ast.unparse(node.func)[3:]
        if function in FUNCTIONS:
            where = f"{module}:{node.lineno}"
            assert isinstance(node.args[0], ast.Constant), (
                f"{where}: compile it at the module's level, so that it is checked"
            )
            flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else re.NOFLAG
            yield where, re.compile(node.args[0].value, flags), function


def compiled_within_functions(tree: ast.Module) -> Iterator[int]:
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from (
                node.lineno
                for node in ast.walk(outer)
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
            )


def all_uses() -> Iterator[Use]:
    found = list(sources())
    by_name = uses_by_name([tree for _, tree in found])
    for module, tree in found:
        yield from inline(module, tree)
        assert not list(compiled_within_functions(tree)), f"{module}: compile it at the module's level"
        for name, value in vars(importlib.import_module(module)).items():
            for pattern in patterns_in(value):
                uses = by_name[name] if by_name[name] <= {"match", "fullmatch"} else set()
                for use in uses or {"search"}:
                    yield f"{module}.{name}", pattern, use


def test_no_expression_is_quadratic() -> None:
    found = {}
    count = 0
    for where, pattern, use in all_uses():
        count += 1
        why = overlap(pattern, use=use)
        if why:
            found[where] = f"{why}: {use} {pattern.pattern[:80]!r}"
    assert count > 60, "they are found at all"
    assert found == {}


@pytest.mark.parametrize(
    ("source", "use"),
    [
        (r"\s+$", "search"),
        (r"(.*?)\s*#*$", "match"),
        (r"\{[^}]+\}", "search"),
        (r"\(.*?\)", "search"),
        (r"\S+@\S+\.\w{2,}", "match"),
        (r"eyJ[\w-]{4,}\.", "search"),  # begun again at each repetition of its own beginning
        (r"(a+)+$", "match"),
        (r"(?:[a-z]+,?)*;", "match"),
        (r"\d[\d,]*\d\s?k", "search"),
        (r"(.+?)\s*\((.+)\)", "fullmatch"),
        (r"a*a*", "fullmatch"),
        (r'"(?:[^"\\]|\\.)*+"', "search"),
        (r"x(?=\w*\d)", "search"),
        (r"a(?:\s*\s*x)?", "match"),
    ],
)
def test_quadratic_ones_are_found(source: str, use: str) -> None:
    assert overlap(re.compile(source), use=use)


@pytest.mark.parametrize(
    ("source", "use"),
    [
        (r"[a-z]+", "search"),
        (r"\s+", "search"),
        (r"\s+$", "match"),
        (r"\{[^{}]+\}", "search"),
        (r"(?<![\w-])eyJ[\w-]{4,}\.", "search"),
        (r"(?:\.[\w-]*)*", "fullmatch"),
        (r"^\s*\d", "search"),
        (r"-[^-]*(?:-end)?", "search"),
        (r"[a-z]{1,64}@", "search"),
        (r"00-([0-9a-f]{32})(?:-.*)?", "fullmatch"),
    ],
)
def test_linear_ones_are_not(source: str, use: str) -> None:
    assert overlap(re.compile(source), use=use) is None


def test_one_at_the_start_of_each_line_is_a_search() -> None:
    assert overlap(re.compile(r"^\s+x"), use="search") is None
    assert overlap(re.compile(r"^\s+x", re.MULTILINE), use="search")
