"""`python make_secrets.py [FOLDER]`: make the files of secrets that compose.yaml names, where they are missing.

What is there stays, so it can be run again after an upgrade, and a file may hold the address of a server of your own.
The folder is closed to others; inside, containers of several users read the files. Standard library only.
"""

from __future__ import annotations

import re
import sys
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe

HERE = Path(__file__).parent
SERVICES = ("auth", "core", "extraction", "simulation")
VALKEY_USERS = re.compile(r"<([a-z-]+)>")
NATS_USERS = re.compile(r"user: ([a-z-]+), password: \$(\w+)")


def belonging() -> list[set[str]]:
    """Files that hold the two sides of the same passwords."""
    names = contents(Passwords())
    return [
        {"postgres_password", "postgres_admin_url"}, {"objects_access_key", "objects_secret_key"},
        {name for name in names if "redis_url" in name or "valkey" in name},
        {name for name in names if "nats" in name},
    ]  # fmt: skip


def contents(password: dict[str, str]) -> dict[str, str]:
    """By file; `password` gives the same one for the same name."""
    found = {
        "postgres_password": password["postgres"],
        "postgres_admin_url": f"postgresql://postgres:{password['postgres']}@postgres:5432/postgres",
        "backup_password": password["backup"],
        "objects_access_key": password["objects access"][:20],
        "objects_secret_key": password["objects"],
        "grafana_admin_password": password["grafana"],
        **_valkey(password),
        **_nats(password),
    }
    for service in SERVICES:
        for what, role in (("database", f"etter_{service}"), ("migration", f"etter_{service}_owner")):
            url = f"postgresql+asyncpg://{role}:{password[role]}@postgres:5432/etter_{service}"
            found[f"{service}_{what}_url"] = url
        found[f"{service}_secret_key"] = password[f"{service} key"]
    return found


def _valkey(password: dict[str, str]) -> dict[str, str]:
    """Its users, as `make accounts` has rendered them, and the address of each."""
    text = (HERE / "valkey" / "users.acl").read_text(encoding="utf-8")
    users = VALKEY_USERS.findall(text)
    acl = VALKEY_USERS.sub(lambda found: sha256(password[f"valkey {found[1]}"].encode()).hexdigest(), text)
    urls = {
        f"{user.replace('-', '_')}_redis_url": f"redis://{user}:{password[f'valkey {user}']}@valkey:6379/0"
        for user in users if user != "operator"
    }  # fmt: skip
    return {"valkey_users.acl": acl, "valkey_operator_password": password["valkey operator"], **urls}


def _nats(password: dict[str, str]) -> dict[str, str]:
    users = NATS_USERS.findall((HERE / "nats" / "accounts.conf").read_text(encoding="utf-8"))
    lines = [f'{variable}: "{password[f"nats {user}"]}"\n' for user, variable in users]
    urls = {
        f"{user.replace('-', '_')}_nats_url": f"nats://{user}:{password[f'nats {user}']}@nats:4222" for user, _ in users
    }
    return {"nats_passwords.conf": "".join(lines), "nats_operator_password": password["nats operator"], **urls}


class Passwords(dict[str, str]):
    """Made when they are asked for."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, token_urlsafe(32))


def write(folder: Path) -> list[str]:
    """The names of those that were made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    missing = {name: text for name, text in contents(Passwords()).items() if not (folder / name).exists()}
    for group in belonging():
        gone = sorted(group & missing.keys())
        if gone and len(gone) < len(group):
            kept = sorted(group - missing.keys())
            raise SystemExit(f"{folder}: {', '.join(gone)} are missing and belong to {', '.join(kept)}")
    for name, text in missing.items():
        file = folder / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o444)
    return list(missing)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("secrets")
    made = write(target)
    sys.stdout.write(f"{target}: {', '.join(made) or 'all there'}\n")
