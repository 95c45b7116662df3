"""What changed since a reader's last visit: figures then and now, projects that came and went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fastapi import Request

from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import names as named
from portal_gateway.api.pages.frame import titles
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.drawing.figure import MARKS
from portal_gateway.domain.speech.numbers import percent
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import visits
from portal_gateway.store.visits import Visit

_KINDS: Final = ("pillar", "country", "entity", "region", "theme")
_FEW: Final = 6
_MANY: Final = 100
_PROJECTS: Final = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that differs: as it was, None where it was not or is not known, and as it is."""

    figure: Figure
    before: int | None
    before_state: str
    told: bool

    @property
    def was_shown(self) -> bool:
        """Whether the value there was could be said."""
        return self.before is not None and self.before_state in MARKS

    @property
    def differs(self) -> bool:
        """Whether a reader sees another figure than then, as figures are printed."""
        was = percent(self.before) if self.was_shown and self.before is not None else ""
        now = percent(self.figure.value) if self.figure.shown and self.figure.value is not None else ""
        return was != now


@dataclass(frozen=True, slots=True)
class Since:
    """Everything that changed; ``visit`` None is a first visit, for which nothing has changed."""

    visit: Visit | None
    changes: list[Change] = field(default_factory=list)
    more: int = 0
    came: tuple[int, list[tuple[str, datetime]]] = (0, [])
    went: tuple[int, list[tuple[str, datetime]]] = (0, [])
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.changes or self.came[0] or self.went[0])


async def since(request: Request, who: Caller, visit: Visit | None, *, everything: bool) -> Since:
    """What changed since a visit. On a first one, what changed last, each against the figure before it."""
    async with transaction(request, who) as tx:
        begin = visit.at if visit is not None else datetime.fromtimestamp(0).astimezone()
        rows = [figure(data) for data in await visits.moved(tx.conn, _KINDS, begin, _MANY)]
        came = await visits.came(tx.conn, begin, _PROJECTS) if visit is not None else (0, [])
        went = await visits.went(tx.conn, visit.seq, _PROJECTS) if visit is not None else (0, [])
        about = [f.scope for f in rows] + [f"project:{name}" for name, _at in (*came[1], *went[1])]
        movers = {(f.cause or {}).get("entity") or "" for f in rows}
        names = {**await named(tx.conn, (), movers), **await titles(tx.conn, about)}
    before = await _then(request, who, visit, rows) if visit is not None else None
    changes = [change for change in (_change(f, before) for f in rows) if change.differs]
    listed = changes if everything else changes[:_FEW]
    return Since(visit, listed, len(changes) - len(listed), came, went, names)


async def _then(request: Request, who: Caller, visit: Visit, rows: list[Figure]) -> Mapping[str, Any] | None:
    """The figures as they were, by scope; None where scoring cannot be asked now."""
    scoring: Scoring = request.app.state.scoring
    if not rows:
        return {}
    try:
        items = await scoring.then(who.token, "M4", [f.scope for f in rows], visit.at.isoformat())
    except UpstreamError:
        return None
    return {item["scope"]: item for item in items}


def _change(now: Figure, before: Mapping[str, Any] | None) -> Change:
    """Without scoring a figure is compared with the one it replaced."""
    if before is None:
        return Change(now, now.previous if now.previous is not None else now.value, "PUBLISHED", told=False)
    then = before.get(now.scope)
    return Change(now, then["value"] if then else None, then["state"] if then else "", told=True)
