"""A figure as of another moment, and every revision between two of them (M16)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from fastapi import Request

from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.moments import Moment, Moments
from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.speech.numbers import day
from portal_gateway.domain.view import Figure, figure

_LISTED: Final = 50

CAUSES: Final[dict[str, str]] = {
    "NEW_DATA": N_("New data"),
    "LATE_DATA": N_("Late data"),
    "CORRECTION": N_("Correction"),
    "RETRACTION": N_("Taken back"),
    "CLASSIFICATION_CHANGE": N_("Change of class"),
    "METHOD_CHANGE": N_("Change of method"),
    "TIME": N_("Time passed"),
}
"""Why a figure was revised."""


@dataclass(frozen=True, slots=True)
class Then:
    """A figure as of a moment, or why it cannot be said."""

    moment: Moment
    figure: Figure | None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """All revisions of one cause: how many, and what they come to in µ."""

    name: str
    count: int
    effect: int


@dataclass(frozen=True, slots=True)
class Revisions:
    """What was revised from the earlier of two moments to the later: by cause, and each of the latest.

    ``total`` is what the causes add up to, exactly; ``holds`` says whether they do.
    """

    earlier: Moment
    later: Moment
    causes: list[Cause] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    total: int = 0
    failed: str = ""

    @property
    def holds(self) -> bool:
        """Whether the effects are the difference."""
        return sum(cause.effect for cause in self.causes) == self.total

    @property
    def more(self) -> int:
        """Revisions that are not listed one by one."""
        return self.count - len(self.items)


async def then(request: Request, who: Caller, now: Figure, moment: Moment) -> Then:
    """The figure as of a moment."""
    scoring: Scoring = request.app.state.scoring
    try:
        told = await scoring.figure(who.token, now.metric, now.scope, **moment.asked)
    except UpstreamError as error:
        # The figure is known of now, so that what is not found is the moment: before its first fact.
        none = error.status == httpx.codes.NOT_FOUND
        return Then(moment, None, _("Nothing was known of this figure by then.") if none else error.said)
    return Then(moment, figure(_unsaid(now, told) | told))


async def revisions(request: Request, who: Caller, now: Figure, when: Moments) -> Revisions | None:
    """Every revision between the two moments; None where nothing is compared.

    History revises what is known; of what was valid by another day there are no revisions, only another question.
    """
    if when.than is None:
        return None
    present = _now()

    def reached(moment: Moment) -> str:
        """Its instant; that of a day that is not over is the present."""
        return min(moment.until() or present, present)

    ends = sorted((when.at, when.than), key=reached)
    found = Revisions(ends[0], ends[1])
    if when.at.valid or when.than.valid:
        return _replaced(found, failed=_("Revisions are of what was known. Of what was valid by a day there are none."))
    if reached(ends[0]) == reached(ends[1]):
        return found
    scoring: Scoring = request.app.state.scoring
    try:
        # From the end of that day: what was published on it is in the figure of it already.
        told = await scoring.revisions(
            who.token, now.metric, now.scope, **{"from": ends[0].until(), "to": ends[1].known or _now()}
        )
    except UpstreamError as error:
        return _replaced(found, failed=error.said)
    sums: dict[str, list[int]] = defaultdict(list)
    for item in told["items"]:
        if item["effect"] is not None:
            sums[item["cause"]["kind"]].append(item["effect"])
    return Revisions(
        ends[0],
        ends[1],
        causes=[Cause(said(CAUSES.get(kind, kind)), len(steps), sum(steps)) for kind, steps in sums.items()],
        items=[
            item | {"at": datetime.fromisoformat(item["known_as_of"]), "why": _cause(item)}
            for item in told["items"][-_LISTED:][::-1]
        ],
        count=len(told["items"]),
        total=told["total"],
    )


async def snapshots(request: Request, who: Caller) -> list[tuple[str, str, str]]:
    """Snapshots by name: how each is called, the instant it knew by, and the day it is of; empty without scoring."""
    scoring: Scoring = request.app.state.scoring
    try:
        found = await scoring.snapshots(who.token)
    except UpstreamError:
        return []
    return [
        (
            _("Snapshot %(name)s, %(day)s", name=item["id"], day=day(datetime.fromisoformat(item["valid_to"]).date())),
            item["known_to"],
            item["valid_to"],
        )
        for item in found[-5:][::-1]
    ]


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _replaced(found: Revisions, *, failed: str) -> Revisions:
    return Revisions(found.earlier, found.later, failed=failed)


def _cause(item: dict[str, Any]) -> str:
    kind = item["cause"]["kind"]
    return said(CAUSES.get(kind, kind))


def _unsaid(now: Figure, told: dict[str, Any]) -> dict[str, Any]:
    """What a figure of the past does not say: history keeps its numbers, and what was replayed was never published."""
    return {
        "unit": now.unit,
        "flags": [],
        "parts": {},
        "projects": 0,
        "inferred_ppm": 0,
        "previous": None,
        "classification": now.classification,
        "owner": now.owner,
        "demonstration": now.demonstration,
        "revision": 0,
        "updated_at": told["known_as_of"],
        "cause": None,
        "seq": 0,
    }
