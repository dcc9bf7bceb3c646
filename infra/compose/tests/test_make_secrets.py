from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

COMMAND = Path(__file__).resolve().parents[1] / "make_secrets.py"


def make(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, COMMAND, folder], text=True, capture_output=True, check=False)


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


class TestMaking:
    def test_only_the_owner_gets_at_them(self, tmp_path: Path) -> None:
        assert make(tmp_path / "secrets").returncode == 0
        assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
        assert {file.stat().st_mode & 0o777 for file in (tmp_path / "secrets").iterdir()} == {0o444}

    def test_two_sides_of_one_password_agree(self, tmp_path: Path) -> None:
        make(tmp_path / "s")
        made = texts(tmp_path / "s")
        assert urlsplit(made["postgres_admin_url"]).password == made["postgres_password"]
        assert f"requirepass {urlsplit(made['redis_url']).password}\n" == made["valkey_auth.conf"]
        assert f'"{urlsplit(made["nats_url"]).password}"' in made["nats_auth.conf"]

    def test_no_two_are_the_same(self, tmp_path: Path) -> None:
        make(tmp_path / "s")
        passwords = [urlsplit(text).password for name, text in texts(tmp_path / "s").items() if "_url" in name]
        assert len(set(passwords)) == len(passwords)


class TestAgain:
    def test_what_is_there_stays(self, tmp_path: Path) -> None:
        make(tmp_path)
        before = texts(tmp_path)
        (tmp_path / "core_secret_key").unlink()
        told = make(tmp_path)
        assert told.stdout.strip().endswith("core_secret_key")
        after = texts(tmp_path)
        assert after.pop("core_secret_key") != before.pop("core_secret_key")
        assert after == before

    def test_one_side_of_a_password_alone_is_refused(self, tmp_path: Path) -> None:
        make(tmp_path)
        (tmp_path / "redis_url").unlink()
        told = make(tmp_path)
        assert told.returncode == 1
        assert "redis_url and valkey_auth.conf belong together" in told.stderr
        assert not (tmp_path / "redis_url").exists()
