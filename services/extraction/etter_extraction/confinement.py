"""Takes from this process, for the rest of its life, what reading a document does not need. Linux, any user.

System calls (seccomp): only those of `_CALLS` exist. A list of what is allowed stays true when a kernel gains calls.
The rest answers ENOSYS, as on a kernel that never had it, so that a newer C library or Python takes its older way. With
no socket, process, signal to others, namespace, trace or write to a file there is no network to take away by `unshare`,
which containers refuse. Files (Landlock, where the kernel has it): reading the document, Python and shared libraries;
nothing else can be opened. Both need no privilege and hold within a container's own filter.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of `_CALLS`, and the kernel's name of the call convention (AUDIT_ARCH): any other ends the process."""

_Calls = dict[str, tuple[int | None, int | None]]

_CALLS: Final[_Calls] = {
    # reading files
    "open": (2, None), "openat": (257, 56), "close": (3, 57), "read": (0, 63), "pread64": (17, 67), "readv": (19, 65),
    "preadv": (295, 69), "lseek": (8, 62), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "access": (21, None), "faccessat": (269, 48),
    "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61),
    "getcwd": (79, 17), "fadvise64": (221, 223), "dup": (32, 23), "fcntl": (72, 25), "ioctl": (16, 29),
    # answering
    "write": (1, 64), "writev": (20, 66),
    # memory
    "brk": (12, 214), "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226),
    "madvise": (28, 233),
    # locks, own signals, the end
    "futex": (202, 98), "sched_yield": (24, 124), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "restart_syscall": (219, 128), "tgkill": (234, 131),
    "exit": (60, 93), "exit_group": (231, 94),
    # time, chance, who and where I am
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, None),
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "getrusage": (98, 165), "times": (100, 153),
    "getrandom": (318, 278), "getpid": (39, 172), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "uname": (63, 160), "sysinfo": (99, 179),
    "sched_getaffinity": (204, 123), "getrlimit": (97, 163), "prlimit64": (302, 261),
}  # fmt: skip

_ZYGOTE_CALLS: Final[_Calls] = {
    # children and their ends
    "clone": (56, 220), "wait4": (61, 260), "kill": (62, 129), "getppid": (110, 173), "set_robust_list": (273, 99),
    # the worker's requests
    "recvmsg": (47, 212), "poll": (7, None), "ppoll": (271, 73), "pipe2": (293, 59), "dup2": (33, None),
    "dup3": (292, 24), "close_range": (436, 436),
    # what a child confines itself with
    "prctl": (157, 167), "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446), "setrlimit": (160, 164),
}  # fmt: skip
"""What the process that forks readers needs besides. Its children give these up with the rest."""


class _Narrowed(NamedTuple):
    """Allowed only where argument `arg`, masked, is one of `values`; else `error`."""

    arg: int
    values: tuple[int, ...]
    error: int
    mask: int = 0xFFFFFFFF


def _narrowed() -> dict[str, _Narrowed]:
    writes = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
    return {
        "open": _Narrowed(1, (0,), errno.EACCES, writes),
        "openat": _Narrowed(2, (0,), errno.EACCES, writes),
        "ioctl": _Narrowed(1, (), errno.ENOTTY),  # all that is asked is whether a file is a terminal
        "fcntl": _Narrowed(1, (0, 1, 2, 3, 1030), errno.EPERM),  # duplicate, flags; F_SETOWN would signal others
        "tgkill": _Narrowed(0, (os.getpid(),), errno.EPERM),  # abort()
        "prlimit64": _Narrowed(0, (0,), errno.EPERM),  # of itself: raising a hard limit needs a capability
    }


_PR_SET_NO_NEW_PRIVS, _SECCOMP_SET_MODE_FILTER, _FILTER_FLAG_TSYNC = 38, 1, 1
_CLONE_THREAD, _CLONE_VM = 0x10000, 0x100
_SECCOMP: Final = (317, 277)
_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06  # BPF: load a word, mask it, compare it, answer
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NR, _ARCH, _ARGS = 0, 4, 16  # struct seccomp_data; both machines are little-endian: an argument's low word is first

