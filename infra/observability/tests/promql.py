"""What a query asks for, and whether that exists: metrics, their labels, and the values its matchers name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser
from infra.observability.panels import filled

Labels = frozenset[str]
Known = Mapping[str, Labels]
"""Series that exist by name, with their labels."""

_DROPS_LE = {"histogram_quantile"}
_NO_LABELS = {"vector", "time", "scalar"}


def problems(query: str, known: Known) -> list[str]:
    """What the query names that does not exist."""
    found: list[str] = []
    _labels(promql_parser.parse(filled(query)), known, found)
    return found


def labels_of(query: str, known: Known) -> Labels:
    """The labels of what it answers."""
    return _labels(promql_parser.parse(filled(query)), known, [])


def matchers(query: str) -> Iterator[tuple[str, str, str, bool]]:
    """Metric, label, value and whether the value is a pattern, of every matcher."""
    for selector in _selectors(promql_parser.parse(filled(query))):
        for matcher in selector.matchers.matchers:
            is_pattern = matcher.op in (promql_parser.MatchOp.Re, promql_parser.MatchOp.NotRe)
            yield selector.name, matcher.name, matcher.value, is_pattern


def _selectors(node: Any) -> Iterator[Any]:  # Any: the parser's nodes have no common type but Expr
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    elif isinstance(node, promql_parser.MatrixSelector):
        yield node.vector_selector
    elif isinstance(node, promql_parser.Call):
        for argument in node.args:
            yield from _selectors(argument)
    elif isinstance(node, promql_parser.BinaryExpr):
        yield from _selectors(node.lhs)
        yield from _selectors(node.rhs)
    elif hasattr(node, "expr"):
        yield from _selectors(node.expr)


def _labels(node: Any, known: Known, found: list[str]) -> Labels:
    if isinstance(node, promql_parser.VectorSelector):
        return _of_selector(node, known, found)
    if isinstance(node, promql_parser.MatrixSelector):
        return _of_selector(node.vector_selector, known, found)
    if isinstance(node, promql_parser.AggregateExpr):
        return _of_aggregate(node, known, found)
    if isinstance(node, promql_parser.BinaryExpr):
        return _of_binary(node, known, found)
    if isinstance(node, promql_parser.Call):
        return _of_call(node, known, found)
    return _labels(node.expr, known, found) if hasattr(node, "expr") else frozenset()


def _of_selector(node: Any, known: Known, found: list[str]) -> Labels:
    if node.name not in known:
        found.append(f"no metric {node.name}")
        return frozenset()
    labels = known[node.name]
    found += [f"{node.name} has no label {m.name}" for m in node.matchers.matchers if m.name not in labels]
    return labels


def _of_aggregate(node: Any, known: Known, found: list[str]) -> Labels:
    inner = _labels(node.expr, known, found)
    if node.modifier is None:  # topk and its like keep every label
        return inner if node.param is not None else frozenset()
    named = frozenset(node.modifier.labels)
    found += [f"nothing below has the label {name} it is grouped by" for name in sorted(named - inner)]
    return named if node.modifier.type == promql_parser.AggModifierType.By else inner - named


def _of_binary(node: Any, known: Known, found: list[str]) -> Labels:
    left, right = _labels(node.lhs, known, found), _labels(node.rhs, known, found)
    if node.modifier and node.modifier.matching:
        for name in node.modifier.matching.labels:
            found += [f"the {side} side has no label {name}" for side, has in (("left", left), ("right", right))
                      if name not in has]  # fmt: skip
    if str(node.op) == "or":
        return left | right
    return left or right


def _of_call(node: Any, known: Known, found: list[str]) -> Labels:
    name = node.func.name
    vectors = [labels for argument in node.args if (labels := _labels(argument, known, found))]
    if name in _NO_LABELS or not vectors:
        return frozenset()
    if name == "absent":
        return frozenset(matcher.name for matcher in node.args[0].matchers.matchers)
    if name in _DROPS_LE and "le" not in vectors[-1]:
        found.append(f"{name} of something without le")
    return vectors[-1] - {"le"} if name in _DROPS_LE else vectors[-1]
