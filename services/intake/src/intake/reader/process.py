"""Starting the reader process and hearing it out: whatever a file does to it ends as a finding."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Final

from intake.domain.finding import Finding
from intake.reader.faults import fault
from intake.reader.protocol import LONGEST_LINE, FileSummary, JudgedActivity, Limits, Progress, decode

_CHUNK: Final = 256 * 1024
_LAST_WORDS: Final = 5.0
_OUT_OF_MEMORY: Final = 12
_ENVIRONMENT: Final = {"PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


async def read_file(
    path: Path | str, *, declared_name: str = "", limits: Limits | None = None, today: date | None = None
) -> AsyncIterator[JudgedActivity | FileSummary]:
    """Judge a spooled file in a process of its own: its activities in order, and exactly one FileSummary at the end.

    ``declared_name`` is what the sender calls it, for messages. Closing the iterator ends the process. A crash,
    a limit or silence becomes an error in the summary; what was yielded before stands.
    """
    limits = limits or Limits()
    command = [sys.executable, "-I", "-m", "intake.reader", str(path), "--limits", json.dumps(asdict(limits))]
    if today is not None:
        command += ["--today", today.isoformat()]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_ENVIRONMENT,
        limit=_CHUNK,
    )
    hearing = _Hearing(process, limits)
    try:
        async for line in hearing.lines():
            try:
                said = decode(line)
            except ValueError:
                break
            if isinstance(said, Progress):
                hearing.line = max(hearing.line, said.line)
                continue
            if isinstance(said, JudgedActivity):
                hearing.note(said)
            yield said
            if isinstance(said, FileSummary):
                return
        yield await hearing.broken_off(declared_name)
    finally:
        await hearing.end()


class _Hearing:
    """One run of the process, as far as it was heard."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._waited = 0.0
        self._silent = False
        self._count = 0
        self._quarantined = 0
        self.line = 1

    def note(self, activity: JudgedActivity) -> None:
        """Remember how far the file was read."""
        self._count += 1
        self._quarantined += not activity.accepted
        self.line = max(self.line, activity.line + activity.xml.count(b"\n"))

    async def lines(self) -> AsyncIterator[bytes]:
        """Whole lines; the process waits while nobody takes them, and only its own silence is counted."""
        stream = self._process.stdout
        assert stream is not None
        parts: list[bytes] = []
        size = 0
        while True:
            begun = monotonic()
            wait = min(self._limits.silence_seconds, self._limits.wall_seconds - self._waited)
            try:
                piece = await asyncio.wait_for(stream.read(_CHUNK), max(wait, 0.01))
            except TimeoutError:
                self._silent = True
                return
            self._waited += monotonic() - begun
            if not piece:
                return
            *whole, rest = piece.split(b"\n")
            for end in whole:
                yield b"".join((*parts, end))
                parts, size = [], 0
            parts.append(rest)
            size += len(rest)
            if size > LONGEST_LINE:
                return

    async def broken_off(self, declared_name: str) -> FileSummary:
        """The summary of a file whose reader did not come to its end."""
        if not self._silent:
            # Killing a process that is ending by itself would lose the status it ends with.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _LAST_WORDS)
        await self.end()
        code = self._process.returncode
        name = declared_name or "the file"
        if self._silent:
            why = "READER_LIMIT", f"Reading {name} took too long."
        elif code == -signal.SIGXCPU:
            why = "READER_LIMIT", f"Reading {name} took more processor time than its size allows."
        elif code == _OUT_OF_MEMORY:
            why = "READER_LIMIT", f"Reading {name} took more memory than a file may."
        elif code is not None and code < 0:
            why = "READER_FAILED", f"The reader died of {signal.Signals(-code).name} while reading {name}."
        else:
            why = "READER_FAILED", f"The reader ended while reading {name} (status {code})."
        finding: Finding = fault(why[0], why[1], line=self.line)
        return FileSummary(findings=(finding,), activities=self._count, quarantined=self._quarantined, lines=self.line)

    async def end(self) -> None:
        """End the process, if it still runs, and wait for it."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            # Its pipe is drained, else waiting for it could block for ever.
            if self._process.stdout is not None:
                while await self._process.stdout.read(_CHUNK):
                    pass
        await self._process.wait()
