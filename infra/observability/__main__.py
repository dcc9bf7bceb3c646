"""`make observability`: write every generated file anew, for review."""

from __future__ import annotations

from infra.observability.generated import files

for path, text in files().items():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
