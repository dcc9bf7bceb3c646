from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

USERS = ("auth", "core", "extraction", "extraction-worker", "simulation", "simulation-worker")
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
        for user in USERS:
            password = urlsplit(made[f"{user.replace('-', '_')}_redis_url"]).password or ""
            assert f"user {user} on #{sha256(password.encode()).hexdigest()} " in made["valkey_users.acl"]
        for user in (*USERS, "operator", "provision"):
            variable = user.replace("-", "_")
            password = urlsplit(made[f"{variable}_nats_url"]).password or ""
            assert f'password_{variable}: "{password}"\n' in made["nats_passwords.conf"]
        assert urlsplit(made["operator_nats_url"]).password == made["nats_operator_password"]
        assert sha256(made["valkey_operator_password"].encode()).hexdigest() in made["valkey_users.acl"]

    def test_nats_and_valkey_take_them(self, tmp_path: Path) -> None:
        make(tmp_path / "run" / "secrets")
        (tmp_path / "etc").mkdir()
        shutil.copytree(COMMAND.parent / "nats", tmp_path / "etc" / "nats")
        (tmp_path / "run" / "secrets" / "nats_passwords.conf").rename(tmp_path / "run" / "secrets" / "nats_passwords")
        for name in ("nats.conf", "cluster.conf"):
            server = Path(sysconfig.get_path("scripts")) / "nats-server"
            command: list[str | Path] = [server, "-t", "-c", tmp_path / "etc" / "nats" / name]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env={"NATS_NAME": "nats-1"})
            assert done.returncode == 0, done.stderr

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
        (tmp_path / "core_redis_url").unlink()
        told = make(tmp_path)
        assert told.returncode == 1
        assert "core_redis_url are missing and belong to auth_redis_url" in told.stderr
        assert not (tmp_path / "core_redis_url").exists()
