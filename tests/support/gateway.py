"""A portal gateway in the test's own process, fed with events as its consumers would feed it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from tests.support.people import Heard, _events, token
from tests.support.stack import Database as TestDatabase
from tests.support.stack import fresh_database, settings

from contracts.base import Payload
from contracts.envelope import PREFIX, Envelope
from contracts.metrics import Coverage, MetricUpdated
from contracts.notifications import NotificationCreated
from contracts.portfolio import ProjectSubmitted
from contracts.receipts import SubmissionProcessed
from plumbline.stack import Stack
from portal_gateway import handlers
from portal_gateway.api.caller import digest
from portal_gateway.app import build
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from runtime.access import SYSTEM, Principal
from runtime.clock import Clock, system_clock
from runtime.db import Database
from runtime.delivery import Record
from runtime.service import Service

NOW = datetime(2026, 9, 14, 9, 15, 27, tzinfo=UTC)


def figure(scope: str = "pillar:P2", value: int | None = 649_007, **over: Any) -> MetricUpdated:
    """A figure as scoring publishes it."""
    return MetricUpdated.model_validate(
        {
            "metric": "M4",
            "scope": scope,
            "value": value,
            "state": "PUBLISHED" if value is not None else "INSUFFICIENT_DATA",
            "coverage": Coverage(observed=764, expected=1000),
            "lower": 495_826,
            "upper": 731_849,
            "projects": 133,
            "valid_as_of": NOW.date(),
            "known_as_of": NOW,
            "method_version": "1.0.0",
            "revision": 1,
            "updated_at": NOW,
            **over,
        }
    )


def project(project_id: str = "XM-T-1", **over: Any) -> ProjectSubmitted:
    """A project as intake accepts it."""
    return ProjectSubmitted.model_validate(
        {
            "project_id": project_id,
            "entity": "XM-T",
            "entity_name": "Office of Tests",
            "title": {"en": f"Judicial training {project_id}"},
            "status": "2",
            **over,
        }
    )


def receipt(submission_id: str = "S1", entity: str = "XM-T", **over: Any) -> SubmissionProcessed:
    """A receipt as intake sends it."""
    return SubmissionProcessed.model_validate(
        {
            "submission_id": submission_id,
            "entity": entity,
            "channel": "http",
            "outcome": "accepted",
            "received_at": NOW,
            "processed_at": NOW,
            **over,
        }
    )


def message(notification_id: str, subscriber: str, **over: Any) -> NotificationCreated:
    """A message as the notifier sends it."""
    return NotificationCreated.model_validate(
        {
            "notification_id": notification_id,
            "subscriber": subscriber,
            "subscription_id": "s",
            "kind": "metric",
            "title": "Pillar II moved",
            "body": "64.9%",
            "reason": "You asked",
            "link": "/metrics/M4?scope=pillar%3AP2",
            "created_at": NOW,
            **over,
        }
    )


def records(*payloads: Payload, sequence: int | None = None, traceparent: str | None = None) -> list[Record]:
    """Payloads as a consumer hands them over, in order."""
    begin = sequence if sequence is not None else records.count  # type: ignore[attr-defined]
    records.count = begin + len(payloads)  # type: ignore[attr-defined]
    return [
        Record(
            "topic",
            0,
            n,
            None,
            Envelope(
                id=uuid4().hex,
                source="/svc/test",
                type=PREFIX + payload.TYPE,
                data=payload.to_json(),
                recordedtime=NOW + timedelta(microseconds=begin + n),
                sequence=f"{begin + n:010d}",
                traceparent=traceparent,
            ),
            None,
        )
        for n, payload in enumerate(payloads)
    ]


records.count = 0  # type: ignore[attr-defined]


async def tell(database: Database, *payloads: Payload, **attributes: Any) -> None:
    """Apply events in one transaction, as the consumer of their stream would."""
    news = [p for p in payloads if "portfolio" not in type(p).__module__]
    facts = [p for p in payloads if "portfolio" in type(p).__module__]
    async with database.transaction(SYSTEM) as tx:
        if facts:
            await handlers.on_portfolio(tx, records(*facts, **attributes))
        if news:
            await handlers.on_news(tx, records(*news, **attributes))
        assert not tx.rejected


@dataclass(slots=True)
class Gateway:
    """The running gateway, and ways to be somebody at its door."""

    stack: Stack
    service: Service
    http: httpx.AsyncClient
    address: str
    server: uvicorn.Server
    door: asyncio.Task[None]

    @property
    def database(self) -> Database:
        """Its database, as its run role."""
        return self.service.database

    async def tell(self, *payloads: Payload, **attributes: Any) -> None:
        """Feed it with events."""
        await tell(self.database, *payloads, **attributes)

    async def stop(self) -> None:
        """Close the door, as a restart does; what is open is cut off."""
        self.server.should_exit = True
        await asyncio.wait({self.door})

    def bearer(self, user: str) -> dict[str, str]:
        """The header of a program that acts for a user."""
        return {"Authorization": f"Bearer {token(self.stack, user)}"}

    async def get(self, path: str, user: str, **more: Any) -> httpx.Response:
        """Ask the REST interface as a user."""
        return await self.http.get(path, headers=self.bearer(user) | more.pop("headers", {}), **more)

    async def signed_in(self, principal: Principal, *, lasts: timedelta = timedelta(hours=1)) -> str:
        """A session made directly; returns the cookie's value."""
        name = secrets.token_urlsafe(32)
        now = self.database.clock()
        until = now + lasts
        session = sessions.Session(
            sid=secrets.token_urlsafe(12),
            subject=principal.subject,
            role=principal.role,
            organisation=principal.organisation,
            country=principal.country,
            name=principal.name,
            access_token="a-token-of-nobody",
            refresh_token=None,
            id_token=None,
            csrf="the-forms-secret",
            token_expires_at=until,
            expires_at=until,
            seen_at=now,
        )
        async with self.database.transaction(SYSTEM) as tx:
            await sessions.save(tx.conn, digest(name), session, now, timedelta(hours=1))
        return name

    @asynccontextmanager
    async def listening(self, user: str, **more: Any) -> AsyncIterator[AsyncIterator[Heard]]:
        """The stream as a user; the first event says that it is open."""
        headers = self.bearer(user) | more.pop("headers", {})
        async with self.http.stream("GET", "/api/v1/stream", headers=headers, timeout=20, **more) as answer:
            assert answer.status_code == httpx.codes.OK, await answer.aread()
            yield _events(answer)


