"""A service's process: what it does before it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from tests.support.stack import fresh_database
from tests.support.waiting import until

from plumbline.stack import Stack, services

pytestmark = pytest.mark.stack

_SERVICE = """
import asyncio, sys
from runtime.db import Database
from runtime.http import create_app
from runtime.service import Service, serve
from runtime.settings import Settings

async def work():
    print("at work", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("finished", flush=True)

async def main():
    database = await Database.connect(sys.argv[1], "drill")
    service = Service("drill", Settings.load(), database, create_app("Drill", "A drill."), background=[work])
    return await serve(service)

raise SystemExit(asyncio.run(main()))
"""


async def test_an_idle_connection_outlives_the_pools_of_its_clients(stack: Stack) -> None:
    """httpx gives an idle connection up after five seconds; a server that closes it then breaks the next request."""
    async with _drill(stack) as (_process, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for pause in (0, 7):
            await asyncio.sleep(pause)
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: drill\r\n\r\n")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            assert head.startswith(b"HTTP/1.1 200")
            await reader.readuntil(b"}")
        writer.close()


async def test_sigterm_ends_a_service_only_after_its_work_has_ended(stack: Stack) -> None:
    """Uvicorn raises the signal again once its HTTP has ended, which would end the process there and then."""
    async with _drill(stack) as (process, _port):
        process.send_signal(signal.SIGTERM)
        said, _ = await asyncio.wait_for(process.communicate(), 30)
        assert said == b"finished\n"
        assert process.returncode == 0


@asynccontextmanager
async def _drill(stack: Stack) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """The service above in a process of its own, at work and answering at a port."""
    database = await fresh_database(stack, "intake")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **services.environment_of("intake", stack.layout, stack.ports, viewer=False),
        "PLUMBLINE_HTTP_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVICE, database.run_dsn, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"at work\n"
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            await until(lambda: _answers(http, port), what="the service to answer")
        yield process, port
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _answers(http: httpx.AsyncClient, port: int) -> bool:
    with suppress(httpx.TransportError):
        return (await http.get(f"http://127.0.0.1:{port}/health/live")).is_success
    return False
