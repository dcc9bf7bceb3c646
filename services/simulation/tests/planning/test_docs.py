"""The example in the documentation runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)  # the engine may have to be compiled
PAGE = Path(__file__).parents[4] / "docs" / "simulation" / "planning.md"


def test_the_example_of_the_planning_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {})  # noqa: S102 - our own page
    assert "people move" in capsys.readouterr().out
