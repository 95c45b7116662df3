"""Operations: health, quarantine with replay, and the whole audit log; for operators, and for nobody else there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, form_of, transaction
from portal_gateway.api.deeds import OWN, day_of, deeds
from portal_gateway.api.pages.frame import frame, reader, render, router
from portal_gateway.clients.operations import Others
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.heard import ended, heard
from portal_gateway.domain.speech.language import _
from portal_gateway.settings import Settings
from runtime import audit, dlq
from runtime.audit_api import verification
from runtime.http import Problem

_LISTED: Final = 100


async def _operator(who: Annotated[Caller, Depends(reader)]) -> Caller:
    if who.principal.role != "operator":
        raise nothing(_("The page"))
    return who


Operator = Annotated[Caller, Depends(_operator)]


@router.get("/operations")
async def operations(
    request: Request,
    who: Operator,
    service: str = "",
    stream: str = "",
    code: str = "",
    after: int = 0,
    done: bool = False,
) -> Response:
    """Every service's health, and what waits in quarantine."""
    others: Others = request.app.state.others
    names = [OWN, *others.names]
    after = after if service in names and 0 <= after < 2**62 else 0
    wanted: dict[str, Any] = {
        "topic": stream.strip()[:300] or None,
        "code": code.strip()[:300] or None,
        "waiting": not done,
    }
    health, answers, own = await asyncio.gather(
        others.ask_all("/health/ready", who.token),
        others.ask_all("/v1/dlq", who.token, **wanted, limit=_LISTED, after=after),
        dlq.page(request, limit=_LISTED, after=after, **wanted),
    )
    lists: dict[str, Any] = {OWN: {"items": own}} | answers
    chosen = {name: lists[name] for name in ([service] if service in names else names)}
    items = [
        _item(name, row)
        for name, found in chosen.items()
        if not isinstance(found, UpstreamError)
        for row in found["items"]
    ]
    own_health = {part: text for check in request.app.state.checks for part, text in (await check()).items()}
    own_behind = {consumer.name: consumer.behind for consumer in request.app.state.consumers}
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
    return render(
        request,
        "operations.html",
        who,
        **around,
        place="operations",
        services=[
            _health(OWN, {"missing": own_health, "behind": own_behind}),
            *(_health(name, found) for name, found in health.items()),
        ],
        items=sorted(items, key=lambda item: item["quarantined_at"], reverse=True),
        silent=[name for name, found in chosen.items() if isinstance(found, UpstreamError)],
        names=names,
        chosen={"service": service, "stream": stream, "code": code, "done": done},
        following=items[-1]["id"] if service in names and len(items) == _LISTED else None,
        most=_LISTED,
    )


@router.get("/operations/quarantine/{service}/{record}")
async def show(request: Request, who: Operator, service: str, record: int, said: str = "") -> Response:
    """One record whole."""
    return await _record(request, who, service, record, replayed=said == "replayed")


@router.post("/operations/quarantine/{service}/{record}/replay")
async def replay(request: Request, who: Operator, service: str, record: int) -> Response:
    """Apply it again; a refusal is shown beside the record."""
    await form_of(request, who)
    others: Others = request.app.state.others
    try:
        if service == OWN:
            await dlq.apply_again(request, record)
        elif service in others.names:
            await others.ask(service, "POST", f"/v1/dlq/{record}/replay", who.token)
        else:
            raise nothing(_("The record"))
    except UpstreamError as error:
        return await _record(request, who, service, record, failed=error.said, status=error.status or 503)
    except Problem as problem:
        if problem.status != 409:
            raise
        failed = " ".join(ended(heard(part)) for part in (problem.title, problem.detail) if part)
        return await _record(request, who, service, record, failed=failed, status=409)
    return RedirectResponse(f"/operations/quarantine/{service}/{record}?said=replayed", 303)


@router.get("/operations/audit")
async def log(
    request: Request,
    who: Operator,
    service: str = "",
    actor: str = "",
    day: str = "",
    kind: str = "",
    verify: bool = False,
) -> Response:
    """The audit log of every service, the latest first, and whether each chain is whole."""
    others: Others = request.app.state.others
    names = [OWN, *others.names]
    audit.seen("the audit log", "operators")
    found = await deeds(
        request,
        who,
        day=day_of(day),
        action=kind if kind in {"read", "command"} else None,
        actor=actor.strip()[:300] or None,
        services=[service] if service in names else None,
    )
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
    return render(
        request,
        "audit.html",
        who,
        **around,
        place="operations",
        deeds=found,
        chains=await _chains(request, who) if verify else None,
        names=names,
        chosen={"service": service, "actor": actor, "day": day if day_of(day) else "", "kind": kind},
        viewer=_viewer(request),
    )


async def _chains(request: Request, who: Caller) -> list[dict[str, Any]]:
    others: Others = request.app.state.others
    settings: Settings = request.app.state.settings
    found: dict[str, Any] = {OWN: await verification(request.app.state.database, settings)}
    found |= await others.ask_all("/v1/audit/verification", who.token)
    return [
        {"service": name, "failed": answer.said, "rows": 0, "fault": None, "hash": ""}
        if isinstance(answer, UpstreamError)
        else {"service": name, "failed": "", **answer, "hash": answer["head"]["hash"]}
        for name, answer in found.items()
    ]


async def _record(
    request: Request,
    who: Caller,
    service: str,
    record: int,
    *,
    replayed: bool = False,
    failed: str = "",
    status: int = 200,
) -> Response:
    others: Others = request.app.state.others
    try:
        if service == OWN:
            found = await dlq.whole(request, record)
        elif service in others.names:
            found = await others.ask(service, "GET", f"/v1/dlq/{record}", who.token)
            audit.seen(f"{service} quarantine:{record}", "operators")
        else:
            raise nothing(_("The record"))
    except UpstreamError as error:
        if error.status == 404:
            raise nothing(_("The record")) from None
        raise Problem(503, "service-unavailable", error.said, _("Try again in a moment.")) from None
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
    return render(
        request,
        "quarantined.html",
        who,
        status=status,
        **around,
        place="operations",
        item=_item(service, found),
        headers=found["headers"],
        text=found["body"].get("text"),
        packed=found["body"].get("base64"),
        problems=dlq.problems_of(found),
        key=found["key"],
        replayed=replayed,
        failed=failed,
        viewer=_viewer(request),
    )


def _item(service: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(row) | {
        "service": service,
        "quarantined_at": _instant(row["quarantined_at"]),
        "replayed_at": _instant(row["replayed_at"]) if row["replayed_at"] else None,
        "trace": row["traceparent"].split("-")[1] if row["traceparent"] else "",
    }


def _health(service: str, found: Any) -> dict[str, Any]:
    """Ready, or what is not, and how many events wait for it, None where it does not say. A service that is not ready
    answers 503 and says so."""
    failed = isinstance(found, UpstreamError)
    told = found.problem if failed else found
    missing = told.get("missing")
    behind = told.get("behind")
    return {
        "service": service,
        "missing": _heard(missing) if missing else {"": found.said} if failed else {},
        "behind": sum(behind.values()) if behind else None,
    }


def _heard(missing: Mapping[str, str]) -> dict[str, str]:
    return {part: heard(text) for part, text in missing.items()}


def _viewer(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return f"{settings.trace_viewer_url.rstrip('/')}/zipkin/traces/" if settings.trace_viewer_url else ""


def _instant(at: Any) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)
