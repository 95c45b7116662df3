"""What takes longer than an answer may: started, asked after, one of a kind at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

log = logging.getLogger(__name__)


class Refusal(Exception):
    """A job cannot do what it was asked; the words are for whoever asked."""


@dataclass(slots=True)
class Job:
    """One piece of work and how far it is; ``done`` counts projects."""

    name: str
    state: Literal["running", "done", "failed"] = "running"
    done: int = 0
    result: dict[str, Any] | None = None
    error: str | None = None

    def tell(self, done: int) -> None:
        """Note how many projects are done."""
        self.done = done


class Jobs:
    """The work of this process, the last of each kind: another process, or a new start, does not know of it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Job, asyncio.Task[None]]] = {}

    def get(self, kind: str) -> Job | None:
        """The last job of a kind."""
        known = self._known.get(kind)
        return known[0] if known is not None else None

    def start(self, kind: str, name: str, work: Callable[[Job], Awaitable[dict[str, Any]]]) -> Job | None:
        """Start a job; None where one of its kind is running."""
        known = self.get(kind)
        if known is not None and known.state == "running":
            return None
        job = Job(name)
        self._known[kind] = job, asyncio.create_task(self._run(job, work))
        return job

    async def finished(self, kind: str) -> None:
        """Wait until the last job of a kind has ended."""
        await self._known[kind][1]

    @staticmethod
    async def _run(job: Job, work: Callable[[Job], Awaitable[dict[str, Any]]]) -> None:
        try:
            job.result = await work(job)
            job.state = "done"
        except Refusal as refusal:
            job.state, job.error = "failed", str(refusal)
        except Exception as error:
            log.exception("%s failed", job.name)
            job.state, job.error = "failed", f"{type(error).__name__}; the service's log says more"
