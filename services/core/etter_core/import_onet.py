"""`python -m etter_core.import_onet PATH`: load a full O*NET release into the reference taxonomy.

PATH is a folder or zip of the published text files, or a folder of CSV extracts. Progress goes to standard error, a
JSON summary to standard output. Loading the same content again changes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from etter_common.clock import monotonic
from etter_common.platform import open_platform
from etter_core.occupations import loading, onet
from etter_core.occupations.events import CHANGED
from etter_core.occupations.onet_files import ReleaseUnreadable
from etter_core.settings import CoreSettings

ATTRIBUTION = (
    "O*NET data: U.S. Department of Labor, Employment and Training Administration, CC BY 4.0. "
    "O*NET is a trademark of USDOL/ETA."
)


async def run(settings: CoreSettings, release: onet.Release) -> bool:
    """All of the release or nothing; false when it is loaded already. Every replica is told in either case, so that
    running it again also helps one that missed the first call.
    """
    async with open_platform(settings) as platform:
        async with platform.work(system=True) as ctx:
            changed = await loading.load(ctx, release.references, source=onet.SOURCE, content_hash=release.content_hash)
        await platform.nats.publish(CHANGED, b"")
        await platform.nats.flush()
    return changed


def summary(release: onet.Release, *, changed: bool, seconds: float) -> dict[str, object]:
    """What the command answers; `changed` is false when the very same content was loaded before."""
    references = release.references
    return {
        "changed": changed,
        "seconds": round(seconds, 1),
        "occupations": len(references),
        "titles": sum(len(reference.titles) for reference in references),
        "tasks": sum(len(reference.tasks) for reference in references),
        "skills": sum(len(reference.skills) for reference in references),
        "notes": list(release.notes),
        "attribution": ATTRIBUTION,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m etter_core.import_onet", description=__doc__)
    parser.add_argument("path", type=Path, help="folder or zip of the release")
    path, started = parser.parse_args().path, monotonic()
    try:
        release = onet.read_release(path.resolve(), _say)
    except ReleaseUnreadable as error:
        raise SystemExit(f"etter-core: {error}") from None
    _say(f"storing {len(release.references):,} occupations")
    changed = asyncio.run(run(CoreSettings(), release))
    answer = summary(release, changed=changed, seconds=monotonic() - started)
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")


def _say(step: str) -> None:
    sys.stderr.write(f"{step}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
