"""Waiting for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(ask: Callable[[], Awaitable[T]], *, seconds: float = 60, what: str = "the condition") -> T:
    """Ask until the answer is true, and return it; fails with the last answer otherwise."""
    deadline = time.monotonic() + seconds
    delay = 0.01
    while True:
        answer = await ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}; the last answer was {answer!r}")
        await asyncio.sleep(delay)
        delay = min(delay * 1.5, 0.3)


def eventually(ask: Callable[[], T], *, seconds: float = 60, what: str = "the condition") -> T:
    """The same where nothing is awaited."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}; the last answer was {answer!r}")
        time.sleep(0.02)
    return answer
