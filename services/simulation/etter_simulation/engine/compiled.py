"""How kernels are compiled: to machine code, without the interpreter lock, kept on disk between starts.

Numba notices a change of the function's own file only, not of what it calls. The cache folder therefore carries a mark
of all sources of kernels: other sources, other folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba
from numba.core import config

_IMPORTS = re.compile(rf"^from {re.escape(__package__ or '')}(?:\.| import )(\w+)", re.MULTILINE)

F = TypeVar("F", bound=Callable[..., object])


def use_cache(folder: Path | None) -> Path:
    """Keep compiled code under `folder`; without one, in a private folder of the system's temporary directory.

    Call it before the first kernel module is imported. Nothing needs a writable home or package folder.
    """
    base = folder if folder is not None else _private_folder()
    marked = base / _mark()
    marked.mkdir(parents=True, exist_ok=True, mode=0o700)
    config.CACHE_DIR = str(marked)  # type: ignore[attr-defined]  # set as numba reads the environment
    return marked


def _private_folder() -> Path:
    """Compiled code is loaded by unpickling: a folder that someone else could have filled is not taken."""
    folder = Path(tempfile.gettempdir()) / f"etter-simulation-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.stat(follow_symlinks=False)
    if found.st_uid != os.getuid() or found.st_mode & 0o022 or folder.is_symlink():
        return Path(tempfile.mkdtemp(prefix="etter-simulation-"))
    return folder


def _mark() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for source in kernel_sources(Path(__file__).parent):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def kernel_sources(folder: Path) -> list[Path]:
    """The modules of `folder` that hold kernels, and the modules of constants that these import."""
    imported = {path.stem: set(_IMPORTS.findall(path.read_text(encoding="utf-8"))) for path in folder.glob("*.py")}
    kernels = {name for name, names in imported.items() if Path(__file__).stem in names}
    leaves = {name for kernel in kernels for name in imported[kernel] if not imported.get(name, {name})}
    return sorted(folder / f"{name}.py" for name in kernels | leaves)


def inlined(function: F) -> F:
    """Compile into its callers: for what runs inside the innermost loops."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function))


def spliced(function: F) -> F:
    """Make it part of its caller's own code, and compile only that: for a part of a larger function with one caller.

    Whatever is compiled alone is optimised again with each of its callers, so depth costs time.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))


def compiled(function: F) -> F:
    """Compile on first call; the same Python code then runs at machine speed and lets other threads run."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


if not config.CACHE_DIR:  # type: ignore[attr-defined]
    use_cache(None)
