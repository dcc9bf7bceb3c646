"""`die_with_parent.py SIGNAL PARENT UID GID COMMAND…`: become COMMAND, and get SIGNAL when PARENT dies.

A script of the standard library alone, run in front of each server: the wish is made in the child itself, after it has
become its user and before it becomes its program, so no code runs between fork and exec.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    death_signal, parent, uid, gid = (int(part) for part in sys.argv[1:5])
    command = sys.argv[5:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":  # elsewhere the stack's watchdog does it alone
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before the wish was made
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - to become it is the point


if __name__ == "__main__":
    main()
