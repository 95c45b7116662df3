"""How a person has filed a message: read, snoozed, archived, and what each wish of theirs makes of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from notifier.domain.errors import FilingRefused

Do = Literal["read", "unread", "snooze", "wake", "archive", "unarchive"]

LONGEST: Final = timedelta(days=366)
"""The longest snooze: what is not wanted for a year is archived."""


@dataclass(frozen=True, slots=True)
class Filing:
    """All of how a message is filed; ``revision`` counts the changes, so that the last holds wherever it is heard."""

    revision: int = 0
    read_at: datetime | None = None
    snoozed_until: datetime | None = None
    archived_at: datetime | None = None

    def unread(self, now: datetime) -> bool:
        """Whether it is to be read: it was not, or only before its snooze ended."""
        return self.read_at is None or (self.snoozed_until is not None and self.read_at < self.snoozed_until <= now)

    def after(self, do: Do, now: datetime, until: datetime | None = None) -> Filing:
        """What this wish makes of it; itself where nothing changes, so that a wish may come twice."""
        match do:
            case "read":
                changed = replace(self, read_at=now) if self.unread(now) else self
            case "unread":
                changed = replace(self, read_at=None)
            case "snooze":
                changed = replace(self, snoozed_until=until, archived_at=None)
            case "wake":
                changed = replace(self, snoozed_until=None)
            case "archive":
                changed = self if self.archived_at else replace(self, archived_at=now, snoozed_until=None)
            case "unarchive":
                changed = replace(self, archived_at=None)
        return self if changed == self else replace(changed, revision=self.revision + 1)


def asked(do: object, until: object, now: datetime) -> tuple[Do, datetime | None]:
    """Read a wish. Raises FilingRefused with every fault."""
    faults: list[tuple[str, str]] = []
    if do not in get_args(Do):
        faults.append(("do", f"must be one of {', '.join(get_args(Do))}"))
    end: datetime | None = None
    if do == "snooze":
        try:
            end = datetime.fromisoformat(until) if isinstance(until, str) else None
        except ValueError:
            end = None
        if end is None or end.tzinfo is None or not now < end <= now + LONGEST:
            faults.append(("until", "must be an instant with its zone, from now to a year ahead"))
    elif until is not None:
        faults.append(("until", "belongs to snooze alone"))
    if faults:
        raise FilingRefused(faults)
    return do, end  # type: ignore[return-value]
