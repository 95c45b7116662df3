"""Composition root: the only place that constructs anything."""

from __future__ import annotations

import asyncio
from typing import Final

from contracts.streams import CONTEXT, PORTFOLIO
from runtime.clock import Clock, system_clock
from runtime.db import Database
from runtime.delivery import Consumer
from runtime.http import create_app
from runtime.service import Service
from scoring import api, api_operations, api_series, handlers
from scoring.cache import StateCache
from scoring.settings import Settings
from scoring.usecases.changing import begin_due
from scoring.usecases.jobs import Jobs

NAME = "scoring"
_LOOK_AGAIN: Final = 5  # seconds between looks at whether a change of method is due


async def build(settings: Settings, *, clock: Clock = system_clock) -> Service:
    """Scoring, wired and not yet started."""
    database = await Database.connect(settings.dsn(), NAME, clock=clock)
    app = create_app("Plumbline scoring", "Figures and what they are made of, to the integer.")
    app.include_router(api.router)
    app.include_router(api_operations.router)
    app.include_router(api_series.router)
    app.state.jobs = Jobs()
    consumer = Consumer(database, NAME, handlers.scoring(StateCache()), streams=(PORTFOLIO, CONTEXT))

    async def keep_method() -> None:
        while True:
            if not await begin_due(database, app.state.jobs):
                await asyncio.sleep(_LOOK_AGAIN)

    return Service(NAME, settings, database, app, consumers=[consumer], background=[keep_method])
