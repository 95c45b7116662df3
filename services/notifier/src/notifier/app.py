"""Composition root: the only place that constructs anything."""

from __future__ import annotations

import asyncio
from typing import Final

from contracts.streams import ALERTS, METRICS, RECEIPTS
from notifier import api, handlers, names
from notifier.settings import Settings
from notifier.telling import tell_next
from runtime.access import SYSTEM
from runtime.clock import Clock, system_clock
from runtime.db import Database
from runtime.delivery import Consumer
from runtime.http import create_app
from runtime.service import Service

NAME = "notifier"
_LOOK_S: Final = 2.0  # between looks for digests that are due


async def build(settings: Settings, *, clock: Clock = system_clock) -> Service:
    """The notifier, wired and not yet started."""
    database = await Database.connect(settings.dsn(), NAME, clock=clock)
    app = create_app("Plumbline notifier", "Subscriptions and inboxes: tells the people who asked.")
    app.include_router(api.router)
    areas = app.state.areas = names.areas()
    consumer = Consumer(database, NAME, handlers.telling(areas), streams=(METRICS, ALERTS, RECEIPTS))

    async def tell_what_waited() -> None:
        while True:
            async with database.transaction(SYSTEM) as tx:
                told = await tell_next(tx, areas, now=tx.clock())
            if not told:
                await asyncio.sleep(_LOOK_S)

    return Service(NAME, settings, database, app, consumers=[consumer], background=[tell_what_waited])
