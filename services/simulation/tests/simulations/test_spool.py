"""Parts on their way through files."""

from __future__ import annotations

from pathlib import Path

from etter_simulation.simulations import spool


def test_windows_come_back_in_order_with_their_parts_and_are_gone(tmp_path: Path) -> None:
    spool.write(tmp_path, 10, [b"late"])
    spool.write(tmp_path, 2, [b"", b"early", b"too"])
    assert list(spool.read(tmp_path)) == [[b"", b"early", b"too"], [b"late"]]
    assert list(tmp_path.iterdir()) == []
