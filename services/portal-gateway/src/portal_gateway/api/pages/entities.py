"""Entities: who reports, what can be used of it, and one entity's page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages import readability
from portal_gateway.api.pages.frame import frame, now, reader, render, router, titles
from portal_gateway.api.pages.landing import figures_of, flagged, of_scope, read_as
from portal_gateway.api.pages.summary import summary
from portal_gateway.clients.services import Intake, Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain import dialect
from portal_gateway.domain.drawing.figure import shares
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech import numbers, words
from portal_gateway.domain.speech.language import _, said
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import figures, places

_PROJECTS: Final = 12
_MONTHS: Final = 12

Reader = Annotated[Caller, Depends(reader)]


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the reporting calendar: what came, how much of it was held back; None where that may not be read."""

    first: date
    came: int | None
    held: int
    published: bool

    @property
    def name(self) -> str:
        """``Sep 2026``."""
        return numbers.month(self.first)


@dataclass(frozen=True, slots=True)
class Duty:
    """A report that was due: when it came, and in words how it stands."""

    label: str
    due: date
    came: date | None

    @property
    def late(self) -> int:
        """Days late; 0 where it came in time."""
        return max(0, ((self.came or now().date()) - self.due).days)


@router.get("/entities")
async def list_entities(request: Request, who: Reader) -> Response:
    """Every entity, in the order of their names: no league table."""
    intake: Intake = request.app.state.intake
    names: Mapping[str, str] = {}
    usable: Mapping[str, tuple[int, int]] = {}
    failed = ""
    try:
        names = await intake.entities(who.token)
        usable = await intake.quality_by_entity(who.token)
    except UpstreamError as error:
        failed = error.said
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        known = {row["entity"]: row for row in await places.entities(tx.conn)}
        received = await places.last_received(tx.conn)
        refs = sorted(set(known) | set(names))
        timely = {key[1]: figure(data) for key, data in (await _timeliness(tx.conn, refs)).items()}
    rows = [
        {
            "ref": ref,
            "name": names.get(ref) or known.get(ref, {}).get("name") or ref,
            "projects": known.get(ref, {}).get("projects", 0),
            "countries": known.get(ref, {}).get("countries", 0),
            "usable": usable.get(ref),
            "timeliness": timely.get(f"entity:{ref}"),
            "last": _last(known.get(ref, {}).get("updated_at"), received.get(ref)),
        }
        for ref in refs
    ]
    return render(
        request,
        "entities.html",
        who,
        **around,
        place="entities",
        entities=sorted(rows, key=lambda row: (row["name"].casefold(), row["ref"])),
        failed=failed,
        reads=read_as(who.principal),
    )


@router.get("/entities/{ref}")
async def show_entity(request: Request, who: Reader, ref: str) -> Response:
    """One entity. Without intake or scoring it still shows, and says what cannot be read now."""
    return await page(request, who, ref)


async def page(request: Request, who: Caller, ref: str, *, refusal: str = "", status: int = 200) -> Response:
    """The entity's page; ``refusal`` is what an attempt to adopt was answered."""
    scope = f"entity:{ref}"
    cells = [f"entity-pillar:{ref}|{pillar}" for pillar in PILLARS]
    since = _first_month(now())
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        known = await places.entity(tx.conn, ref)
        found = await figures_of(tx.conn, [scope, *cells])
        rows = await places.projects(tx.conn, entity=ref, limit=_PROJECTS)
        keys = [("M4", f"project:{row['project_id']}") for row in rows]
        scores = await figures.several(tx.conn, keys)
        months = await places.received_by_month(tx.conn, ref, since)
        received = (await places.last_received(tx.conn)).get(ref)
    own = of_scope(found, scope)
    timeliness = found.get(("M15", scope))
    name = await _name(request, who, ref, known)
    read, (duties, duties_failed) = await asyncio.gather(
        readability.read(request, who, ref, every="every" in request.query_params), _duties(request, who, timeliness)
    )
    async with transaction(request, who) as tx:
        names = await titles(tx.conn, read.scopes)
    told = dialect.TOLD.get(request.query_params.get("told", ""))
    return render(
        request,
        "entity.html",
        who,
        status=status,
        **around,
        place="entities",
        ref=ref,
        name=name,
        scope=scope,
        known=known,
        figures=own,
        timeliness=timeliness,
        effectiveness=found.get(("M4", scope)),
        last=_last(known["updated_at"] if known else None, received),
        pillars=[{"code": p, "figure": found.get(("M4", cell))} for p, cell in zip(PILLARS, cells, strict=True)],
        projects=[summary(row, scores.get(key)) for row, key in zip(rows, keys, strict=True)],
        titles={ref: name, **names},
        read=read,
        pieces=shares(read.readability.pieces) if read.readability else (),
        settled=_(", ").join(said(words.flag(code).text) for code in read.readability.settled)
        if read.readability
        else "",
        may_adopt=readability.may_adopt(who.principal, ref),
        refusal=refusal,
        told=said(told) if told else "",
        receipt=request.query_params.get("receipt", "")[:64] if told else "",
        months=_calendar(since, months, timeliness, readable=_reads_receipts(who, ref)),
        receipts_readable=_reads_receipts(who, ref),
        duties=duties,
        duties_failed=duties_failed,
        flags=flagged([*own, *(found[key] for key in found if key[1] in cells)]),
        reads=read_as(who.principal),
    )


