"""What was just done, said once on the next page: kept in the browser for that one page, with what undoes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from fastapi import Request
from starlette.responses import Response

from portal_gateway.api.caller import bound, secure
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import N_, ngettext, said
from portal_gateway.settings import Settings

_COOKIE: Final = "plumbline_done"
_SECONDS: Final = 120
_LONGEST: Final = 3500  # characters; a browser keeps 4096 with the name
_MOST: Final = 60  # ids

Kind = Literal[
    "read", "unread", "snooze", "wake", "archive", "unarchive", "read-all", "nothing",
    "subscribed", "told-already", "unsubscribed", "changed", "hours", "same-already", "no-day", "keys-on", "keys-off",
]  # fmt: skip

_UNDO: Final = {
    "read": "unread",
    "unread": "read",
    "snooze": "wake",
    "archive": "unarchive",
    "unarchive": "archive",
    "read-all": "unread",
}
"""What takes a filing back."""

_PLAIN: Final = {
    "nothing": N_("Nothing was changed. Choose messages first."),
    "subscribed": N_("You will be told when this changes."),
    "told-already": N_("You are told of this already."),
    "unsubscribed": N_("You are not told of this any more. Messages that have come stay."),
    "changed": N_("The subscription was changed."),
    "hours": N_("Your hours were kept."),
    "same-already": N_("Nothing was changed: you have another subscription that says the same."),
    "no-day": N_("Choose a day from tomorrow to a year ahead."),
    "keys-on": N_("Single keys are on."),
    "keys-off": N_("Single keys are off."),
}


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words; ``undo`` is the wish that takes it back, for the messages ``ids``."""

    text: str
    undo: str = ""
    ids: tuple[str, ...] = ()


def leave(
    answer: Response,
    settings: Settings,
    kind: Kind,
    ids: Sequence[str] = (),
    *,
    n: int = 0,
    until: datetime | None = None,
) -> Response:
    """Let the next page say what was done; more messages than a cookie holds cannot be undone at once."""
    kept = list(ids) if len(ids) <= _MOST else []
    data = {"kind": kind, "ids": kept, "n": n or len(ids), "until": until.isoformat() if until else ""}
    text = base64.urlsafe_b64encode(json.dumps(data).encode()).decode()
    if len(text) > _LONGEST:
        text = base64.urlsafe_b64encode(json.dumps(data | {"ids": []}).encode()).decode()
    name = bound(settings, _COOKIE)
    answer.set_cookie(name, text, max_age=_SECONDS, path="/", secure=secure(settings), httponly=True, samesite="lax")
    return answer


def forget(answer: Response, settings: Settings) -> None:
    """It was said."""
    name = bound(settings, _COOKIE)
    answer.delete_cookie(name, path="/", secure=secure(settings), httponly=True, samesite="lax")


def pending(request: Request) -> Done | None:
    """What is to be said, None for nothing and for what we did not write."""
    text = request.cookies.get(bound(request.app.state.settings, _COOKIE), "")
    if not text or len(text) > _LONGEST:
        return None
    try:
        data = json.loads(base64.urlsafe_b64decode(text.encode()))
        kind, n, ids = str(data["kind"]), int(data["n"]), tuple(map(str, data["ids"]))[:_MOST]
        until = datetime.fromisoformat(data["until"]).astimezone(UTC) if data["until"] else None
        words = _words(kind, n, until)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return Done(words, _UNDO.get(kind, "") if ids else "", ids) if words else None


def _words(kind: str, n: int, until: datetime | None) -> str:
    count = numbers.grouped(n)
    match kind:
        case "read" | "read-all":
            return ngettext("%(count)s message marked read.", "%(count)s messages marked read.", n, count=count)
        case "unread":
            return ngettext("%(count)s message marked unread.", "%(count)s messages marked unread.", n, count=count)
        case "archive":
            return ngettext("%(count)s message archived.", "%(count)s messages archived.", n, count=count)
        case "unarchive" | "wake":
            return ngettext(
                "%(count)s message is back in the inbox.", "%(count)s messages are back in the inbox.", n, count=count
            )
        case "snooze" if until is not None:
            at = numbers.instant(until)
            return ngettext(
                "%(count)s message snoozed until %(at)s.",
                "%(count)s messages snoozed until %(at)s.",
                n,
                count=count,
                at=at,
            )
        case _:
            return said(_PLAIN.get(kind, ""))
