"""The REST interface under /api/v1. What may not be read is answered as what does not exist."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from portal_gateway.api import models, versions
from portal_gateway.api.answers import instant_cursor, next_address, nothing, parsed, place_of
from portal_gateway.api.caller import Api, Caller, same_origin, transaction
from portal_gateway.api.pairs import pairs_of
from portal_gateway.clients.services import Notifier, Scoring
from portal_gateway.domain.speech.language import _
from portal_gateway.domain.withheld import as_shown
from portal_gateway.store import figures, history, messages, projects, receipts
from runtime.http import Json, cursor, read_cursor

router = APIRouter(prefix="/api/v1")

Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/me", tags=["caller"], response_model=models.Me)
async def me(request: Request, who: Api) -> Response:
    """Who the caller is taken for."""
    p = who.principal
    return Json(
        {
            "subject": p.subject,
            "name": p.name,
            "role": p.role,
            "organisation": p.organisation,
            "country": p.country,
            "until": who.until,
        },
        request,
    )


@router.get("/metrics", tags=["figures"], response_model=models.Figures)
async def list_figures(
    request: Request,
    who: Api,
    metric: Annotated[str | None, Query(pattern=r"^M\d{1,2}$")] = None,
    kind: Annotated[str | None, Query(description="kind of scope, e.g. pillar", max_length=20)] = None,
    after: Annotated[str | None, Query(alias="cursor")] = None,
    limit: Limit = 100,
) -> Response:
    """Figures by metric and scope."""
    behind = _two(read_cursor(after, 2)) if after else None
    async with transaction(request, who) as tx:
        items = await figures.page(tx.conn, metric=metric, kind=kind, after=behind, limit=limit)
    following = cursor(items[-1]["metric"], items[-1]["scope"]) if len(items) == limit else None
    return _page(request, {"items": items}, following)


_WHEN: Final = ("known_as_of", "valid_as_of", "method_version")


@router.get("/metrics/{metric}", tags=["figures"], response_model=models.Figure)
async def show_figure(
    request: Request,
    who: Api,
    metric: str,
    scope: str = "global",
    known_as_of: Annotated[str | None, Query(max_length=40, description="as it was known by this day")] = None,
    valid_as_of: Annotated[str | None, Query(max_length=40, description="of what is valid by this day")] = None,
    method_version: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """One figure: value, interval, state, coverage, flags, freshness, cause; now, or as of two days."""
    wanted = parsed(scope)
    when = dict(zip(_WHEN, (known_as_of, valid_as_of, method_version), strict=True))
    if any(when.values()):
        scoring: Scoring = request.app.state.scoring
        asked = {name: value for name, value in when.items() if value}
        return Json(await scoring.figure(who.token, metric, wanted, **asked) | {"seq": 0}, request)
    async with transaction(request, who) as tx:
        found = await figures.one(tx.conn, metric, wanted)
    if found is None:
        raise nothing(_("%(metric)s of %(scope)s", metric=metric, scope=scope))
    return Json(found, request)


@router.get("/revisions/{metric}", tags=["figures"])
async def list_revisions(request: Request, who: Api, metric: str, scope: str = "global") -> Response:
    """What was revised between two days (``from``, ``to``), each with its cause and effect, adding up exactly."""
    wanted = parsed(scope)
    scoring: Scoring = request.app.state.scoring
    more = {name: value for name, value in request.query_params.items() if name in {"from", "to"}}
    return Json(await scoring.revisions(who.token, metric, wanted, **more), request)


@router.get("/series/{metric}", tags=["figures"])
async def show_series(
    request: Request,
    who: Api,
    metric: str,
    scope: str = "global",
    by: Annotated[
        Literal["known", "valid"], Query(description="as known by then, or of what was valid then")
    ] = "known",
) -> Response:
    """A figure over time: as it was published by the end of each step, or of what was valid by it.

    ``from`` and ``to`` are handed on to scoring.
    """
    wanted = parsed(scope)
    scoring: Scoring = request.app.state.scoring
    more = {name: value for name, value in request.query_params.items() if name in {"from", "to"}}
    return Json(await scoring.series(who.token, metric, wanted, by=by, **more), request)


@router.get("/method", tags=["figures"])
async def show_method(request: Request, who: Api) -> Response:
    """The version of the method figures stand under, those to come and those that were, and every parameter."""
    scoring: Scoring = request.app.state.scoring
    return Json(await scoring.method(who.token), request)


@router.get("/national/{country}", tags=["figures"])
async def show_national(
    request: Request, who: Api, country: Annotated[str, Path(pattern=r"^[A-Z]{2}$", examples=["ML"])]
) -> Response:
    """What a Member State itself allots to the pillars, by year: laid beside its figures, counted in none."""
    scoring: Scoring = request.app.state.scoring
    return Json(await scoring.national(who.token, country), request)


@router.get("/explanations/{metric}", tags=["figures"])
async def explain(
    request: Request,
    who: Api,
    metric: str,
    scope: str = "global",
) -> Response:
    """How a figure is made: the tree from the figure to the places its facts came from, as scoring keeps it.

    Further query parameters are handed on to scoring.
    """
    wanted = parsed(scope)
    scoring: Scoring = request.app.state.scoring
    more = {name: value for name, value in request.query_params.items() if name != "scope"}
    return Json(await scoring.explanation(who.token, metric, wanted, **more), request)


@router.get("/duplicates", tags=["projects"])
async def list_duplicates(request: Request, who: Api) -> Response:
    """Pairs of projects that may be one, or may work together, each with its evidence in words, as scoring keeps them.

    ``kind``, ``entity``, ``project``, ``decided``, ``cursor`` and ``limit`` are handed on to scoring.
    """
    scoring: Scoring = request.app.state.scoring
    wanted = {name: request.query_params.getlist(name) for name in request.query_params}
    return Json(await scoring.duplicates(who.token, wanted), request)


@router.get("/projects/{project_id:path}/history", tags=["projects"], response_model=models.History)
async def show_history(
    request: Request,
    who: Api,
    project_id: str,
    kind: Annotated[
        Literal["project", "status", "indicator", "observation", "budget"] | None,
        Query(description="versions of this kind only"),
    ] = None,
    after: Annotated[str | None, Query(alias="cursor")] = None,
    limit: Limit = 50,
) -> Response:
    """Every version of a project and of what belongs to it, the newest first, each with what it changed.

    A version is read by who may read the project now and might have read it then.
    """
    offset = place_of(after)
    async with transaction(request, who) as tx:
        project = await projects.one(tx.conn, project_id)
        if project is None:
            raise nothing(_("Project %(id)s", id=project_id))
        rows = await history.page(tx.conn, project_id, kinds=[kind] if kind else [], offset=offset, limit=limit)
        by = await versions.telling(tx.conn, project, rows)
    following = cursor(offset + limit) if len(rows) == limit else None
    return _page(request, {"items": [versions.told(row, by) for row in rows]}, following)


@router.get("/projects/{project_id:path}/related", tags=["projects"], response_model=models.Related)
async def show_related(request: Request, who: Api, project_id: str) -> Response:
    """Projects that may be the same or may work together, as scoring keeps them, and those that the entity names."""
    async with transaction(request, who) as tx:
        project = await projects.one(tx.conn, project_id)
    if project is None:
        raise nothing(_("Project %(id)s", id=project_id))
    pairs = await pairs_of(request, who, project_id)
    return Json({"pairs": pairs, "links": project.get("links") or []}, request)


@router.get("/projects/{project_id:path}", tags=["projects"], response_model=models.Project)
async def show_project(request: Request, who: Api, project_id: str) -> Response:
    """One project with its indicators, observations, budgets, figures and alerts."""
    async with transaction(request, who) as tx:
        project = await projects.one(tx.conn, project_id)
        if project is None:
            raise nothing(_("Project %(id)s", id=project_id))
        indicators = as_shown(await projects.indicators(tx.conn, project_id))
        keys = figure_keys(project_id, indicators)
        found = await figures.several(tx.conn, keys)
        body = project | {
            "indicators": indicators,
            "budget_lines": await projects.budgets(tx.conn, project_id),
            "figures": [found[key] for key in keys if key in found],
            "alerts": await figures.alerts(tx.conn, project_id=project_id, limit=50),
        }
    return Json(body, request)


@router.get("/inbox", tags=["inbox"], response_model=models.Messages)
async def inbox(
    request: Request,
    who: Api,
    *,
    unread: bool = False,
    view: messages.View = "all",
    after: Annotated[str | None, Query(alias="cursor")] = None,
    limit: Limit = 50,
) -> Response:
    """The caller's messages, the latest first, a snoozed one where its snooze ends; ``unread`` is short for a view."""
    subject = who.principal.subject
    wanted = messages.Wanted(view="unread" if unread else view)
    async with transaction(request, who) as tx:
        items = await messages.page(tx.conn, subject, wanted, before=instant_cursor(after), limit=limit)
        count, _due = await messages.standing(tx.conn, subject)
    last = items[-1] if len(items) == limit else None
    following = cursor(last["shown_at"].isoformat(), last["notification_id"]) if last else None
    return _page(request, {"items": items, "unread": count}, following)


