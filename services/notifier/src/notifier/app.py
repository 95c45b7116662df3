"""Composition root: the only place that constructs anything."""

from __future__ import annotations

from contracts.streams import ALERTS, METRICS, RECEIPTS
from notifier import api, handlers, names
from notifier.settings import Settings
from runtime.clock import Clock, system_clock
from runtime.db import Database
from runtime.delivery import Consumer
from runtime.http import create_app
from runtime.service import Service

NAME = "notifier"


async def build(settings: Settings, *, clock: Clock = system_clock) -> Service:
    """The notifier, wired and not yet started."""
    database = await Database.connect(settings.dsn(), NAME, clock=clock)
    app = create_app("Plumbline notifier", "Subscriptions and inboxes: tells the people who asked.")
    app.include_router(api.router)
    consumer = Consumer(database, NAME, handlers.telling(names.areas()), streams=(METRICS, ALERTS, RECEIPTS))
    return Service(NAME, settings, database, app, consumers=[consumer])