_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_RULESET_VERSION, _RULE_PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many kinds of access to files a version of Landlock knows; from 5 on, 16."""
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache")


def confine(document: Path) -> bool:
    """Leave this process, which has one thread, the reading of `document`. Whether files are confined too.

    Raises `OSError` where system calls cannot be confined.
    """
    libc: Any = ctypes.CDLL(None, use_errno=True)  # Any: functions by name
    _demand(libc.prctl(_PR_SET_NO_NEW_PRIVS, *map(ctypes.c_long, (1, 0, 0, 0))))
    is_landlocked = _confine_files(libc, [*sys.path, sys.prefix, sys.base_prefix, *_LIBRARIES, document])
    _confine_calls(libc, _CALLS, _narrowed())
    return is_landlocked


def confine_zygote() -> None:
    """Take the network, threads and writing files from this process, which goes on to fork readers.

    Raises `OSError` where system calls cannot be confined.
    """
    libc: Any = ctypes.CDLL(None, use_errno=True)  # Any: functions by name
    _demand(libc.prctl(_PR_SET_NO_NEW_PRIVS, *map(ctypes.c_long, (1, 0, 0, 0))))
    narrowed = {name: only for name, only in _narrowed().items() if name != "tgkill"}  # a child's own differs
    narrowed["clone"] = _Narrowed(0, (0,), errno.EAGAIN, _CLONE_THREAD | _CLONE_VM)
    _confine_calls(libc, {**_CALLS, **_ZYGOTE_CALLS}, narrowed)


def _confine_calls(libc: Any, calls: _Calls, narrowed: dict[str, _Narrowed]) -> None:
    column, arch = _machine()
    code = _program(column, arch, calls, narrowed)
    filter_ = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("HP", len(code) // 8, ctypes.addressof(filter_)))
    _demand(_call(libc, _SECCOMP[column], _SECCOMP_SET_MODE_FILTER, _FILTER_FLAG_TSYNC, ctypes.addressof(program)))


def _machine() -> tuple[int, int]:
    name = os.uname().machine
    if sys.platform != "linux" or name not in _MACHINES or struct.calcsize("P") != 8:
        raise OSError(errno.ENOTSUP, f"no confinement on {sys.platform} {name}")
    return _MACHINES[name]


def _program(column: int, arch: int, calls: _Calls, narrowed: dict[str, _Narrowed]) -> bytes:
    """The filter, in the kernel's BPF. x32's calls have numbers of their own, which are on no list."""
    code = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL_PROCESS), (_LOAD, 0, 0, _NR)]
    numbers = {name: number for name, both in calls.items() if (number := both[column]) is not None}
    for name, number in numbers.items():
        answer = _where(narrowed[name]) if name in narrowed else [(_RETURN, 0, 0, _ALLOW)]
        code += [(_EQUAL, 0, len(answer), number), *answer]
    code.append((_RETURN, 0, 0, _ERRNO | errno.ENOSYS))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _where(only: _Narrowed) -> list[tuple[int, int, int, int]]:
    compared = [(_EQUAL, len(only.values) - place, 0, value) for place, value in enumerate(only.values)]
    return [
        (_LOAD, 0, 0, _ARGS + 8 * only.arg), (_AND, 0, 0, only.mask), *compared,
        (_RETURN, 0, 0, _ERRNO | only.error), (_RETURN, 0, 0, _ALLOW),
    ]  # fmt: skip


def _confine_files(libc: Any, readable: Iterable[str | Path]) -> bool:
    version = _call(libc, _LANDLOCK_CREATE_RULESET, 0, 0, _RULESET_VERSION)
    if version < 1:  # not in this kernel, not switched on, or refused by the container's filter
        return False
    handled = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    ruleset = ctypes.create_string_buffer(struct.pack("Q", handled), 8)
    rules = _demand(_call(libc, _LANDLOCK_CREATE_RULESET, ctypes.addressof(ruleset), 8, 0))
    for path in {str(path) for path in readable if os.path.exists(path)}:
        rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place))
        _demand(_call(libc, _LANDLOCK_ADD_RULE, rules, _RULE_PATH_BENEATH, ctypes.addressof(rule), 0))
        os.close(place)
    _demand(_call(libc, _LANDLOCK_RESTRICT_SELF, rules, 0))
    os.close(rules)
    return True


def _call(libc: Any, number: int, *arguments: int) -> int:
    result: int = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return result


def _demand(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


class Held(msgspec.Struct):
    """What was tried in a confined process, and refused."""

    network: bool
    files: bool


def main() -> None:
    """Confine this process as a reader's is and tell what it is refused, as JSON."""
    import socket  # a reader's process, which needs none, is spared the time

    with suppress(OSError):
        confine(Path(__file__))
    held = Held(network=_is_refused(socket.socket), files=_is_refused(lambda: os.open(".", os.O_RDONLY)))
    sys.stdout.buffer.write(msgspec.json.encode(held))


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


if __name__ == "__main__":
    main()
