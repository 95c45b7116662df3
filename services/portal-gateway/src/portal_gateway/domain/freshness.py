"""Whether an entity is late, and why, from what a reader may know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portal_gateway.domain.speech.language import _, ngettext
from portal_gateway.domain.view import Figure

SILENT: Final = timedelta(days=92)
"""A quarter without a word is late whatever was due: the Compact's entities report quarterly at least (M15)."""

YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Fresh:
    """An entity's last report, and what is late about it; ``months`` are the last twelve, the latest last."""

    entity: str
    name: str
    projects: int
    last: datetime
    received: bool
    reporting: Figure | None
    months: tuple[bool, ...]
    overdue: int | None
    late: str

    @property
    def completeness(self) -> int | None:
        """How complete what it reports is, in µ."""
        found = self.reporting.parts.get("completeness") if self.reporting is not None else None
        return int(found) if found is not None else None


def fresh(
    entity: str,
    name: str,
    projects: int,
    *,
    changed: datetime,
    received: datetime | None,
    reporting: Figure | None,
    now: datetime,
) -> Fresh:
    """What is known of one entity; ``received`` is its last submission, where the reader may know of submissions."""
    last = received if received is not None else changed
    parts = reporting.parts if reporting is not None else {}
    overdue = int(parts.get("unreported") or 0) if parts.get("due") is not None else None
    reasons = []
    if overdue:
        reasons.append(ngettext("%(n)s report overdue", "%(n)s reports overdue", overdue))
    if now - last > SILENT:
        reasons.append(ngettext("nothing for %(n)s day", "nothing for %(n)s days", (now - last).days))
    months = set(parts.get("months") or ())
    return Fresh(
        entity=entity,
        name=name,
        projects=projects,
        last=last,
        received=received is not None,
        reporting=reporting,
        months=tuple(n in months for n in range(12, 0, -1)) if "months" in parts else (),
        overdue=overdue,
        late=_(", ").join(reasons),
    )
