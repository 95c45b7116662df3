"""What a person asked to be told: asked from any page, listed with what it brings, changed, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import inside
from portal_gateway.api.caller import Caller, form_of, transaction
from portal_gateway.api.pages import hours, meant, notice
from portal_gateway.api.pages.frame import frame, reader, render, router, titles
from portal_gateway.api.pages.inbox import named_in
from portal_gateway.clients.services import Notifier
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.errors import ScopeError
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.speech.names import scope_name
from portal_gateway.domain.steps import PACES, STEPS
from portal_gateway.store import messages
from portal_gateway.web.render import areas

KINDS: Final[dict[str, str]] = {
    "metric": N_("A figure"),
    "alert": N_("Alerts"),
    "project": N_("A project"),
    "receipts": N_("Receipts of an entity"),
}
"""What one may subscribe to, as the notifier calls it."""

_FIELD: Final = {"metric": "scope", "alert": "scope", "project": "project_id", "receipts": "entity"}
_NAMED: Final = frozenset({"metric", "alert", "receipts"})  # what a name may be typed for; a project has its identifier
_STEPPED: Final = frozenset({"metric", "project"})
_PATIENCE_S: Final = 1.0
_PERIOD: Final = timedelta(days=30)
_PAGE: Final = "/inbox/subscriptions"

Reader = Annotated[Caller, Depends(reader)]


@router.get(_PAGE)
async def subscriptions(request: Request, who: Reader) -> Response:
    """Every subscription with what it brings, and a form for a new one."""
    notifier: Notifier = request.app.state.notifier
    failed, wishes, told_when, waiting = "", [], None, None
    try:
        wishes, told_when, waiting = await asyncio.gather(
            notifier.subscriptions(who.token), notifier.hours(who.token), notifier.waiting(who.token)
        )
    except UpstreamError as error:
        failed = error.said
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        names = await titles(tx.conn, _scopes(wishes))
        named = await named_in(tx.conn, [waiting]) if waiting else {}
        brought = await messages.brought(tx.conn, who.principal.subject, datetime.now(UTC) - _PERIOD)
    query = request.query_params
    return render(
        request,
        "subscriptions.html",
        who,
        **around,
        place="inbox",
        titles=names,
        subscriptions=[_wish(wish, names, brought) for wish in wishes],
        failed=failed,
        hours=hours.shown(told_when) if told_when else None,
        waiting=hours.waiting(waiting, named) if waiting else None,
        kinds=KINDS,
        choices=await meant.choices(request, who),
        draft={
            "about": query.get("about", "metric"), "metric": query.get("metric", ""), "value": query.get("value", ""),
        },
        unknown=query.get("value", "")[:80] if query.get("unknown") else "",
    )  # fmt: skip


@router.post(_PAGE)
async def subscribe(request: Request, who: Reader) -> Response:
    """Ask to be told, and go back to where that was asked."""
    form = await form_of(request, who)
    about = form.get("about", "")
    value = form.get("value", "").strip()
    if about in _NAMED:
        value = await meant.scope_of(request, who, value)
        if about != "receipts" and value and ":" not in value and value != "global":
            again = {"about": about, "metric": form.get("metric", ""), "value": value, "unknown": "1"}
            return RedirectResponse(f"{_PAGE}?{urlencode(again)}#s-new", 303)
    if about == "receipts":
        value = value.removeprefix("entity:")
    wish: dict[str, Any] = {"about": about, _FIELD.get(about, "scope"): value or None}
    if about == "metric" and form.get("metric"):
        wish["metric"] = form["metric"]
    wish |= _limits(about, form) | _pace(form)
    notifier: Notifier = request.app.state.notifier
    known = {held["id"] for held in await notifier.subscriptions(who.token)}
    made = await notifier.subscribe(who.token, {name: value for name, value in wish.items() if value})
    if made.get("pace", "instant") != "instant":
        await hours.keep_zone(notifier, who.token, form.get("zone", ""))
    return _back(request, form, "told-already" if made["id"] in known else "subscribed")


@router.post(_PAGE + "/{subscription_id}")
async def change(request: Request, who: Reader, subscription_id: str) -> Response:
    """Change how often a subscription tells, or how much it lets through."""
    form = await form_of(request, who)
    notifier: Notifier = request.app.state.notifier
    try:
        await notifier.change(who.token, subscription_id, _limits(form.get("about", ""), form) | _pace(form))
    except UpstreamError as error:
        if error.problem.get("code") == "same-subscription":
            return _back(request, form, "same-already")
        raise
    return _back(request, form, "changed")


@router.post(_PAGE + "/{subscription_id}/delete")
async def unsubscribe(request: Request, who: Reader, subscription_id: str) -> Response:
    """Ask not to be told any more; an old message may ask it of a subscription that is gone."""
    form = await form_of(request, who)
    notifier: Notifier = request.app.state.notifier
    try:
        await notifier.unsubscribe(who.token, subscription_id)
    except UpstreamError as error:
        if error.problem.get("code") != "not-found":
            raise
    return _back(request, form, "unsubscribed")


async def told_of(
    request: Request, who: Caller, about: str, value: str, metric: str = ""
) -> list[dict[str, Any]] | None:
    """The reader's subscriptions to one thing, for ``_subscribe.html``; None where the notifier does not say so."""
    notifier: Notifier = request.app.state.notifier
    try:
        async with asyncio.timeout(_PATIENCE_S):
            wishes = await notifier.subscriptions(who.token)
    except (UpstreamError, TimeoutError):
        return None
    return [
        {"id": wish["id"], "step": step_of(wish), "pace": pace_of(wish)}
        for wish in wishes
        if wish["about"] == about
        and wish.get(_FIELD[about]) == value
        and (about != "metric" or wish.get("metric") in {metric, None})
    ]


