"""A service's process: what it does before it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys

import pytest
from tests.support.stack import fresh_database

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


async def test_sigterm_ends_a_service_only_after_its_work_has_ended(stack: Stack) -> None:
    """Uvicorn raises the signal again once its HTTP has ended, which would end the process there and then."""
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
    process.send_signal(signal.SIGTERM)
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert said == b"finished\n"
    assert process.returncode == 0