async def _name(request: Request, who: Caller, ref: str, known: Mapping[str, Any] | None) -> str:
    """What the entity is called. Raises 404 where it is neither registered nor known by a project."""
    intake: Intake = request.app.state.intake
    try:
        names = await intake.entities(who.token)
    except UpstreamError:
        names = {}
    if known is None and ref not in names:
        raise nothing(_("Entity %(ref)s", ref=ref))
    return names.get(ref) or (known or {}).get("name") or ref


async def _timeliness(conn: Any, refs: list[str]) -> dict[tuple[str, str], dict[str, Any]]:
    return await figures.several(conn, [("M15", f"entity:{ref}") for ref in refs])


async def _duties(request: Request, who: Caller, timeliness: Figure | None) -> tuple[list[Duty], str]:
    """The reports that were due, the latest first; and why they cannot be said, where that is so."""
    if timeliness is None or timeliness.kept_back:
        return [], ""
    scoring: Scoring = request.app.state.scoring
    try:
        tree = await scoring.explanation(who.token, "M15", timeliness.scope)
    except UpstreamError as error:
        return [], error.said
    found = [
        Duty(str(fact["label"]), date.fromisoformat(values["due"]), _day(values.get("came")))
        for child in tree.get("children", ())
        if child.get("kind") == "entity"
        for fact in child.get("children", ())
        if (values := _values(fact)).get("due")
    ]
    return sorted(found, key=lambda duty: duty.due, reverse=True)[:_MONTHS], ""


def _values(fact: Mapping[str, Any]) -> Mapping[str, Any]:
    calc = (fact.get("said") or {}).get("calc")
    return calc.get("values", {}) if isinstance(calc, Mapping) else {}


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None


def _reads_receipts(who: Caller, ref: str) -> bool:
    """Whether the absence of a receipt tells this reader anything: its own entity's, and those who help it."""
    return who.principal.role in {"secretariat", "operator"} or who.principal.organisation == ref


def _first_month(at: datetime) -> datetime:
    """The first instant of the month eleven months before."""
    months = at.year * 12 + at.month - 1 - (_MONTHS - 1)
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _calendar(
    since: datetime, received: list[tuple[datetime, int, int]], timeliness: Figure | None, *, readable: bool
) -> list[Month]:
    """The last twelve months: submissions where the reader may see them, and the months that M15 has figures of."""
    came = {month.date(): (count, held) for month, count, held in received}
    back = set((timeliness.parts.get("months") or ()) if timeliness is not None else ())
    found = []
    for n in range(_MONTHS):
        months = since.year * 12 + since.month - 1 + n
        first = date(months // 12, months % 12 + 1, 1)
        count, held = came.get(first, (0, 0))
        found.append(Month(first, count if readable else None, held, bool(count) or _MONTHS - n in back))
    return found


def _last(changed: datetime | None, received: datetime | None) -> datetime | None:
    """When the entity was heard of last, as far as the reader may know."""
    return max((at for at in (changed, received) if at is not None), default=None)
