"""HTTP in: a person's subscriptions and inbox, under that person's own token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from notifier import telling, usecases
from notifier.domain.errors import (
    DomainError,
    FilingRefused,
    HoursRefused,
    NotFound,
    ReceiptsOfOthers,
    SameSubscription,
    SubscriptionRefused,
    TooManySubscriptions,
)
from notifier.domain.filing import Filing
from notifier.domain.hours import shown as shown_hours
from notifier.domain.saying import said_of
from notifier.domain.subscription import Subscription
from notifier.store.messages import lines_of
from runtime.access import Principal
from runtime.auth import principal
from runtime.db import Tx
from runtime.http import Json, Problem, cursor, read_cursor

router = APIRouter(prefix="/v1")
Caller = Annotated[Principal, Depends(principal)]

_STATUS: Final[dict[type[DomainError], int]] = {
    SubscriptionRefused: 422,
    FilingRefused: 422,
    HoursRefused: 422,
    SameSubscription: 409,
    ReceiptsOfOthers: 403,
    TooManySubscriptions: 409,
    NotFound: 404,
}

_EXAMPLES: Final = {
    "metric": {"value": {"about": "metric", "metric": "M4", "scope": "pillar-country:P2|ML", "min_change": 5000}},
    "daily": {"value": {"about": "metric", "metric": "M4", "pace": "daily"}},
    "alert": {"value": {"about": "alert", "kind": "off-track", "scope": "country:ML"}},
    "project": {"value": {"about": "project", "project_id": "XM-DEMO-1-BORDER-07"}},
    "receipts": {"value": {"about": "receipts", "entity": "XM-DEMO-1", "only_problems": True}},
}

_HOURS: Final = {
    "nights": {
        "value": {"zone": "Africa/Bamako", "quiet": {"from": "20:00", "to": "07:00", "days": [1, 2, 3, 4, 5, 6, 7]}}
    }
}


async def _transaction(request: Request, caller: Caller) -> AsyncIterator[Tx]:
    """One request, one transaction, as the caller: committed at the edge, problems told in HTTP's words."""
    try:
        async with request.app.state.database.transaction(caller) as tx:
            yield tx
    except DomainError as error:
        faults = error.faults if isinstance(error, SubscriptionRefused | FilingRefused | HoursRefused) else []
        errors = [{"place": place, "message": message, "rule": error.code} for place, message in faults]
        raise Problem(_STATUS[type(error)], error.code, str(error), errors=errors) from None


Transaction = Annotated[Tx, Depends(_transaction, scope="function")]


@router.post(
    "/subscriptions",
    status_code=201,
    tags=["subscriptions"],
    responses={200: {"description": "The caller has this one already"}},
)
async def subscribe(
    fields: Annotated[dict[str, Any], Body(openapi_examples=_EXAMPLES)], caller: Caller, tx: Transaction
) -> Response:
    """Ask to be told: 201 with the subscription, 200 where the caller has the same one already."""
    wish, new = await usecases.subscribe(tx, caller, fields, now=tx.clock())
    answer = Json(_shown(wish), headers={"Location": f"/v1/subscriptions/{wish.id}"})
    answer.status_code = 201 if new else 200
    return answer


@router.get("/subscriptions", tags=["subscriptions"])
async def subscriptions(request: Request, caller: Caller, tx: Transaction) -> Response:
    """The caller's subscriptions, oldest first."""
    wishes = await usecases.subscriptions(tx, caller, now=tx.clock())
    return Json({"items": [_shown(wish) for wish in wishes]}, request)


@router.patch("/subscriptions/{subscription}", tags=["subscriptions"])
async def change(
    subscription: str,
    fields: Annotated[dict[str, Any], Body(openapi_examples={"calmer": {"value": {"min_change": 20000}}})],
    caller: Caller,
    tx: Transaction,
) -> Response:
    """Change how often a subscription tells, ``pace``, or how much: ``min_change`` or ``only_problems``."""
    return Json(_shown(await usecases.change(tx, caller, subscription, fields, now=tx.clock())))


