"""The keys: what they do, and a switch that turns those off that need no other key held (WCAG 2.2, 2.1.4)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import inside
from portal_gateway.api.caller import Caller, bound, form_of, secure, transaction
from portal_gateway.api.pages import notice
from portal_gateway.api.pages.frame import KEYS, frame, reader, render, router
from portal_gateway.domain.speech.language import N_
from portal_gateway.settings import Settings

_YEAR_S: Final = 31_536_000

EVERYWHERE: Final = (
    (("/",), N_("Search projects")),
    (("g", "i"), N_("Go to the inbox")),
    (("?",), N_("Show the keys")),
)
IN_THE_INBOX: Final = (
    (("j",), N_("The next message")),
    (("k",), N_("The message before")),
    (("x",), N_("Choose it, or not")),
    (("o",), N_("Open what it is about")),
    (("e",), N_("Archive it, or bring it back")),
    (("s",), N_("Snooze it until tomorrow")),
    (("r",), N_("Mark it read")),
    (("u",), N_("Mark it unread")),
)
"""Keys, one after the other, and what they do; portal.js does it."""

Reader = Annotated[Caller, Depends(reader)]


@router.get("/keys")
async def keys(request: Request, who: Reader) -> Response:
    """The list of keys, and whether they are on."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
    return render(
        request, "keys.html", who, **around, groups=((N_("Everywhere"), EVERYWHERE), (N_("In the inbox"), IN_THE_INBOX))
    )


@router.post("/keys")
async def turn(request: Request, who: Reader) -> Response:
    """Turn the keys on or off, in this browser."""
    form = await form_of(request, who)
    settings: Settings = request.app.state.settings
    on = form.get("keys") == "on"
    answer = RedirectResponse(inside(form.get("next") or "/keys"), 303)
    answer.set_cookie(
        bound(settings, KEYS),
        "on" if on else "off",
        max_age=_YEAR_S,
        path="/",
        secure=secure(settings),
        httponly=True,
        samesite="lax",
    )
    return notice.leave(answer, settings, "keys-on" if on else "keys-off")
