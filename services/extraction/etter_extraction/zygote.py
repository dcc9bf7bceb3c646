"""A long-lived process that has loaded the readers and forks a child for each document. Linux.

`python -I -m etter_extraction.zygote PROFILE`, with one end of a socket pair as standard input. The worker sends two
sockets for each document: `answer`, which only the child keeps, and `status`, which only this process keeps. The child
reads its task from `answer` and writes the result there. This process sends one `Ending` over `status` once the child
is dead, and kills the child when the worker closes `status`. It never sees a document or a task, so no child inherits
anything of another document. It has one thread, no network, and ends with its worker.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec

from etter_extraction.answering import READY, Ending
from etter_extraction.confinement import confine_zygote
from etter_extraction.parsing import limits
from etter_extraction.sandbox_child import serve, warm_up

_PR_SET_PDEATHSIG: Final = 1
_STARVED: Final = re.compile(
    rb"bad_alloc|memory allocation of \d+ bytes failed|out of memory|cannot allocate", re.IGNORECASE
)
_MOST_SAID: Final = 4096
_HIGHEST_FILE: Final = 1024


@dataclass(frozen=True, slots=True)
class _Child:
    status: int
    said: int


def main() -> None:
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=0)
    profile = sys.argv[1]
    confine_zygote()  # before any library is loaded: what starts threads or calls home in passing cannot
    warm_up(profile)
    gc.collect()
    gc.freeze()  # a child that collects garbage would copy pages it only reads
    _Zygote(control, profile).run()


class _Zygote:
    def __init__(self, control: socket.socket, profile: str) -> None:
        self._control = control
        self._profile = profile
        self._libc: Any = ctypes.CDLL(None, use_errno=True)  # Any: functions by name
        self._children: dict[int, _Child] = {}
        self._selector = selectors.PollSelector()

    def run(self) -> None:
        """Fork on request until the worker closes its end."""
        wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._watch(self._control.fileno(), self._accept)
        self._watch(wake, lambda: self._reap(wake))
        self._addresses, self._resident = _memory()
        os.write(self._control.fileno(), READY)
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _watch(self, descriptor: int, react: Callable[[], None]) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, react)

    def _accept(self) -> None:
        _, sockets, _, _ = socket.recv_fds(self._control, 1, 2)
        if len(sockets) != 2:
            self._end()
        answer, status = sockets
        said, saying = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            self._be_child(answer, saying, parent)
        os.close(answer)
        os.close(saying)
        self._children[pid] = _Child(status, said)
        self._watch(status, lambda: self._abandon(pid))

    def _abandon(self, pid: int) -> None:
        """The worker does not wait any longer."""
        self._selector.unregister(self._children[pid].status)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _reap(self, wake: int) -> None:
        os.read(wake, _MOST_SAID)
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if not pid:
                return
            child = self._children.pop(pid)
            with suppress(KeyError):
                self._selector.unregister(child.status)
            code = os.waitstatus_to_exitcode(status)
            ending = Ending(code, code < 0 and self._is_starved(usage.ru_maxrss * 1024, child.said))
            with suppress(OSError):  # the worker closed it
                os.write(child.status, msgspec.json.encode(ending))
            os.close(child.status)
            os.close(child.said)

    def _is_starved(self, peak: int, said: int) -> bool:
        """Whether a dead child said so, or took more than half of the memory that its limit left it."""
        with suppress(BlockingIOError):
            if _STARVED.search(os.read(said, _MOST_SAID)):
                return True
        return peak - self._resident > (limits.memory(self._profile) - self._addresses) / 2

    def _end(self) -> NoReturn:
        for pid in self._children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)

    def _be_child(self, answer: int, saying: int, parent: int) -> NoReturn:
        """Serve one task in the fork. It dies with its parent and keeps nothing open but its own."""
        code = 1
        try:
            self._libc.prctl(_PR_SET_PDEATHSIG, *map(ctypes.c_long, (signal.SIGKILL, 0, 0, 0)))
            if os.getppid() == parent:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.dup2(answer, 0)
                os.dup2(saying, 2)
                os.closerange(3, _HIGHEST_FILE)
                code = serve(0, 0, self._profile)
        finally:
            os._exit(code)


def _memory() -> tuple[int, int]:
    """Bytes of addresses and of memory that this process uses."""
    descriptor = os.open("/proc/self/statm", os.O_RDONLY)
    size, resident, *_ = os.read(descriptor, 200).split()
    os.close(descriptor)
    page = resource.getpagesize()
    return int(size) * page, int(resident) * page


if __name__ == "__main__":
    main()
