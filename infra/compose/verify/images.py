"""The images: a base made here where none can be pulled, stand-ins for the official servers, and our own."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from verify.shell import DOCKER, docker, run
from verify.transcript import CheckFailed, expect

ROOT = Path(__file__).resolve().parents[3]
BASE = "etter-base/python:bookworm"
STANDINS = ("postgres", "valkey", "nats", "traefik", "objects")
SERVICES = ("auth", "core", "extraction", "simulation")
_URL = re.compile(r"(?:^URIs:|^deb(?: \[.*\])?)\s+(\S+)", re.MULTILINE)
_BUILD_TOOLS = ("gcc", "cc", "make", "ld", "cargo")


@dataclass(frozen=True)
class Builder:
    """Builds with one engine; `folder` keeps the base's tree and the index settings."""

    folder: Path
    env: dict[str, str]

    def engine_version(self) -> str:
        return docker("version", "--format", "{{.Server.Version}}", env=self.env).strip()

    def base(self) -> str:
        """A Debian with Python by debootstrap, from the mirror that this machine uses; its size."""
        tree = self.folder / "base"
        if not (tree / "etc/debian_version").exists():
            run("debootstrap", "--variant=minbase", "--include=ca-certificates,python3,python3-venv", "bookworm", tree,
                _mirror())  # fmt: skip
        pack = subprocess.Popen(["tar", "-C", str(tree), "-c", "."], stdout=subprocess.PIPE)
        made = subprocess.run(
            [*DOCKER, "import", "-", BASE], stdin=pack.stdout, env={**os.environ, **self.env}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        expect(pack.wait() == 0 and made.returncode == 0, f"importing the base: {made.stderr}")
        return self.size(BASE)

    def standin(self, name: str) -> None:
        self._build(f"etter-standin/{name}:dev", "infra/compose/verify/standins/Dockerfile", "--target", name)

    def operations(self, version: str) -> str:
        postgres = ("--build-arg", "POSTGRES_IMAGE=etter-standin/postgres:dev")
        return self._build(f"etter/operations:{version}", "infra/docker/operations.Dockerfile", *postgres)

    def service(self, name: str, version: str, *more: str, context: Path = ROOT) -> str:
        arguments = ("--build-arg", f"SERVICE={name}", "--build-arg", f"ETTER_VERSION={version}")
        return self._build(f"etter/{name}:{version}", "infra/docker/Dockerfile", *arguments, *more, context=context)

    def _build(self, tag: str, file: str, *more: str, context: Path = ROOT) -> str:
        """Its size. Network and index settings are the host's, and stay out of every layer."""
        docker(
            "build", "--network", "host", "--file", file, "--build-arg", f"PYTHON_IMAGE={BASE}", "--tag", tag,
            "--secret", f"id=pip.conf,src={self._pip_settings()}", "--secret", f"id=ca.crt,src={_certificates()}",
            *more, ".", env={**self.env, "DOCKER_BUILDKIT": "1"}, cwd=context,
        )  # fmt: skip
        return self.size(tag)

    def _pip_settings(self) -> Path:
        """Which index this machine asks, for the build alone."""
        file = self.folder / "pip.conf"
        settings = configparser.ConfigParser()
        settings["global"] = {"cert": "/run/secrets/ca.crt", "timeout": "120"}
        if index := os.environ.get("PIP_INDEX_URL"):
            settings["global"]["index-url"] = index
        with file.open("w", encoding="utf-8") as out:
            settings.write(out)
        return file

    def size(self, image: str) -> str:
        told = docker("image", "inspect", "--format", "{{.Size}}", image, env=self.env)
        return f"{int(told) / 1_000_000:.0f} MB"

    def inside(self, image: str, script: str, *options: str) -> str:
        return docker("run", "--rm", "--network", "none", *options, image, "sh", "-c", script, env=self.env)

    def check(self, name: str, version: str) -> str:
        """What the README says of an image; how many parts its bill of materials names."""
        image = f"etter/{name}:{version}"
        who = self.inside(image, "id -u; id -g").split()
        expect(who == ["10001", "10001"], f"{image} runs as {who}")
        found = self.inside(image, f"for tool in pip {' '.join(_BUILD_TOOLS)}; do command -v $tool; done; true").split()
        expect(not found, f"{image} has {found}")
        parts = json.loads(self.inside(image, "cat sbom.cdx.json"))["components"]
        names = {part["name"] for part in parts}
        expect("pytest" not in names and ("numba" in names) == (name == "simulation"), f"{image} has what it must not")
        expect("secret" not in docker("history", "--no-trunc", image, env=self.env).replace("/run/secrets", ""),
               f"{image}: a layer tells a secret")  # fmt: skip
        self.inside(
            image, f"python -c 'import etter_{name}.main, etter_{name}.worker'", "--read-only", "--tmpfs", "/tmp"
        )
        return f"{len(names)} Python packages"

    def contents(self, image: str) -> dict[str, str]:
        """Digests by path of what is ours in an image."""
        told = self.inside(image, "find /opt/etter /etter /var/cache/etter -type f -exec sha256sum {} +")
        return {path: digest for digest, path in re.findall(r"^(\w+)  (.+)$", told, re.MULTILINE)}


def _mirror() -> str:
    """As Debian's own tools find it."""
    for file in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))):
        if file.is_file():
            for url in _URL.findall(file.read_text(encoding="utf-8")):
                if url.rstrip("/").endswith("/debian"):
                    return str(url)
    raise CheckFailed("no Debian mirror is set up on this machine")


def _certificates() -> Path:
    for place in (os.environ.get("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"):
        if place and Path(place).is_file():
            return Path(place)
    empty = Path(tempfile.gettempdir()) / "etter-no-certificates"
    empty.touch()
    return empty
