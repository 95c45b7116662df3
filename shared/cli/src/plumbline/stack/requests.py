"""What other processes ask of a running stack: small files in a folder only its owner can write."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from plumbline.stack.errors import PartFailed, StackError
from plumbline.stack.layout import Layout, write_private

_RESTART: Final = "restart-"
_FAILED: Final = "failed-"


@dataclass(frozen=True, slots=True)
class Restart:
    """A part that somebody wants started again."""

    part: str
    file: Path

    def done(self) -> None:
        """It runs."""
        self.file.unlink(missing_ok=True)

    def failed(self, reason: str) -> None:
        """It does not run, and why."""
        write_private(self.file.with_name(_FAILED + self.part), reason)
        self.file.unlink(missing_ok=True)


def pending(layout: Layout) -> list[Restart]:
    """Requests not yet answered."""
    return [Restart(file.name.removeprefix(_RESTART), file) for file in sorted(layout.requests.glob(f"{_RESTART}*"))]


def ask_restart(layout: Layout, part: str, seconds: float = 90) -> None:
    """Ask the running stack to start a part again, and wait until it has.

    Raises PartFailed with the reason where it did not start, StackError where nobody answered.
    """
    file, failure = layout.requests / (_RESTART + part), layout.requests / (_FAILED + part)
    failure.unlink(missing_ok=True)
    write_private(file, "")
    deadline = time.monotonic() + seconds
    while file.exists():
        if time.monotonic() > deadline:
            file.unlink(missing_ok=True)
            raise StackError(f"{part} was not started again within {seconds:.0f} s")
        time.sleep(0.1)
    if failure.exists():
        reason = failure.read_text()
        failure.unlink()
        raise PartFailed(reason)
