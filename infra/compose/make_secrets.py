"""`python make_secrets.py [FOLDER]`: make the files of secrets that compose.yaml names, where they are missing.

What is there stays, so it can be run again after an upgrade, and a file may hold the address of a server of your own.
The folder is closed to others; inside, containers of several users read the files. Standard library only.
"""

from __future__ import annotations

import sys
from pathlib import Path
from secrets import token_urlsafe

SERVICES = ("auth", "core", "extraction", "simulation")
PAIRS = (
    {"postgres_password", "postgres_admin_url"}, {"valkey_auth.conf", "redis_url"}, {"nats_auth.conf", "nats_url"},
    {"objects_access_key", "objects_secret_key"},
)  # fmt: skip
"""Two sides of one password."""


def contents(password: dict[str, str]) -> dict[str, str]:
    """By file; `password` gives the same one for the same name."""
    found = {
        "postgres_password": password["postgres"],
        "postgres_admin_url": f"postgresql://postgres:{password['postgres']}@postgres:5432/postgres",
        "backup_password": password["backup"],
        "objects_access_key": password["objects access"][:20],
        "objects_secret_key": password["objects"],
        "grafana_admin_password": password["grafana"],
        "valkey_auth.conf": f"requirepass {password['valkey']}\n",
        "redis_url": f"redis://:{password['valkey']}@valkey:6379/0",
        "nats_auth.conf": f'authorization: {{user: etter, password: "{password["nats"]}"}}\n',
        "nats_url": f"nats://etter:{password['nats']}@nats:4222",
    }
    for service in SERVICES:
        for what, role in (("database", f"etter_{service}"), ("migration", f"etter_{service}_owner")):
            url = f"postgresql+asyncpg://{role}:{password[role]}@postgres:5432/etter_{service}"
            found[f"{service}_{what}_url"] = url
        found[f"{service}_secret_key"] = password[f"{service} key"]
    return found


class Passwords(dict[str, str]):
    """Made when they are asked for."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, token_urlsafe(32))


def write(folder: Path) -> list[str]:
    """The names of those that were made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    missing = {name: text for name, text in contents(Passwords()).items() if not (folder / name).exists()}
    for pair in PAIRS:
        if len(pair & missing.keys()) == 1:
            raise SystemExit(f"{folder}: {' and '.join(sorted(pair))} belong together; one of them is missing")
    for name, text in missing.items():
        file = folder / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o444)
    return list(missing)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("secrets")
    made = write(target)
    sys.stdout.write(f"{target}: {', '.join(made) or 'all there'}\n")
