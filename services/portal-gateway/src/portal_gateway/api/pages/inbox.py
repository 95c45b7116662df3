"""The inbox: messages found by what they are about, and filed, one or many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, cast, get_args

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import inside, instant_cursor, next_address
from portal_gateway.api.caller import Caller, form_of, transaction
from portal_gateway.api.pages import meant, notice
from portal_gateway.api.pages.frame import frame, names, query_of, reader, render, router
from portal_gateway.clients.services import Notifier
from portal_gateway.domain import snooze
from portal_gateway.domain.heard import Heard
from portal_gateway.domain.speech.language import N_
from portal_gateway.domain.speech.told import codes, spoken
from portal_gateway.store import messages
from portal_gateway.store.messages import View, Wanted
from runtime.http import cursor

_PAGE: Final = 30
_MOST: Final = 200
_ALL: Final = 500  # what the notifier reads in one call
_WAIT_S: Final = 2.0
_LOOK_S: Final = 0.03

VIEWS: Final[dict[View, str]] = {
    "inbox": N_("Inbox"),
    "unread": N_("Unread"),
    "snoozed": N_("Snoozed"),
    "archived": N_("Archived"),
    "all": N_("All"),
}
KINDS: Final = {"metric": N_("Figures"), "alert": N_("Alerts"), "receipt": N_("Receipts"), "digest": N_("Digests")}
"""What messages are about, as the notifier calls it."""

Reader = Annotated[Caller, Depends(reader)]


@router.get("/inbox")
async def inbox(request: Request, who: Reader) -> Response:
    """The messages asked for in the address."""
    if request.query_params.keys() & {"about", "value"}:  # where one subscribed before it had a page of its own
        return RedirectResponse(f"/inbox/subscriptions?{request.url.query}", 303)
    wanted = _wanted(request.query_params)
    wanted = replace(wanted, of=await meant.scope_of(request, who, wanted.of))
    before = instant_cursor(request.query_params.get("cursor"))
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        rows = await messages.page(tx.conn, who.principal.subject, wanted, before=before, limit=_PAGE)
        named = await named_in(tx.conn, rows)
    following = cursor(rows[-1]["shown_at"].isoformat(), rows[-1]["notification_id"]) if len(rows) == _PAGE else None
    chosen = {name: value for name, value in query_of(request).items() if name in _FILTERS and value}
    return render(
        request,
        "inbox.html",
        who,
        **around,
        place="inbox",
        messages=[_message(row, named) for row in rows],
        next=next_address(request, following) if following else None,
        view=wanted.view,
        views=VIEWS,
        kinds=KINDS,
        chosen=chosen,
        tomorrow=snooze.due("tomorrow", "", "", datetime.now(UTC)),
    )


@router.post("/inbox/file")
async def file(request: Request, who: Reader) -> Response:
    """Read, snooze, archive, or take that back: one message by its own button, or those chosen."""
    form = await form_of(request, who)
    do, _, one = form.get("one", "").partition(":")
    ids = [one] if one else [str(value) for value in (await request.form()).getlist("m")][:_MOST]
    do = do or form.get("do", "")
    answer = RedirectResponse(inside(form.get("next") or "/inbox"), 303)
    settings, notifier = request.app.state.settings, cast("Notifier", request.app.state.notifier)
    until = None
    if do == "snooze":
        choice = "tomorrow" if one else form.get("until", "tomorrow")
        until = snooze.due(choice, form.get("day", ""), form.get("zone", ""), datetime.now(UTC))
        if until is None:
            return notice.leave(answer, settings, "no-day")
    if not ids and do != "read-all":
        return notice.leave(answer, settings, "nothing")
    if do == "read-all":
        changed = await _read_all(notifier, who.token)
    else:
        wish = {"ids": ids, "do": do} | ({"until": until.isoformat()} if until else {})
        changed = await notifier.file(who.token, wish)
    await _shown(request, who, changed)
    if changed:
        notice.leave(answer, settings, cast("notice.Kind", do), [row["id"] for row in changed], until=until)
    return answer


async def _read_all(notifier: Notifier, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        changed = await notifier.read_all(token)
        found += changed
        if len(changed) < _ALL:
            return found


async def _shown(request: Request, who: Caller, changed: list[dict[str, Any]]) -> None:
    """Wait until the page can show what was just done; after a while it is shown as it stands, and follows live."""
    revisions = {row["id"]: row["revision"] for row in changed}
    end = asyncio.get_running_loop().time() + _WAIT_S
    while revisions and asyncio.get_running_loop().time() < end:
        async with transaction(request, who) as tx:
            if await messages.behind(tx.conn, who.principal.subject, revisions) == 0:
                return
        await asyncio.sleep(_LOOK_S)


_FILTERS: Final = ("view", "kind", "figure", "of", "from", "to", "q")


def _wanted(query: Mapping[str, str]) -> Wanted:
    """What the address asks for; what cannot be read is not asked."""
    view = query.get("view", "inbox")
    return Wanted(
        view=view if view in get_args(View) else "inbox",  # type: ignore[arg-type]
        kind=query.get("kind", "") if query.get("kind") in KINDS else "",
        metric=query.get("figure", "")[:3],
        of=query.get("of", "").strip()[:256],
        since=_day(query.get("from", "")),
        until=_day(query.get("to", "")),
        words=tuple(query.get("q", "")[:200].split()[:10]),
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 < found.year < 9000 else None


async def named_in(conn: Any, rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Heard]:
    """The names that the reader may know of what these messages, and the lines of digests, speak of by code."""
    found = {code for row in rows for one in (row, *row.get("lines", [])) for code in codes(one.get("said") or {})}
    scopes = {code for code in found if code.startswith("indicator:")}
    parts = [code.removeprefix("indicator:").partition("|") for code in scopes]
    plain = found - scopes
    return await names(conn, plain, plain, [(project, indicator) for project, _bar, indicator in parts])


def _message(row: dict[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """A message in the reader's language; a link is followed only inside the portal."""
    link = row["link"]
    snoozed, archived = (_instant(row.get(name)) for name in ("snoozed_until", "archived_at"))
    return row | {
        **{field: spoken(row, field, named) for field in ("title", "body", "reason")},
        "lines": [_line(line, named) for line in row.get("lines", [])],
        # A digest of several subscriptions ends each of them at its line.
        "stop": row["subscription_id"] if len(row.get("subscriptions", [])) < 2 else "",
        "created_at": datetime.fromisoformat(row["created_at"]),
        "snoozed_until": snoozed if snoozed and snoozed > datetime.now(UTC) else None,
        "archived_at": archived,
        "address": _inside(link) if row["kind"] != "digest" else "",
    }


def _line(line: dict[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """A fact of a digest in the reader's language."""
    texts = {field: spoken(line, field, named) for field in ("title", "body")}
    return line | texts | {"address": _inside(line["link"])}


def _inside(link: str) -> str:
    return link if link.startswith("/") and not link.startswith("//") else ""


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
