"""When a reader is told: where their morning is, and when it is to be quiet; and what waits until then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import inside
from portal_gateway.api.caller import Caller, form_of
from portal_gateway.api.pages import notice
from portal_gateway.api.pages.frame import reader, router
from portal_gateway.clients.services import Notifier
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.speech.language import N_, said
from portal_gateway.domain.speech.told import spoken

_DAYS: Final = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip

Reader = Annotated[Caller, Depends(reader)]


@router.post("/inbox/hours")
async def keep(request: Request, who: Reader) -> Response:
    """Keep the reader's time zone and hours of quiet; no hours, no quiet."""
    form = await form_of(request, who)
    wanted: dict[str, Any] = {"zone": form.get("zone", "").strip()}
    if form.get("from") or form.get("to"):
        days = [int(day) for day in map(str, (await request.form()).getlist("day")) if day in set("1234567")]
        wanted["quiet"] = {"from": form.get("from", ""), "to": form.get("to", ""), "days": days}
    notifier: Notifier = request.app.state.notifier
    await notifier.keep_hours(who.token, wanted)
    return notice.leave(RedirectResponse(inside("/inbox/subscriptions"), 303), request.app.state.settings, "hours")


async def keep_zone(notifier: Notifier, token: str, zone: str) -> None:
    """Where the reader has said no zone, theirs is the browser's; a name the notifier does not know is left."""
    if not zone:
        return
    try:
        known = await notifier.hours(token)
        if not known["zone"]:
            await notifier.keep_hours(token, known | {"zone": zone})
    except UpstreamError as error:
        if error.status != 422:
            raise


def shown(hours: Mapping[str, Any]) -> dict[str, Any]:
    """Zone and hours of quiet for their form, with the days of the week by their names."""
    quiet = hours["quiet"] or {"from": "", "to": "", "days": list(range(1, 8))}
    days = [(day, said(name), day in quiet["days"]) for day, name in enumerate(_DAYS, 1)]
    return {"zone": hours["zone"], "from": quiet["from"], "to": quiet["to"], "days": days}


def waiting(digest: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    """What waits, in the reader's language, and when it comes."""
    lines = [{field: spoken(line, field, named) for field in ("title", "body")} for line in digest["lines"]]
    return {"due_at": datetime.fromisoformat(digest["due_at"]), "body": spoken(digest, "body", named), "lines": lines}
