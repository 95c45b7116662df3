"""``python -m intake.reader FILE``: judge one file in a process of its own, within limits it sets itself.

A hostile file costs this process at most: memory, processor time in proportion to the bytes read, and no
network, children or written files. Standard output carries the line protocol and nothing else.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import stat
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from intake.reader.judging import judge_file
from intake.reader.protocol import MIB, JudgedActivity, Limits, Progress, encode
from intake.reader.schema import warm

_COLLECT_BYTES = MIB
"""Bytes read between two searches for garbage."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Read a file to its summary; any other end is told by the exit status alone."""
    parser = argparse.ArgumentParser(
        prog="python -m intake.reader",
        description="Judge an IATI activity file: one JSON line an activity, one summary line.",
        epilog="example: python -m intake.reader activities.xml | head -1",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--limits", default="{}", help="limits as a JSON object, by their names in Limits")
    parser.add_argument("--today", type=date.fromisoformat, help="the UTC day that dates are judged on")
    parser.add_argument("--first", type=int, default=0, help="the first activity to judge, from 0; others are passed")
    parser.add_argument(
        "--killed", help="what judging that first one did to a process: it is quarantined with these words"
    )
    given = parser.parse_args(arguments)
    limits = Limits(**json.loads(given.limits))
    warm()
    _confine(limits)
    gc.freeze()
    gc.disable()  # the tree of an activity is garbage as a whole; looking for it in between finds nothing
    read = collected = 0
    for said in judge_file(
        given.file, limits, given.today or datetime.now(UTC).date(), first=given.first, killed=given.killed
    ):
        if isinstance(said, Progress | JudgedActivity):
            read = said.bytes_read if isinstance(said, Progress) else read + len(said.xml)
            _allow(limits, read)
            if read - collected > _COLLECT_BYTES:
                collected = read
                gc.collect()
        sys.stdout.buffer.write(encode(said))
        sys.stdout.buffer.flush()
    return 0


def _confine(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _allow(limits, 0)


def _allow(limits: Limits, read: int) -> None:
    """Processor time so far allowed: a base and a little more with every MiB; the kernel ends what exceeds it."""
    allowed = limits.cpu_seconds + int(limits.cpu_seconds_a_mib * read / MIB)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(1)  # nobody listens any more
    except MemoryError:
        sys.exit(12)
