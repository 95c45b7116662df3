"""Starting the reader process and hearing it out: whatever a file does to it ends as a finding.

Where one activity kills the process, another is started behind it: the activity is quarantined, the rest is judged.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Final, Self

from intake.domain.readability import Readability
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

    ``declared_name`` is what the sender calls it, for messages. Closing the iterator ends the process. An activity
    over which the process dies twice is quarantined, and the next ones are read; time that is used up, or more
    deaths than ``limits`` allow, become an error in the summary, and what was yielded before stands.
    """
    limits = limits or Limits()
    heard = _Heard()
    deaths = 0
    died_at = -1
    killed: str | None = None
    while True:
        run = await _Run.start(str(path), limits, today, heard, killed)
        try:
            async for said in run.said():
                yield said
                if isinstance(said, FileSummary):
                    return
            rule, words = await run.ending()
        finally:
            await run.end()
        deaths += 1
        if run.out_of_time or deaths > limits.deaths or (killed is not None and heard.count == died_at):
            message = f"The reader {words} while reading {declared_name or 'the file'}."
            yield heard.counted(FileSummary(findings=(fault(rule, message, line=heard.line),), lines=heard.line))
            return
        # Once may have been somebody else's doing, as when the system is out of memory.
        killed = words if heard.count == died_at else None
        died_at = heard.count


class _Heard:
    """What was said of one file, by however many processes."""

    def __init__(self) -> None:
        self.waited = 0.0
        self.count = 0
        self.line = 1
        self._quarantined = 0
        self._indicators = 0
        self._scorable = 0
        self._reasons: Counter[str] = Counter()

    def note(self, activity: JudgedActivity) -> None:
        """Remember how far the file was read."""
        self.count += 1
        self.line = max(self.line, activity.line + activity.xml.count(b"\n"))
        self._quarantined += not activity.accepted
        self._indicators += activity.readability["indicators"]
        self._scorable += activity.readability["scorable"]
        self._reasons.update(activity.readability["reasons"])

    def counted(self, summary: FileSummary) -> FileSummary:
        """The summary with the counts of the whole file: a process knows only of what it judged itself."""
        readability = Readability(self._indicators, self._scorable, dict(self._reasons))
        return replace(summary, activities=self.count, quarantined=self._quarantined, readability=readability.as_dict())


class _Run:
    """One process, from the first activity not yet heard of; ``killed`` says what that one did to those before."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits, heard: _Heard) -> None:
        self._process = process
        self._limits = limits
        self._heard = heard
        self._silent = False

    @classmethod
    async def start(cls, path: str, limits: Limits, today: date | None, heard: _Heard, killed: str | None) -> Self:
        """Start the process."""
        command = [sys.executable, "-I", "-m", "intake.reader", path, "--limits", json.dumps(asdict(limits))]
        command += ["--first", str(heard.count)]
        if killed is not None:
            command += ["--killed", killed]
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
        return cls(process, limits, heard)

    @property
    def out_of_time(self) -> bool:
        """Whether it took the time a file has: that is not given twice."""
        return self._silent or self._process.returncode == -signal.SIGXCPU

    async def said(self) -> AsyncIterator[JudgedActivity | FileSummary]:
        """What it says, up to its summary or its death."""
        async for line in self._lines():
            try:
                said = decode(line)
            except ValueError:
                return
            if isinstance(said, Progress):
                self._heard.line = max(self._heard.line, said.line)
            elif isinstance(said, JudgedActivity):
                self._heard.note(said)
                yield said
            else:
                yield self._heard.counted(said)

    async def _lines(self) -> AsyncIterator[bytes]:
        """Whole lines; the process waits while nobody takes them, and only its own silence is counted."""
        stream = self._process.stdout
        assert stream is not None
        parts: list[bytes] = []
        size = 0
        while True:
            begun = monotonic()
            wait = min(self._limits.silence_seconds, self._limits.wall_seconds - self._heard.waited)
            try:
                piece = await asyncio.wait_for(stream.read(_CHUNK), max(wait, 0.01))
            except TimeoutError:
                self._silent = True
                return
            self._heard.waited += monotonic() - begun
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

    async def ending(self) -> tuple[str, str]:
        """Why there was no summary: the rule of the finding, and what the reader did."""
        if not self._silent:
            # Killing a process that is ending by itself would lose the status it ends with.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _LAST_WORDS)
        await self.end()
        code = self._process.returncode
        if self._silent:
            return "READER_LIMIT", "took too long"
        if code == -signal.SIGXCPU:
            return "READER_LIMIT", "took more processor time than the size allows"
        if code == _OUT_OF_MEMORY:
            return "READER_LIMIT", "took more memory than it may"
        if code is not None and code < 0:
            return "READER_FAILED", f"died of {signal.Signals(-code).name}"
        return "READER_FAILED", f"ended with status {code}"

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
