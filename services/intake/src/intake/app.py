"""Composition root of intake."""

from __future__ import annotations

import asyncio
import csv
from contextlib import suppress
from importlib.resources import files

from intake import api, handlers
from intake.reader import Limits
from intake.settings import Settings
from intake.usecases import calendar
from intake.usecases.files import process_next
from runtime.access import SYSTEM
from runtime.db import Database
from runtime.http import create_app
from runtime.service import Service


async def build(settings: Settings) -> Service:
    """Intake, ready to run."""
    database = await Database.connect(settings.dsn(), "intake")
    app = create_app(
        "Plumbline intake",
        "Takes projects, indicator values and IATI files from entities' systems, and answers each with a receipt.",
    )
    app.include_router(api.router)
    wake = asyncio.Event()
    app.state.wake_files = wake

    async def read_files() -> None:
        limits = Limits()
        while True:
            if await process_next(database, limits):
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), 2)
            wake.clear()

    async def keep_calendar() -> None:
        async with database.transaction(SYSTEM) as tx:
            await calendar.publish_crosswalk(tx, "crosswalk-0", crosswalk())
        while True:
            async with database.transaction(SYSTEM) as tx:
                await calendar.close_days(tx, database.clock().date())
            await asyncio.sleep(60)

    return Service(
        "intake",
        settings,
        database,
        app,
        consumers=[handlers.build_consumer(database, settings)],
        background=[read_files, keep_calendar],
    )


def crosswalk() -> dict[str, str]:
    """The crosswalk from DAC purpose to pillar that this version infers with."""
    text = (files("intake") / "codelists" / "crosswalk-0.csv").read_text()
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["code"]: row["pillar"] for row in rows}
