"""What a reader would try that a document has taken over; prints how each attempt ended: `MODE DOCUMENT SECRET`.

MODE: `free` confines nothing, `confined` as a reader is, `contained` so within a filter such as containers have,
`old` so on a kernel without Landlock, `i386` confined, then a call by the convention of 32-bit programs.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import platform
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from etter_extraction.confinement import confine

_CALLS = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280),
    "mount": (165, 40), "keyctl": (250, 219), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "tgkill": (234, 131), "fcntl": (72, 25), "prlimit64": (302, 261), "io_uring_setup": (425, 425),
    "pidfd_getfd": (438, 438), "openat2": (437, 437), "clone3": (435, 435), "x32_socket": (0x40000029, 0x40000029),
    "connect": (42, 203), "sendto": (44, 206), "setpgid": (109, 154), "name_to_handle_at": (303, 264),
    "landlock_create_ruleset": (444, 444),
}  # fmt: skip
_libc = ctypes.CDLL(None, use_errno=True)
_PTRACE_SEIZE, _F_SETOWN, _RLIMIT_CORE, _CLONE_NEWUSER = 0x4206, 8, 4, 0x10000000


def call(name: str, *arguments: int) -> None:
    number = _CALLS[name][platform.machine() == "aarch64"]
    if _libc.syscall(*map(ctypes.c_long, (number, *arguments))) < 0:
        raise OSError(ctypes.get_errno(), name)


def attempts(document: Path, secret: Path) -> dict[str, Callable[[], object]]:
    parent = os.getppid()
    here = Path.cwd()
    return {
        # what is left
        "document": document.read_bytes,
        "import": lambda: __import__("wave"),
        "tgkill_self": lambda: call("tgkill", os.getpid(), os.getpid(), 0),
        # files
        "secret": secret.read_bytes,
        "folder_of_secrets": lambda: os.listdir(secret.parent),
        "environment": Path(f"/proc/{parent}/environ").read_bytes,
        "write": lambda: (here / "new").write_text("x"),
        "overwrite": lambda: secret.write_text("x"),
        "append": lambda: os.open(document, os.O_WRONLY),
        "truncate": lambda: os.open(document, os.O_TRUNC),
        "delete": lambda: os.unlink(here / "none"),
        "openat2": lambda: call("openat2", 0, 0, 0, 0),
        "handle": lambda: call("name_to_handle_at", 0, 0, 0, 0, 0),
        "memfd": lambda: os.memfd_create("x"),
        "terminal": lambda: os.tcgetpgrp(0),
        # the network
        "inet": socket.socket,
        "unix": lambda: socket.socket(socket.AF_UNIX),
        "pair": socket.socketpair,
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "x32_socket": lambda: call("x32_socket", 2, 1, 0),
        "connect": lambda: call("connect", 1, 0, 0),
        "sendto": lambda: call("sendto", 1, 0, 0, 0, 0, 0),
        "io_uring": lambda: call("io_uring_setup", 1, 0),
        # processes
        "fork": fork,
        "run": lambda: subprocess.run([sys.executable, "-ISc", ""]),
        "exec": lambda: os.execv("/nonexistent", ["x"]),  # noqa: S606
        "thread": threading.Thread(target=int).start,
        "clone3": lambda: call("clone3", 0, 0),
        "kill_parent": lambda: os.kill(parent, 0),
        "tgkill_parent": lambda: call("tgkill", parent, parent, 0),
        "signal_by_owner": lambda: call("fcntl", 0, _F_SETOWN, parent),
        "limit_parent": lambda: call("prlimit64", parent, _RLIMIT_CORE, 0, 0),
        "memory_of_parent": lambda: call("process_vm_readv", parent, 0, 0, 0, 0, 0),
        "trace_parent": lambda: call("ptrace", _PTRACE_SEIZE, parent, 0, 0),
        "pidfd_open": lambda: os.pidfd_open(parent),
        "pidfd_getfd": lambda: call("pidfd_getfd", 0, 0, 0),
        "own_group": lambda: call("setpgid", 0, 0),
        # the kernel
        "unshare": lambda: call("unshare", _CLONE_NEWUSER),
        "setns": lambda: call("setns", 0, 0),
        "mount": lambda: call("mount", 0, 0, 0, 0, 0),
        "keyctl": lambda: call("keyctl", 0, 0),
        "bpf": lambda: call("bpf", 0, 0, 0),
        "perf": lambda: call("perf_event_open", 0, 0, -1, -1, 0),
        "userfaultfd": lambda: call("userfaultfd", 0),
    }


def fork() -> None:
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


def ending(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    except RuntimeError as error:
        return str(error)
    return "done"


def refuse(*names: str) -> None:
    """EPERM for these calls, as a container's filter has it, and all else as it was."""
    numbers = [_CALLS[name][platform.machine() == "aarch64"] for name in names]
    code = [(0x20, 0, 0, 0)]
    for number in numbers:
        code += [(0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.EPERM)]
    code.append((0x06, 0, 0, 0x7FFF0000))
    kept = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    program = struct.pack("HP", len(code), ctypes.addressof(kept))
    assert _libc.prctl(38, *map(ctypes.c_long, (1, 0, 0, 0))) == 0
    assert _libc.prctl(22, ctypes.c_long(2), program) == 0
    assert {ending(partial(call, name, -1, 0, 0)) for name in names} == {"EPERM"}


def call_as_i386() -> None:
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x67\x01\x00\x00\xcd\x80\xc3")  # mov eax, 359 (socket); int 0x80; ret
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()


def main() -> None:
    mode, document, secret = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    tried = attempts(document, secret)
    if mode == "contained":
        refuse("unshare", "setns")
    elif mode == "old":
        refuse("landlock_create_ruleset")
    are_files_confined = mode != "free" and confine(document)
    if mode == "i386":
        call_as_i386()
    only = ("document", "secret", "environment", "inet", "unix", "fork", "run", "thread", "write", "kill_parent")
    endings = {name: ending(attempt) for name, attempt in tried.items() if mode != "free" or name in only}
    print(json.dumps({"files": are_files_confined, "endings": endings}))  # noqa: T201


if __name__ == "__main__":
    main()
