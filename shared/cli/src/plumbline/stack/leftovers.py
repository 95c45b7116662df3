"""Parts that outlived the process that ran them, because it was killed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import psutil

from plumbline.stack.layout import Layout

_PATIENCE = 15.0  # seconds a part may take to end


def created(pid: int | None) -> float | None:
    """When a process began: with its id it names a process for good, since ids are used again."""
    with suppress(psutil.Error):
        return psutil.Process(pid).create_time() if pid else None
    return None


def lives(pid: int | None, began: float | None) -> psutil.Process | None:
    """The process of this id and beginning, if it still runs."""
    if not pid or began is None:
        return None
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - began) < 1 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def stop(layout: Layout, tell: Callable[[str], None]) -> int:
    """Stop what a killed stack left behind on this data directory, last started first. Returns how many."""
    state = layout.read_state() or {}
    count = 0
    for part in reversed(state.get("parts", [])):
        process = lives(part.get("pid"), part.get("created"))
        if process is None:
            continue
        tell(f"stopping {part['title']}, left behind by a stack that was killed")
        count += 1
        with suppress(psutil.NoSuchProcess):
            process.send_signal(part.get("stop_signal", 15))
            try:
                process.wait(_PATIENCE)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(_PATIENCE)
    return count
