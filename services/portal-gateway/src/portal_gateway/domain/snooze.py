"""When a snoozed message comes back: in the morning of a day, where its reader is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MORNING: Final = time(8)
LONGEST: Final = timedelta(days=365)


def due(choice: str, day: str, zone: str, now: datetime) -> datetime | None:
    """The instant in UTC: ``tomorrow``, ``week`` (the next Monday) or ``date``, a day after today; None for none such.

    ``zone`` is an IANA name as a browser gives it; without one, or with one unknown, the morning is that of UTC.
    """
    here = _zone(zone)
    today = now.astimezone(here).date()
    match choice:
        case "tomorrow":
            wanted = today + timedelta(days=1)
        case "week":
            wanted = today + timedelta(days=7 - today.weekday())
        case "date":
            try:
                wanted = date.fromisoformat(day)
            except ValueError:
                return None
            if not today < wanted <= today + LONGEST:
                return None
        case _:
            return None
    return datetime.combine(wanted, MORNING, here).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