@router.get("/inbox/count", tags=["inbox"], response_model=models.Standing)
async def inbox_count(request: Request, who: Api) -> Response:
    """How many messages wait to be read, and when the next snooze ends: from then on there are more."""
    async with transaction(request, who) as tx:
        unread, due = await messages.standing(tx.conn, who.principal.subject)
    return Json({"unread": unread, "next_due": due}, request)


@router.post("/inbox/filed", tags=["inbox"])
async def file(request: Request, who: Api, wish: Annotated[dict[str, Any], Body()]) -> Response:
    """Read, snooze or archive messages, or take that back; the notifier, who owns the inbox, says what a wish holds."""
    _command(request, who)
    notifier: Notifier = request.app.state.notifier
    return Json({"items": await notifier.file(who.token, wish)})


@router.post("/inbox/{notification_id}/read", tags=["inbox"], status_code=204)
async def read(request: Request, who: Api, notification_id: str) -> Response:
    """Note that the caller has read a message; the notifier, who owns the inbox, is asked."""
    _command(request, who)
    notifier: Notifier = request.app.state.notifier
    await notifier.read(who.token, notification_id)
    return Response(status_code=204)


@router.get("/subscriptions", tags=["inbox"])
async def subscriptions(request: Request, who: Api) -> Response:
    """The caller's subscriptions, as the notifier keeps them."""
    notifier: Notifier = request.app.state.notifier
    return Json({"items": await notifier.subscriptions(who.token)}, request)


