"""Whom PostgreSQL runs as when we are root, and how it reaches its files without any folder being opened to others.

PostgreSQL refuses root. As root it runs as the system's unprivileged user; what that user cannot reach below a closed
folder (a checkout under /root) lives in a twin below /var/tmp, and a link at the wished place points to it.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from etter_devstack.servers.process import StartError

_TWINS = Path("/var/tmp")  # noqa: S108 - twins are random names made by mkdtemp, or checked to be root's
_ORIGIN = ".origin"
_CANDIDATES = ("nobody", "postgres", "daemon")


@dataclass(frozen=True)
class Identity:
    """An unprivileged user of the system."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> Identity | None:
        """The system's own unprivileged user when we are root, else `None`: stay who we are."""
        if os.geteuid() != 0:
            return None
        for name in _CANDIDATES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise StartError("PostgreSQL does not run as root, and this system has no user 'nobody' to run it as")

    def can_run(self, program: Path) -> bool:
        """Tried out, since folders, file modes, mount options and libraries all have a say."""
        try:
            tried = subprocess.run(
                [program, "--version"], user=self.uid, group=self.gid, extra_groups=[], cwd="/", check=False,
                capture_output=True,
            )  # fmt: skip
        except OSError:
            return False
        return tried.returncode == 0


def reachable_folder(folder: Path, identity: Identity | None) -> Path:
    """`folder` itself when the identity can walk to it, else its twin, made at first use."""
    folder = folder.absolute()
    if folder.is_symlink() and folder.exists():
        return folder.resolve()
    if identity is None or all(parent.stat().st_mode & 0o001 for parent in folder.parents if parent.exists()):
        return folder
    folder.unlink(missing_ok=True)  # a link whose twin is gone
    twin = Path(tempfile.mkdtemp(prefix="etter-", dir=_TWINS))
    twin.chmod(0o711)
    target = twin / folder.name
    target.mkdir()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(target)
    (twin / _ORIGIN).write_text(str(folder), encoding="utf-8")  # last: `forget_orphans` passes over a twin without
    return target


def forget(folder: Path) -> None:
    """Remove `folder` and, where there is one, its twin."""
    folder = folder.absolute()
    if folder.is_symlink():
        _remove(folder.readlink().parent)
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def forget_orphans() -> None:
    """Remove the twins of folders that are gone: somebody removed the checkout without `make clean`."""
    if os.geteuid() != 0:
        return
    for origin in _TWINS.glob(f"etter-*/{_ORIGIN}"):
        twin = origin.parent
        if twin.lstat().st_uid == 0 and not _in_use(twin, Path(origin.read_text(encoding="utf-8"))):
            _remove(twin)


def _remove(twin: Path) -> None:
    """All of it, or what can be: its origin goes last, so that the next start tries again."""
    for part in twin.iterdir():
        if part.name != _ORIGIN:
            shutil.rmtree(part, ignore_errors=True)
    if {part.name for part in twin.iterdir()} <= {_ORIGIN}:
        shutil.rmtree(twin, ignore_errors=True)


def _in_use(twin: Path, folder: Path) -> bool:
    """A data folder's link still points here, or the tree that was copied is still there."""
    if folder.is_symlink():
        return folder.readlink().parent == twin
    return folder.is_dir() and twin.name == _copy_name(folder)


def runnable_tree(tree: Path, program: str, identity: Identity | None) -> Path:
    """`tree` when the identity can run `program` in it, else a copy of it and of its libraries (`TREE.libs`)."""
    if identity is None or identity.can_run(tree / program):
        return tree
    copy = _TWINS / _copy_name(tree)
    if not copy.exists():
        _copy(tree, copy)
    if copy.is_symlink() or copy.stat().st_uid != 0 or copy.stat().st_mode & 0o022:
        raise StartError(f"{copy} is not root's alone; remove it and start again")
    if not identity.can_run(copy / tree.name / program):
        raise StartError(f"an unprivileged user can run PostgreSQL neither from {tree} nor from {copy}")
    return copy / tree.name


def _copy_name(tree: Path) -> str:
    """Another environment or another version of the tree has another name."""
    made = tree.stat().st_ctime_ns
    return "etter-" + hashlib.blake2b(f"{tree}\n{made}".encode(), digest_size=8).hexdigest()


def _copy(tree: Path, copy: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix="etter-", dir=_TWINS))
    try:
        for part in (tree, tree.with_name(f"{tree.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        subprocess.run(["chmod", "-R", "u=rwX,go=rX", draft], check=True)
        draft.rename(copy)
        (copy / _ORIGIN).write_text(str(tree), encoding="utf-8")
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not copy.exists():  # else somebody else was quicker
            raise
