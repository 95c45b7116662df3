"""A service's life: start in order, say when it is ready, drain in reverse."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

import uvicorn
import uvloop
from fastapi import FastAPI
from fastapi import Request as HttpRequest

from runtime import migrate, telemetry
from runtime.access import SYSTEM
from runtime.audit import Auditing, Log
from runtime.audit_api import keep_head
from runtime.audit_api import router as audit_router
from runtime.auth import Verifier
from runtime.db import TRANSIENT, Database
from runtime.delivery import Consumer
from runtime.dlq import router as dlq_router
from runtime.errors import ConfigError
from runtime.kafka import build_broker
from runtime.outbox import Relay
from runtime.settings import Settings

log = logging.getLogger(__name__)
_STUCK: float = 240.0  # seconds a failing consumer may go without progress before the process gives up
_KEEP_ALIVE_S = 75
"""An idle connection is closed after its client's own pool gave it up (httpx 5 s, proxies 60 s): closed at the same
moment as it is used again, the request on it fails. Uvicorn's default is httpx's."""

Background = Callable[[], Awaitable[None]]
S = TypeVar("S", bound=Settings)


class Service:
    """One process: HTTP, consumers, the outbox relay and background tasks in one event loop."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        database: Database,
        app: FastAPI,
        *,
        consumers: Sequence[Consumer] = (),
        background: Sequence[Background] = (),
    ) -> None:
        self.name, self.settings, self.database, self.app = name, settings, database, app
        self.consumers, self.background = list(consumers), [*background, lambda: keep_head(app, database)]
        self.relay = Relay(database, settings)
        self.verifier = Verifier(settings.issuer, settings.oidc_audience)
        app.state.verifier = self.verifier
        app.state.database = database
        app.state.settings = settings
        app.state.consumers = self.consumers
        app.state.checks.append(self._check)
        app.include_router(dlq_router)
        app.include_router(audit_router)
        app.add_middleware(Auditing, log=Log(database))
        self._started = False
        self._tasks: list[asyncio.Future[None]] = []
        self._failed: BaseException | None = None

    async def _check(self) -> dict[str, str]:
        missing: dict[str, str] = {}
        if not self._started:
            missing["service"] = "starting"
        try:
            async with asyncio.timeout(2), self.database.transaction(SYSTEM) as tx:
                await tx.conn.fetchval("select 1")
        except (*TRANSIENT, TimeoutError) as error:
            missing["database"] = f"does not answer ({type(error).__name__})"
        for consumer in self.consumers:
            if not consumer.healthy:
                missing[consumer.name] = consumer.failure or "failing"
        if not self.relay.healthy:
            missing["outbox"] = "Kafka does not take events"
        return missing

    async def start(self) -> None:
        """Start consumers, relay and background tasks; HTTP is the caller's."""
        broker = build_broker(self.settings, self.name)
        for consumer in self.consumers:
            consumer.subscribe(broker)
        self._broker = broker
        for work in (self.relay.run(), *(_through_outages(b) for b in self.background)):
            task = asyncio.ensure_future(work)
            task.add_done_callback(self._ended)
            self._tasks.append(task)
        if self.consumers:
            await _until_it_answers("Kafka", broker.start)
        gc.collect()
        gc.freeze()
        # Batches of thousands of small objects would trigger full collections all the time.
        gc.set_threshold(50_000, 20, 100)
        self._started = True
        log.info("%s is ready", self.name)

    def _ended(self, task: asyncio.Future[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._failed = task.exception()
            log.critical("%s: a background task died: %r", self.name, task.exception())
            signal.raise_signal(signal.SIGTERM)

    async def stop(self) -> None:
        """Stop taking, finish what is under way, send what was said, close."""
        self._started = False
        for consumer in self.consumers:
            consumer.stop()
        if self.consumers:
            with suppress(Exception):
                await asyncio.wait_for(self._broker.stop(), 20)
        left = set(self._tasks)
        for _ in range(3):  # where a connection is lost at that moment, a cancellation may be swallowed
            for task in left:
                task.cancel()
            if left:
                _, left = await asyncio.wait(left, timeout=5)
        await self.verifier.close()
        await self.database.close()

    def stuck(self) -> bool:
        """Whether a consumer has been failing without progress for too long."""
        now = time.monotonic()
        return any(not c.healthy and now - c.progress_at > _STUCK for c in self.consumers)


async def _through_outages(work: Background) -> None:
    """Run background work, and start it again after a fault of the moment."""
    while True:
        try:
            await work()
            return
        except TRANSIENT as error:
            log.warning("background work: %r; again in a second", error)
            await asyncio.sleep(1)


async def _until_it_answers(what: str, call: Callable[[], Awaitable[None]]) -> None:
    delay = 0.2
    while True:
        try:
            await call()
            return
        except Exception as error:  # noqa: BLE001  whatever is wrong while starting, it is waited out and said
            log.warning("%s does not answer yet: %r", what, error)
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)


class _Server(uvicorn.Server):
    """Uvicorn without its own signals: after its HTTP it would raise them again, and the process would end
    before consumers have drained.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def leave(self) -> None:
        """Serve what is open, then return."""
        self.should_exit = True


async def serve(service: Service) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status."""
    settings = service.settings
    config = uvicorn.Config(
        service.app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=_KEEP_ALIVE_S,
        lifespan="off",
    )
    server = _Server(config)
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, server.leave)
    http = asyncio.create_task(server.serve())
    starting = asyncio.create_task(service.start())
    try:
        while not http.done():
            await asyncio.wait({http}, timeout=5)
            if starting.done() and starting.exception() is not None:
                log.critical("%s cannot start: %r", service.name, starting.exception())
                server.should_exit = True
            if service.stuck():
                log.critical("%s made no progress for %d s; leaving, to be started again", service.name, _STUCK)
                server.should_exit = True
                service._failed = TimeoutError("stuck")
        http.result()
    finally:
        starting.cancel()
        await service.stop()
        telemetry.shutdown()
    return 1 if service._failed is not None else 0


def main(name: str, package: str, settings_class: type[S], build: Callable[[S], Awaitable[Service]]) -> None:
    """``python -m <service> serve|migrate``: exit status 0 done, 1 failed, 2 wrong use."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command not in {"serve", "migrate"}:
        sys.stderr.write(f"usage: python -m {package} serve|migrate\n")
        raise SystemExit(2)
    telemetry.configure(name)
    try:
        settings = settings_class.load()
        if command == "migrate":
            role = settings.database_url.split("//")[-1].split("@")[0].split(":")[0]
            asyncio.run(migrate.migrate(settings.owner_dsn(), package, role))
            raise SystemExit(0)
        raise SystemExit(uvloop.run(_run(settings, build)))
    except ConfigError as error:
        sys.stderr.write(f"{name}: {error}\n")
        raise SystemExit(2) from None


async def _run(settings: S, build: Callable[[S], Awaitable[Service]]) -> int:
    return await serve(await build(settings))


def database_of(request: HttpRequest) -> Database:
    """FastAPI dependency: the service's database."""
    found: Database = request.app.state.database
    return found