@asynccontextmanager
async def serving(
    stack: Stack, database: TestDatabase | None = None, *, listen: int = 0, clock: Clock = system_clock, **over: Any
) -> AsyncIterator[Gateway]:
    """Serve over HTTP with the stream's reader running; no consumers, no other services."""
    database = database or await fresh_database(stack, "portal_gateway")
    nowhere = dict.fromkeys(("scoring_url", "intake_url", "notifier_url"), "http://127.0.0.1:9")
    own = settings(stack, "portal_gateway", database, **{**nowhere, "http_port": 0, **over})
    service = await build(Settings.model_validate(own.model_dump() | over), clock=clock)
    server = uvicorn.Server(
        uvicorn.Config(
            service.app, host="127.0.0.1", port=listen, log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
    )
    tasks = [asyncio.create_task(run()) for run in service.background]
    door = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
            if door.done():
                door.result()
        port = server.servers[0].sockets[0].getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as http:
            yield Gateway(stack, service, http, address, server, door)
    finally:
        server.should_exit = True
        await door
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await service.verifier.close()
        await service.database.close()


def someone(role: str = "secretariat", subject: str = "somebody", **attributes: str) -> Principal:
    """A principal."""
    return Principal(subject=subject, role=role, **attributes)  # type: ignore[arg-type]


def day(text: str) -> date:
    """A calendar day."""
    return date.fromisoformat(text)


async def heard(events: AsyncIterator[Heard], kinds: Sequence[str] = ("metric",), *, n: int = 1) -> list[Heard]:
    """The next n events of these kinds."""
    found: list[Heard] = []
    async with asyncio.timeout(60):
        async for event in events:
            if event.kind in kinds:
                found.append(event)
                if len(found) == n:
                    return found
    raise AssertionError(f"the stream ended after {found}")
