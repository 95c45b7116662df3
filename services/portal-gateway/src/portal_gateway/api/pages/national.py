"""What a Member State itself allots to the pillars, beside what entities bring to the country (M7, A/73/866 ¶70)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech.numbers import MICRO
from portal_gateway.domain.view import Figure


@dataclass(frozen=True, slots=True)
class Line:
    """One pillar's money of a year in cents, and its share, in µ, of what has a pillar."""

    code: str
    cents: int
    share: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year's lines, what could not be converted, and the tables of rates the rest was converted by."""

    year: int
    lines: tuple[Line, ...]
    other: tuple[str, ...]
    rates: tuple[str, ...]


async def national(request: Request, who: Caller, found: Figure) -> tuple[Year, ...]:
    """The State's own years, the newest first; empty where the State shares none with this reader."""
    kind, _sign, country = found.scope.partition(":")
    if found.metric != "M7" or kind != "country":
        return ()
    scoring: Scoring = request.app.state.scoring
    try:
        told = await scoring.national(who.token, country)
    except UpstreamError:
        return ()
    return tuple(
        Year(
            year["year"],
            (
                *(Line(code, year["pillars"][code], year["shares"].get(code, 0)) for code in PILLARS),
                *([Line("none", year["unallocated"], _of_all(year))] if year["unallocated"] else []),
            ),
            tuple(f"{other['currency']} {other['amount']}" for other in year["other_currencies"]),
            tuple(year["rates"]),
        )
        for year in told["years"]
    )


def _of_all(year: dict[str, Any]) -> int:
    rest, placed = int(year["unallocated"]), sum(int(cents) for cents in year["pillars"].values())
    return rest * MICRO // (placed + rest)
