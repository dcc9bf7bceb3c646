"""`python closure.py PACKAGE… < requirements.lock`: the part of the lock that these packages need.

The lock names behind each pin who asked for it (`# via`); that is followed from the packages on. Nothing but the
standard library: it runs in the image's build, before anything is installed.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==")
_ASKED_BY = re.compile(r"^\s+#\s+(?:via\s+)?(?P<name>[A-Za-z0-9._-]+)")


def closure(lock: str, roots: Iterable[str]) -> str:
    """The blocks of all pins that `roots`, or what they need, ask for; a root may be a pin itself."""
    blocks: defaultdict[str, str] = defaultdict(str)  # a package may have one pin for each version of Python
    needs: defaultdict[str, set[str]] = defaultdict(set)
    name = ""
    for line in lock.splitlines(keepends=True):
        if pin := _PIN.match(line):
            name = pin["name"]
        elif (asked := _ASKED_BY.match(line)) and asked["name"] != "via":
            needs[asked["name"]].add(name)
        if name:
            blocks[name] += line
    wanted: set[str] = set()
    waiting = list(roots)
    unknown = [root for root in waiting if root not in blocks and root not in needs]
    if unknown:
        raise SystemExit(f"the lock does not know {', '.join(unknown)}")
    while waiting:
        package = waiting.pop()
        if package not in wanted:
            wanted.add(package)
            waiting += needs[package]
    return "".join(block for name, block in blocks.items() if name in wanted)


if __name__ == "__main__":
    sys.stdout.write(closure(sys.stdin.read(), sys.argv[1:]))
