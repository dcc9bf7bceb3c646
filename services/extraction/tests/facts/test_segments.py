"""Several roles in one document."""

from __future__ import annotations

import pytest

from .conftest import Finder, values

_COOK = ["Prepare lunch for two hundred guests", "Order food and check deliveries"]
_PORTER = ["Wash pots and pans after each service", "Keep the kitchen floor clean"]


def _html(level: int) -> str:
    def part(title: str, tasks: list[str]) -> str:
        items = "".join(f"<li>{task}</li>" for task in tasks)
        return f"<h{level}>{title}</h{level}><h{level + 1}>Duties</h{level + 1}><ul>{items}</ul>"

    return (
        f"<html><body><p>Harbour Catering</p>{part('Head Cook', _COOK)}{part('Kitchen Porter', _PORTER)}</body></html>"
    )


def _fields(label: str) -> str:
    return "\n\n".join(
        f"{label}: {title}\nDuties\n" + "\n".join(f"- {task}" for task in tasks)
        for title, tasks in (("Head Cook", _COOK), ("Kitchen Porter", _PORTER))
    )


def _markdown() -> str:
    return "\n\n".join(
        f"## {title}\n\n### Duties\n\n" + "\n".join(f"- {task}" for task in tasks)
        for title, tasks in (("Head Cook", _COOK), ("Kitchen Porter", _PORTER))
    )


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (_html(1), "html"), (_html(2), "html"), (_fields("Job title"), "txt"), (_fields("Position"), "txt"),
        (_markdown(), "txt"),
    ],
    ids=["h1", "h2", "job title", "position", "markdown"],
)  # fmt: skip
def test_each_role_has_its_own_title_and_tasks(find: Finder, content: str, suffix: str) -> None:
    found = find(content, suffix)
    assert [values(found, "title", role) for role in (0, 1)] == [["Head Cook"], ["Kitchen Porter"]]
    assert [values(found, "task", role) for role in (0, 1)] == [_COOK, _PORTER]
    assert any(note.code == "SEVERAL_ROLES" and note.count == 2 for note in found.notes)


def test_a_title_said_twice_is_one_role(find: Finder) -> None:
    found = find(
        "<html><body><h1>Head Cook</h1><h2>Duties</h2><ul><li>Prepare lunch for the guests</li><li>Order food for the "
        "week</li></ul><h1>Head Cook</h1><p>Apply by 4 May.</p></body></html>",
        "html",
    )
    assert {one.role for one in found.facts} == {0}


def test_a_list_of_related_posts_makes_no_roles(find: Finder) -> None:
    found = find(
        "<html><body><h1>Head Cook</h1><h2>Duties</h2><ul><li>Prepare lunch for the guests</li><li>Order food for the "
        "week</li></ul><h3>Kitchen Porter</h3><h3>Waiter</h3></body></html>",
        "html",
    )
    assert {one.role for one in found.facts} == {0}
