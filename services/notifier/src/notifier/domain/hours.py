"""When a person is told: at once, each morning or each Monday, and never while it is to be quiet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from notifier.domain.errors import HoursRefused

Pace = Literal["instant", "daily", "weekly"]
PACES: Final[tuple[Pace, ...]] = get_args(Pace)

MORNING: Final = time(7)
"""When a digest comes, where its reader is; a weekly one on Mondays."""

_DAY: Final = timedelta(days=1)
_WEEK: Final = range(1, 8)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of quiet, by the reader's clock. ``begin`` = ``end`` is a whole day; ``days`` are those on which they begin
    (ISO: 1 is Monday).
    """

    begin: time
    end: time
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class Hours:
    """A reader's own time: an IANA zone, empty while they said none (then it is UTC), and when it is quiet."""

    zone: str = ""
    quiet: Quiet | None = None

    def quiet_until(self, at: datetime) -> datetime:
        """When it is quiet no more, in UTC; the instant itself where it is not quiet."""
        end = at
        while (later := self._end(end)) is not None:
            end = later
        return end

    def due(self, pace: Pace, now: datetime) -> datetime:
        """When what comes now is told, in UTC; now, where that is at once."""
        if pace == "instant":
            return self.quiet_until(now)
        here = _zone(self.zone)
        day = now.astimezone(here).date()
        while not ((pace == "daily" or day.isoweekday() == 1) and _at(day, MORNING, here) > now):
            day += _DAY
        return self.quiet_until(_at(day, MORNING, here))

    def _end(self, at: datetime) -> datetime | None:
        if self.quiet is None:
            return None
        here = _zone(self.zone)
        today = at.astimezone(here).date()
        for day in (today - _DAY, today):
            last = day if self.quiet.begin < self.quiet.end else day + _DAY
            end = _at(last, self.quiet.end, here)
            if day.isoweekday() in self.quiet.days and _at(day, self.quiet.begin, here) <= at < end:
                return end
        return None


def asked(fields: Mapping[str, Any]) -> Hours:
    """Read what a person says of their time. Raises HoursRefused with every fault."""
    faults = [(name, "does not belong here; it takes zone, quiet") for name in fields.keys() - {"zone", "quiet"}]
    zone, quiet = fields.get("zone") or "", fields.get("quiet")
    if not isinstance(zone, str) or (zone and zone not in _zones()):
        faults.append(("zone", "must be a time zone by its IANA name, e.g. Africa/Bamako"))
    found = None
    if isinstance(quiet, Mapping):
        begin, end, days = _time(quiet.get("from")), _time(quiet.get("to")), _days(quiet.get("days", list(_WEEK)))
        if begin is None:
            faults.append(("quiet/from", "must be a time of the day, e.g. 22:00"))
        if end is None:
            faults.append(("quiet/to", "must be a time of the day, e.g. 22:00"))
        if days is None:
            faults.append(("quiet/days", "must be days of the week from 1, Monday, to 7, Sunday; one at least"))
        if begin is not None and end is not None and days is not None:
            found = Quiet(begin, end, days)
            if begin == end and len(days) == len(_WEEK):
                faults.append(("quiet/to", "leaves no time to tell anything; end it, or leave a day out"))
    elif quiet is not None:
        faults.append(("quiet", "must be an object with from, to and days, or null"))
    if faults:
        raise HoursRefused(faults)
    return Hours(zone, found)


def shown(hours: Hours) -> dict[str, Any]:
    """Hours as ``asked`` reads them."""
    quiet = hours.quiet
    return {
        "zone": hours.zone,
        "quiet": {"from": f"{quiet.begin:%H:%M}", "to": f"{quiet.end:%H:%M}", "days": sorted(quiet.days)}
        if quiet
        else None,
    }


def _time(value: Any) -> time | None:
    try:
        return time.fromisoformat(value).replace(tzinfo=None, second=0, microsecond=0)
    except (TypeError, ValueError):
        return None


def _days(value: Any) -> frozenset[int] | None:
    if not isinstance(value, list) or not value or any(type(day) is not int or day not in _WEEK for day in value):
        return None
    return frozenset(value)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """In UTC: two instants of one zone would be compared by the clock on the wall."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name or "UTC")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
