"""A service under a sampling profiler: ``python -P bench/sampler.py FILE PACKAGE`` for ``python -m PACKAGE serve``.

The system counts the process's processor time and interrupts it every two milliseconds of it; the frames that stand
then are counted, from its first batch on. So waiting costs nothing, C code counts for whoever called it, and the
service runs as fast as it does otherwise. The counts are written when it ends.
"""

from __future__ import annotations

import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

EVERY: Final = 0.002  # seconds of processor time
_BATCH: Final = "runtime.delivery.consumer:Consumer._process"
_samples: Counter[tuple[str, ...]] = Counter()


def _sample(_signal: int, frame: FrameType | None) -> None:
    stack = []
    while frame is not None:
        stack.append(f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_qualname}")
        frame = frame.f_back
    if _samples or _BATCH in stack:
        _samples[tuple(stack)] += 1


def main() -> None:
    """Run the service and write what was seen: a list of (frames, innermost first; how often)."""
    file, package = Path(sys.argv[1]), sys.argv[2]
    sys.argv = [package, "serve"]
    signal.signal(signal.SIGPROF, _sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        runpy.run_module(package, run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        file.write_text(json.dumps([[list(stack), count] for stack, count in _samples.items()]))


if __name__ == "__main__":
    main()