@router.post("/subscriptions", tags=["inbox"], status_code=201)
async def subscribe(request: Request, who: Api, wish: Annotated[dict[str, Any], Body()]) -> Response:
    """Ask to be told; the notifier says what a wish may hold."""
    _command(request, who)
    notifier: Notifier = request.app.state.notifier
    answer = Json(await notifier.subscribe(who.token, wish))
    answer.status_code = 201
    return answer


@router.delete("/subscriptions/{subscription_id}", tags=["inbox"], status_code=204)
async def unsubscribe(request: Request, who: Api, subscription_id: str) -> Response:
    """Ask not to be told any more."""
    _command(request, who)
    notifier: Notifier = request.app.state.notifier
    await notifier.unsubscribe(who.token, subscription_id)
    return Response(status_code=204)


@router.get("/receipts", tags=["receipts"], response_model=models.Receipts)
async def list_receipts(
    request: Request,
    who: Api,
    entity: Annotated[str | None, Query(max_length=256)] = None,
    after: Annotated[str | None, Query(alias="cursor")] = None,
    limit: Limit = 50,
) -> Response:
    """Receipts of submissions, the latest first, without their findings."""
    async with transaction(request, who) as tx:
        items = await receipts.page(tx.conn, entity=entity, before=instant_cursor(after), limit=limit)
    following = cursor(items[-1]["received_at"], items[-1]["submission_id"]) if len(items) == limit else None
    return _page(request, {"items": items}, following)


@router.get("/receipts/{submission_id}", tags=["receipts"], response_model=models.Receipt)
async def show_receipt(request: Request, who: Api, submission_id: str) -> Response:
    """One receipt: counts, findings with rule, line, path and remedy, readability."""
    async with transaction(request, who) as tx:
        found = await receipts.one(tx.conn, submission_id)
    if found is None:
        raise nothing(_("Receipt %(id)s", id=submission_id))
    return Json(found, request)


def figure_keys(project_id: str, indicators: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The figures a project's page shows."""
    scopes_ = [f"indicator:{project_id}|{row['indicator_id']}" for row in indicators]
    return [(metric, f"project:{project_id}") for metric in ("M4", "M2", "M3", "M11")] + [
        (metric, scope) for scope in scopes_ for metric in ("M1", "M2")
    ]


def _two(parts: list[Any]) -> tuple[str, str]:
    return str(parts[0]), str(parts[1])


def _page(request: Request, body: dict[str, Any], following: str | None) -> Response:
    headers = {"Link": f'<{next_address(request, following)}>; rel="next"'} if following else {}
    return Json(body | {"next": following}, request, headers=headers)


def _command(request: Request, who: Caller) -> None:
    """A command by cookie must come from our own pages; a token cannot be sent by another site."""
    if who.session is not None:
        same_origin(request)
