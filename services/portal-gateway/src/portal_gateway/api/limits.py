"""How often one person or one address may ask: token buckets in this process (ADR 0089)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final, Literal

from fastapi import Request

from portal_gateway.domain.speech.language import _
from portal_gateway.settings import Settings
from runtime.http import Problem

Kind = Literal["sign-in", "command", "search", "export"]
_KEPT: Final = 20_000  # buckets; full ones are forgotten beyond that


class Limits:
    """A bucket for each kind and key: a minute's worth at once, refilled evenly."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most: dict[Kind, int] = {
            "sign-in": settings.rate_sign_in,
            "command": settings.rate_commands,
            "search": settings.rate_searches,
            "export": settings.rate_exports,
        }
        self._clock = clock
        self._buckets: dict[tuple[Kind, str], tuple[float, float]] = {}

    def take(self, kind: Kind, key: str) -> None:
        """Take one. Raises Problem 429, which says when to come back, where none is left."""
        most, now = self._most[kind], self._clock()
        left, at = self._buckets.get((kind, key), (float(most), now))
        left = min(float(most), left + (now - at) * most / 60)
        if left < 1:
            wait = math.ceil((1 - left) * 60 / most)
            raise Problem(
                429,
                "too-often",
                _("That was asked too often"),
                _("At most %(most)s a minute. Try again in %(wait)s s.", most=most, wait=wait),
                headers={"Retry-After": str(wait)},
            )
        self._buckets[kind, key] = (left - 1, now)
        if len(self._buckets) > _KEPT:
            self._forget(now)

    def _forget(self, now: float) -> None:
        self._buckets = {
            (kind, key): (left, at)
            for (kind, key), (left, at) in self._buckets.items()
            if left + (now - at) * self._most[kind] / 60 < self._most[kind]
        }


def limits_of(request: Request) -> Limits:
    """This process's buckets."""
    found: Limits = request.app.state.limits
    return found


def kind_of(request: Request) -> Kind | None:
    """What a request of somebody known is counted as; reading a page or a record is not."""
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        return "command"
    if "export" in request.url.path:
        return "export"
    return "search" if request.query_params.get("q") else None