def step_of(wish: Mapping[str, Any]) -> str:
    """From how much change on one is told, in words; the empty text where that cannot be said of the subscription."""
    if wish["about"] == "receipts":
        return _("Only what is to be mended") if wish.get("only_problems") else _("Every receipt")
    if wish["about"] not in _STEPPED:
        return ""
    least = int(wish.get("min_change") or 0)
    if least in STEPS:
        return said(STEPS[least])
    return _("From %(points)s points of change", points=f"{least / 10_000:.4f}".rstrip("0").rstrip("."))


def pace_of(wish: Mapping[str, Any]) -> str:
    """How often one is told, in words; the empty text where that is as it happens."""
    pace = wish.get("pace", "instant")
    return said(PACES.get(pace, pace)) if pace != "instant" else ""


def _pace(form: Mapping[str, str]) -> dict[str, str]:
    """How often the form asks to be told; one the notifier does not know is its to explain."""
    return {"pace": form["pace"]} if form.get("pace") else {}


def _limits(about: str, form: Mapping[str, str]) -> dict[str, Any]:
    """How much the form lets through; a number the notifier refuses is its to explain."""
    if about == "receipts":
        return {"only_problems": form.get("only_problems") == "1"}
    least = form.get("min_change", "")
    if about not in _STEPPED or not least:
        return {}
    return {"min_change": int(least) if least.isascii() and least.isdigit() and len(least) < 10 else -1}


def _back(request: Request, form: Mapping[str, str], kind: notice.Kind) -> Response:
    """Back to the page the form was on, which says what was done."""
    return notice.leave(RedirectResponse(inside(form.get("next") or _PAGE), 303), request.app.state.settings, kind)


def _scopes(wishes: Iterable[Mapping[str, Any]]) -> list[str]:
    found = []
    for wish in wishes:
        if wish.get("scope"):
            found.append(wish["scope"])
        if wish.get("project_id"):
            found.append(f"project:{wish['project_id']}")
        if wish.get("entity"):
            found.append(f"entity:{wish['entity']}")
    return found


def _wish(
    wish: Mapping[str, Any], names: Mapping[str, str], brought: Mapping[str, tuple[datetime, int]]
) -> dict[str, Any]:
    last, count = brought.get(wish["id"], (None, 0))
    return {
        "id": wish["id"],
        "about": wish["about"],
        "kind_name": said(KINDS.get(wish["about"], wish["about"])),
        "what": _(", ").join(_parts(wish, names)) or _("Everything"),
        "address": _address(wish),
        "min_change": wish.get("min_change") or 0,
        "only_problems": bool(wish.get("only_problems")),
        "step": step_of(wish),
        "pace": wish.get("pace", "instant"),
        "pace_name": pace_of(wish),
        "stepped": wish["about"] in _STEPPED,
        "last": last,
        "count": count,
    }


def _parts(wish: Mapping[str, Any], names: Mapping[str, str]) -> Sequence[str]:
    parts = []
    if wish["about"] == "metric":
        parts.append(said(words.metric(wish["metric"]).name) if wish.get("metric") else _("Every metric"))
    if wish.get("scope"):
        try:
            parts.append(scope_name(wish["scope"], areas=areas(), titles=names))
        except ScopeError:
            parts.append(wish["scope"])
    return parts + [names.get(wish[field]) or wish[field] for field in ("project_id", "entity") if wish.get(field)]


def _address(wish: Mapping[str, Any]) -> dict[str, str]:
    """The messages that it brought, as the inbox finds them."""
    found = {"figure": wish.get("metric"), "of": next((wish[f] for f in set(_FIELD.values()) if wish.get(f)), "")}
    return {"view": "all"} | {name: value for name, value in found.items() if value}
