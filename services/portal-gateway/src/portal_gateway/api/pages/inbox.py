"""The inbox: messages, and what a person asked to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import instant_cursor, next_address, upstream_problem
from portal_gateway.api.caller import Caller, form_of, transaction
from portal_gateway.api.pages.frame import frame, reader, render, router, titles
from portal_gateway.clients.services import Notifier
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain import words
from portal_gateway.domain.errors import ScopeError
from portal_gateway.domain.language import N_, _, said
from portal_gateway.domain.names import scope_name
from portal_gateway.store import messages
from portal_gateway.web.render import areas
from runtime.http import cursor

_PAGE: Final = 30
_ALL: Final = 200

KINDS: Final[dict[str, str]] = {
    "metric": N_("A figure"),
    "alert": N_("Alerts"),
    "project": N_("A project"),
    "receipts": N_("Receipts of an entity"),
}
"""What one may subscribe to, as the notifier calls it."""

Reader = Annotated[Caller, Depends(reader)]


@router.get("/inbox")
async def inbox(request: Request, who: Reader) -> Response:
    """Messages, subscriptions, and a form for a new one. Without the notifier the messages still show."""
    before = instant_cursor(request.query_params.get("cursor"))
    notifier: Notifier = request.app.state.notifier
    failed, wishes = "", []
    try:
        wishes = await notifier.subscriptions(who.token)
    except UpstreamError as error:
        failed = error.said
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        rows = await messages.page(tx.conn, who.principal.subject, unread=False, before=before, limit=_PAGE)
        names = await titles(tx.conn, _scopes(wishes))
    following = cursor(rows[-1]["created_at"], rows[-1]["notification_id"]) if len(rows) == _PAGE else None
    return render(
        request,
        "inbox.html",
        who,
        **around,
        place="inbox",
        titles=names,
        messages=[_message(row) for row in rows],
        next=next_address(request, following) if following else None,
        subscriptions=[_wish(wish, names) for wish in wishes],
        subscriptions_failed=failed,
        kinds=KINDS,
        draft={
            "about": request.query_params.get("about", "metric"),
            "metric": request.query_params.get("metric", ""),
            "value": request.query_params.get("value", ""),
        },
    )


@router.post("/inbox/read-all")
async def read_all(request: Request, who: Reader) -> Response:
    """Note that every message so far was read."""
    await form_of(request, who)
    notifier: Notifier = request.app.state.notifier
    async with transaction(request, who) as tx:
        waiting = await messages.unread_ids(tx.conn, who.principal.subject, _ALL)
    return await _command(lambda: _each(notifier, who.token, waiting))


@router.post("/inbox/{notification_id}/read")
async def read(request: Request, who: Reader, notification_id: str) -> Response:
    """Note that a message was read."""
    await form_of(request, who)
    notifier: Notifier = request.app.state.notifier
    return await _command(lambda: notifier.read(who.token, notification_id))


@router.post("/inbox/subscriptions")
async def subscribe(request: Request, who: Reader) -> Response:
    """Ask to be told."""
    form = await form_of(request, who)
    notifier: Notifier = request.app.state.notifier
    about, value = form.get("about", ""), form.get("value", "").strip()
    field = {"metric": "scope", "alert": "scope", "project": "project_id", "receipts": "entity"}.get(about, "scope")
    wish = {"about": about, field: value or None}
    if about == "metric" and form.get("metric"):
        wish["metric"] = form["metric"]
    return await _command(lambda: notifier.subscribe(who.token, {k: v for k, v in wish.items() if v}))


@router.post("/inbox/subscriptions/{subscription_id}/delete")
async def unsubscribe(request: Request, who: Reader, subscription_id: str) -> Response:
    """Ask not to be told any more."""
    await form_of(request, who)
    notifier: Notifier = request.app.state.notifier
    return await _command(lambda: notifier.unsubscribe(who.token, subscription_id))


async def _command(ask: Any) -> Response:
    """Hand a wish to the notifier, who owns it, and show the inbox again."""
    try:
        await ask()
    except UpstreamError as error:
        raise upstream_problem(error) from None
    return RedirectResponse("/inbox", 303)


async def _each(notifier: Notifier, token: str, ids: list[str]) -> None:
    for notification_id in ids:
        await notifier.read(token, notification_id)


def _message(row: dict[str, Any]) -> dict[str, Any]:
    """A link is followed only inside the portal."""
    link = row["link"]
    inside = link.startswith("/") and not link.startswith("//")
    return row | {"created_at": datetime.fromisoformat(row["created_at"]), "address": link if inside else ""}


def _scopes(wishes: list[dict[str, Any]]) -> list[str]:
    found = []
    for wish in wishes:
        if wish.get("scope"):
            found.append(wish["scope"])
        if wish.get("project_id"):
            found.append(f"project:{wish['project_id']}")
        if wish.get("entity"):
            found.append(f"entity:{wish['entity']}")
    return found


def _wish(wish: dict[str, Any], names: Any) -> dict[str, str]:
    parts = []
    if wish["about"] == "metric":
        parts.append(said(words.metric(wish["metric"]).name) if wish.get("metric") else _("Every metric"))
    if wish.get("scope"):
        try:
            parts.append(scope_name(wish["scope"], areas=areas(), titles=names))
        except ScopeError:
            parts.append(wish["scope"])
    parts += [names.get(wish[field]) or wish[field] for field in ("project_id", "entity") if wish.get(field)]
    if wish.get("only_problems"):
        parts.append(_("only what is to be mended"))
    return {
        "id": wish["id"],
        "kind_name": said(KINDS.get(wish["about"], wish["about"])),
        "what": _(", ").join(parts) or _("Everything"),
    }
