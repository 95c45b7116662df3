"""What was read and changed, gathered from the audit logs of all services under the caller's own rights."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import orjson
from fastapi import Request

from portal_gateway.api.caller import Caller, transaction
from portal_gateway.clients.operations import Others
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain import account
from portal_gateway.domain.account import Deed
from portal_gateway.domain.export.columns import plain
from runtime import audit

OWN: Final = "portal-gateway"
MOST: Final = 200
"""Rows of one page."""

_EXPORTED: Final = 5000  # rows of each service in a file


@dataclass(frozen=True, slots=True)
class Deeds:
    """Rows of all services, the latest first; ``silent`` are services that did not answer."""

    rows: list[Deed]
    silent: list[str]
    more: bool


async def deeds(
    request: Request,
    who: Caller,
    *,
    day: date | None = None,
    action: str | None = None,
    actor: str | None = None,
    services: Iterable[str] | None = None,
    limit: int = MOST,
) -> Deeds:
    """Of one UTC day, or the latest."""
    since = datetime.combine(day, time(), UTC) if day else None
    until = since + timedelta(days=1) if since else None
    others: Others = request.app.state.others
    wanted = set(services) if services is not None else {OWN, *others.names}
    found: list[Deed] = []
    silent: list[str] = []
    full = False
    if OWN in wanted:
        async with transaction(request, who) as tx:
            rows = await audit.latest(tx.conn, since=since, until=until, actor=actor, action=action, limit=limit)
        found += [_deed(OWN, row) for row in rows]
        full |= len(rows) == limit
    asked = {"since": _text(since), "until": _text(until), "actor": actor, "action": action, "limit": limit}
    answers = await others.ask_all("/v1/audit/latest", who.token, **asked) if wanted - {OWN} else {}
    for name, answer in answers.items():
        if name not in wanted:
            continue
        if isinstance(answer, UpstreamError):
            silent.append(name)
            continue
        found += [_deed(name, row | {"at": datetime.fromisoformat(row["at"])}) for row in answer["items"]]
        full |= len(answer["items"]) == limit
    found.sort(key=lambda one: (one.at, one.service, one.seq), reverse=True)
    return Deeds(found[:limit], silent, full or len(found) > limit)


async def exported(request: Request, who: Caller, day: date | None) -> bytes:
    """The caller's own rows as CSV, UTF-8 with a byte order mark; a cell is never a formula."""
    found = await deeds(request, who, day=day, actor=who.principal.subject, limit=_EXPORTED)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["at", "service", "seq", "action", "object", "class", "status", "trace"])
    for one in found.rows:
        for name in one.more or [one.object]:
            cells = [one.at.isoformat(), one.service, one.seq, one.action, name, one.classes, one.status, one.trace]
            writer.writerow(["" if cell is None else plain(str(cell)) for cell in cells])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def day_of(text: str) -> date | None:
    """A day as a form or an address says it; None for none, and for what is no day."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        return None


def _deed(service: str, row: Any) -> Deed:
    detail = row["detail"]
    return account.deed(service, row, orjson.loads(detail) if isinstance(detail, str) else detail)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
