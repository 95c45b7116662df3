"""An entity's readability and its dialect: what intake and scoring say, read beside each other."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import now, reader, router
from portal_gateway.clients.services import Intake, Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain import dialect
from portal_gateway.domain.dialect import Change, Evidence
from portal_gateway.domain.export.columns import plain
from portal_gateway.domain.readability import Readability, readability
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import _, language, said
from portal_gateway.domain.view import narrative
from portal_gateway.store import places
from runtime.access import Principal

_SHOWN: Final = 5
_PART: Final = 2_000
NOBODY: Final = 404
"""What scoring answers of an entity without a project that the caller may read."""

Reader = Annotated[Caller, Depends(reader)]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the entity is read, what is proposed, and the preview; ``readings`` are what the button adopts."""

    standing: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    readings: str = ""
    evidence: tuple[Evidence, ...] = ()
    indicators: int = 0
    now: int = 0
    then: int = 0
    whole: Change | None = None
    projects: tuple[Change, ...] = ()
    changed: int = 0
    fall: int = 0
    falls: tuple[Change, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def more(self) -> int:
        """Projects that would change and are not shown."""
        return self.changed - len(self.projects)


@dataclass(frozen=True, slots=True)
class Read:
    """What the page shows of both; ``failed`` and ``dialect_failed`` say what cannot be read now."""

    readability: Readability | None = None
    remedies: Mapping[str, str] = field(default_factory=dict)
    failed: str = ""
    dialect: Dialect | None = None
    dialect_failed: str = ""

    @property
    def scopes(self) -> list[str]:
        """The projects that the preview names."""
        shown = (*self.dialect.projects, *self.dialect.falls) if self.dialect else ()
        return [change.scope for change in shown]


def may_adopt(principal: Principal, entity: str) -> bool:
    """Whether intake would take a dialect of this entity from this person: the entity's own, or the secretariat's."""
    own = principal.role == "entity" and principal.organisation == entity
    return own or principal.role == "secretariat"


async def read(request: Request, who: Caller, entity: str, *, every: bool) -> Read:
    """Ask both services at once; either may be away. ``every`` shows each project that would change."""
    intake: Intake = request.app.state.intake
    scoring: Scoring = request.app.state.scoring
    (quality, failed), (found, dialect_failed) = await asyncio.gather(
        _answer(intake.quality(who.token, entity)), _answer(scoring.dialect(who.token, entity))
    )
    known = readability(quality, found["standing"] if found else {}) if quality else None
    return Read(
        readability=known if known is not None and known.indicators else None,
        remedies=quality["remedies"] if quality else {},
        failed=failed,
        dialect=_dialect(entity, found, now(), every=every) if found else None,
        dialect_failed=dialect_failed,
    )


async def _answer(asked: Awaitable[dict[str, Any]]) -> tuple[dict[str, Any] | None, str]:
    """What a service says, or why it does not; nothing of both where it knows of none."""
    try:
        return await asked, ""
    except UpstreamError as error:
        return None, "" if error.status == NOBODY else error.said


def _dialect(entity: str, found: Mapping[str, Any], at: datetime, *, every: bool) -> Dialect:
    preview = found["preview"]
    new = preview["readings"] if preview["readings"] != found["standing"] else {}
    changes = dialect.changes(preview, at) if new else []
    return Dialect(
        standing=tuple(dialect.readings(found["standing"])),
        proposed=tuple(dialect.readings(new)),
        readings=orjson.dumps(new).decode() if new else "",
        evidence=tuple(dialect.evidence(found)),
        indicators=preview["indicators"],
        now=preview["readable_before"],
        then=preview["readable_after"],
        whole=dialect.whole(entity, preview, at) if new else None,
        projects=tuple(changes if every else changes[:_SHOWN]),
        changed=preview.get("projects_changed", 0) if new else 0,
        fall=preview.get("fall", 0) if new else 0,
        falls=tuple(change for change in changes if change.falls)[:1],
        flags=tuple(f"BY_DIALECT:{name}" for name in new),
    )


@router.get("/entities/{ref}/indicators.csv")
async def unusable(request: Request, who: Reader, ref: str) -> Response:
    """The indicators of an entity that are due and cannot be used, each with the reason and its remedy."""
    rows: list[dict[str, Any]] = []
    after = ("", "")
    async with transaction(request, who) as tx:
        if await places.entity(tx.conn, ref) is None:
            raise nothing(_("Entity %(ref)s", ref=ref))
        while part := await places.unusable(tx.conn, ref, after, _PART):
            rows += part
            after = (part[-1]["project_id"], part[-1]["indicator_id"])
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [_("Project"), _("Title"), _("Result"), _("Indicator"), _("Title"), _("State"), _("Reason"), _("Remedy")]
    )
    writer.writerows([plain(value) for value in _line(row)] for row in rows)
    name = "".join(c if c.isalnum() or c in "-." else "_" for c in ref)
    return Response(
        "\N{ZERO WIDTH NO-BREAK SPACE}" + text.getvalue(),
        headers={"Content-Disposition": f'attachment; filename="{name}-indicators.csv"', "Cache-Control": "no-store"},
        media_type="text/csv; charset=utf-8",
    )


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    project, _lang = narrative(row["project"], language(), row["project_id"])
    flags = [flag for flag in row["flags"] if flag in words.FLAGS]
    wanting = [flag for flag in flags if words.FLAGS[flag].remedy] or flags
    return (
        row["project_id"],
        project,
        row["result_id"],
        row["indicator_id"],
        row["title"],
        row["state"] or "",
        "; ".join(said(words.FLAGS[flag].text) for flag in wanting),
        "; ".join(said(words.FLAGS[flag].remedy) for flag in wanting if words.FLAGS[flag].remedy),
    )