@router.delete("/subscriptions/{subscription}", status_code=204, tags=["subscriptions"])
async def unsubscribe(subscription: str, caller: Caller, tx: Transaction) -> None:
    """Ask not to be told any more; messages already sent stay."""
    await usecases.unsubscribe(tx, caller, subscription, now=tx.clock())


@router.get("/hours", tags=["subscriptions"])
async def hours(request: Request, caller: Caller, tx: Transaction) -> Response:
    """The caller's time zone, empty while none was said (then UTC), and hours of quiet, null where there are none."""
    return Json(shown_hours(await usecases.hours(tx, caller, now=tx.clock())), request)


@router.put("/hours", tags=["subscriptions"])
async def keep_hours(
    fields: Annotated[dict[str, Any], Body(openapi_examples=_HOURS)], caller: Caller, tx: Transaction
) -> Response:
    """Say when the caller is told: digests come at 07:00 there, and nothing while it is quiet.

    What comes in hours of quiet is held and told together when they end. ``days`` are those on which they begin, ISO:
    1 is Monday.
    """
    return Json(shown_hours(await usecases.keep_hours(tx, caller, fields, now=tx.clock())))


@router.get("/digest", tags=["inbox"])
async def digest(request: Request, caller: Caller, tx: Transaction) -> Response:
    """The caller's next digest, as it would be now and as far as they may read it today; null where nothing waits."""
    found = await telling.waiting(tx, caller, request.app.state.areas, now=tx.clock())
    if found is None:
        return Json({"digest": None}, request)
    at, message = found
    texts = {"title": message.title, "body": message.body, "reason": message.reason}
    said = {"said": said_of(**texts), "lines": lines_of(message)}
    return Json({"digest": {"due_at": at, **texts, **said}}, request)


@router.get("/inbox", tags=["inbox"])
async def inbox(
    request: Request,
    caller: Caller,
    tx: Transaction,
    *,
    unread: bool = False,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The caller's messages, newest first; ``next`` is the cursor of the following page."""
    before = str(read_cursor(after, 1)[0]) if after else None
    items = await usecases.inbox(tx, caller, unread=unread, before=before, limit=limit, now=tx.clock())
    following = cursor(items[-1]["id"]) if len(items) == limit else None
    return Json({"items": items, "next": following}, request)


@router.post("/inbox/filed", tags=["inbox"])
async def file(
    caller: Caller,
    tx: Transaction,
    ids: Annotated[list[str], Body(max_length=usecases.MANY)],
    do: Annotated[str, Body(examples=["archive"])],
    until: Annotated[str | None, Body(examples=["2026-12-01T07:00:00Z"])] = None,
) -> Response:
    """File messages: ``read``, ``unread``, ``snooze`` (``until``), ``wake``, ``archive``, ``unarchive``.

    Answers those that changed, with all of how they are filed; what is not the caller's is passed over.
    """
    return Json(_filed(await usecases.file(tx, caller, ids, do, until, now=tx.clock())))


@router.post("/inbox/read-all", tags=["inbox"])
async def read_all(caller: Caller, tx: Transaction) -> Response:
    """Read everything in sight, 500 messages a call; answers those that changed."""
    return Json(_filed(await usecases.read_all(tx, caller, now=tx.clock())))


@router.post("/inbox/{message}/read", tags=["inbox"])
async def read(message: str, caller: Caller, tx: Transaction) -> Response:
    """Note that the caller has read a message; a second time changes nothing."""
    return Json(await usecases.read(tx, caller, message, now=tx.clock()))


def _filed(changed: dict[str, Filing]) -> dict[str, Any]:
    return {"items": [{"id": id_, **asdict(filing)} for id_, filing in changed.items()]}


def _shown(wish: Subscription) -> dict[str, Any]:
    """A subscription without the fields its kind does not use."""
    return {name: value for name, value in asdict(wish).items() if value is not None and name != "subscriber"}
