"""What intake says about the world by itself: the crosswalk it infers pillars with, and that a day is over."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Final

import orjson

from contracts.base import Payload
from contracts.context import ClockDayClosed, CodelistPublished
from contracts.streams import CONTEXT
from intake.store import announced
from runtime.db import Tx

FACTS: Final[tuple[type[Payload], ...]] = (CodelistPublished, ClockDayClosed)
"""What intake says unasked."""


async def publish_crosswalk(tx: Tx, version: str, codes: dict[str, str]) -> None:
    """Publish the crosswalk from DAC purpose to pillar once a version (methodology §2.2), stamped as every fact that
    figures are made from: scoring refuses one of which it is not said when it was accepted."""
    if not await announced.first_time(tx.conn, f"codelist:{version}"):
        return
    content, now = orjson.dumps(codes, option=orjson.OPT_SORT_KEYS), tx.clock()
    tx.emit(
        CONTEXT,
        version,
        CodelistPublished(
            list_id="crosswalk",
            version=version,
            effective_from=now.date(),
            content_sha256=hashlib.sha256(content).hexdigest(),
            codes=codes,
        ),
        subject=f"codelist/{version}",
        time=now,
        recordedtime=now,
        sequence=f"{1:010d}",
    )


async def close_days(tx: Tx, today: date) -> int:
    """Announce every UTC day that ended since the last announcement, in order; returns how many.

    A missed week is announced day by day, so that it leads to the same state as if it had not been missed.
    """
    last = await announced.last_closed_day(tx.conn)
    day = date.fromisoformat(last.removeprefix("day:")) + timedelta(days=1) if last else today - timedelta(days=1)
    count = 0
    while day < today:
        if await announced.first_time(tx.conn, f"day:{day.isoformat()}"):
            tx.emit(
                CONTEXT,
                "clock",
                ClockDayClosed(date=day),
                subject="clock",
                time=datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1),
            )
            count += 1
        day += timedelta(days=1)
    return count
