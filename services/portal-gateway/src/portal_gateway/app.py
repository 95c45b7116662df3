"""Composition root: the only place that constructs anything."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from portal_gateway.api import account, export, export_figures, finding, maps, pages, rest, session, stream, views
from portal_gateway.api.answers import upstream_problem
from portal_gateway.api.compressed import Compressed
from portal_gateway.api.docs import router as docs_router
from portal_gateway.api.edge import Edge, answer_static, headers_of
from portal_gateway.api.faults import in_html
from portal_gateway.api.limits import Limits
from portal_gateway.api.pages.frame import SignInFirst
from portal_gateway.api.speaking import Speaking
from portal_gateway.clients.issuer import Issuer
from portal_gateway.clients.operations import Others
from portal_gateway.clients.services import Intake, Notifier, Scoring
from portal_gateway.clients.upstream import Upstream, UpstreamError
from portal_gateway.domain.speech.language import _
from portal_gateway.fanout import Fanout
from portal_gateway.handlers import consumers
from portal_gateway.searching import Search
from portal_gateway.settings import Settings
from runtime.clock import Clock, system_clock
from runtime.db import TRANSIENT, Database
from runtime.http import Problem, create_app
from runtime.service import Service

NAME = "portal-gateway"


async def build(settings: Settings, *, clock: Clock = system_clock) -> Service:
    """The portal gateway, wired and not yet started."""
    database = await Database.connect(settings.dsn(), NAME, clock=clock, size=10)
    fanout, search = Fanout(database, settings.stream_window_ms / 1000), Search(database)
    app = create_app(
        "Plumbline",
        "Figures on what counter-terrorism work achieves, each with its doubt and its reasons.",
    )
    app.state.fanout = fanout
    app.state.search = search
    app.state.limits = Limits(settings)
    app.state.exporting = export.Slots()
    app.state.others = Others(
        {
            "intake": Upstream("intake", settings.intake_url),
            "scoring": Upstream("scoring", settings.scoring_url),
            "notifier": Upstream("notifier", settings.notifier_url),
        }
    )
    app.state.scoring = Scoring(Upstream("scoring", settings.scoring_url))
    app.state.intake = Intake(Upstream("intake", settings.intake_url))
    app.state.notifier = Notifier(Upstream("notifier", settings.notifier_url))
    app.state.issuer = Issuer(settings.issuer, settings.oidc_client_id or "", settings.oidc_client_secret())
    service = Service(NAME, settings, database, app, consumers=consumers(database), background=[fanout.run, search.run])
    app.include_router(maps.router)
    app.include_router(export.router)  # before /projects/{project_id}, which takes every name
    app.include_router(export_figures.router)  # and before /metrics/{metric}
    app.include_router(finding.router)
    app.include_router(views.router)
    app.include_router(rest.router)
    app.include_router(account.router)
    app.include_router(stream.router)
    app.include_router(session.router)
    app.include_router(docs_router)
    app.add_route("/static/{release}/{name}", answer_static, methods=["GET"], include_in_schema=False)
    app.include_router(pages.router)
    _answer_people_in_html(app, settings)
    app.add_middleware(Speaking)
    app.add_middleware(Compressed)
    app.add_middleware(Edge, settings=settings, portal=app)
    return service


def _answer_people_in_html(app: FastAPI, settings: Settings) -> None:
    """A fault is a problem document for programs and a page for people."""

    async def sign_in_first(_request: Request, error: Exception) -> Response:
        assert isinstance(error, SignInFirst)
        return error.answer()

    async def busy(request: Request, error: Exception) -> Response:
        problem = Problem(
            503,
            "database-unavailable",
            _("The figures cannot be read now"),
            _("Nothing is lost. Try again in a moment (%(fault)s).", fault=type(error).__name__),
            headers={"Retry-After": "2"},
        )
        return await answer(request, problem)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, UpstreamError)
        return await answer(request, upstream_problem(error))

    async def answer(request: Request, problem: Problem) -> Response:
        return await app.exception_handlers[Problem](request, problem)  # type: ignore[misc,no-any-return]

    unforeseen = in_html(app.exception_handlers[Exception])

    async def at_the_edge(request: Request, error: Exception) -> Response:
        # The framework answers what nobody foresaw outside every middleware, and so outside ``Edge``.
        told: Response = await unforeseen(request, error)
        told.headers.update(headers_of(settings))
        return told

    for kind in (Problem, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, in_html(app.exception_handlers[kind]))
    app.add_exception_handler(Exception, at_the_edge)
    for fault in TRANSIENT:
        app.add_exception_handler(fault, busy)
    app.add_exception_handler(UpstreamError, refused)
    app.add_exception_handler(SignInFirst, sign_in_first)
