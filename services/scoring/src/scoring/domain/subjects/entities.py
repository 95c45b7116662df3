"""What organisations owe, and when it came (methodology M15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, NamedTuple

from scoring.domain.consent import HIDDEN, MEMBERS, SUBJECTS
from scoring.domain.coordination import ObligationScheduled, ReportReceived, SubjectFact
from scoring.domain.families.family import nonzero
from scoring.domain.method import Method
from scoring.domain.origin import Version
from scoring.domain.parameters import MICRO
from scoring.domain.saying import say
from scoring.domain.subjects.subject import Ledger, Stated, Subject, ordered, put
from scoring.domain.timeliness import credit


class Obligation(NamedTuple):
    """Something to be reported; ``alive`` is False once withdrawn."""

    version: Version
    alive: bool
    kind: str
    due: int
    grace: int  # days; 0 where none are stated: then the method's
    demonstration: bool


class Received(NamedTuple):
    """The day a report came; ``alive`` is False once taken back."""

    version: Version
    alive: bool
    day: int


@dataclass(slots=True)
class EntityState(Subject):
    """An organisation's obligations and reports. They are known among the organisations of the compact."""

    KIND: ClassVar[str] = "entity"
    obligations: dict[str, Obligation] = field(default_factory=dict)
    reports: dict[str, Received] = field(default_factory=dict)

    def enter(self, fact: SubjectFact, version: Version) -> bool:
        """An obligation's new full state, or a report."""
        if isinstance(fact, ReportReceived):
            entry = Received(version, not fact.withdrawn, fact.received_on.toordinal())
            return put(self.reports, fact.obligation_id, entry)
        if not isinstance(fact, ObligationScheduled):
            raise TypeError(type(fact).__name__)
        if fact.grace_days is not None and fact.grace_days < 1:
            raise ValueError(f"grace_days {fact.grace_days} is not 1 or more (M15)")
        due = fact.due_on.toordinal()
        owed = Obligation(version, not fact.withdrawn, fact.kind, due, fact.grace_days or 0, fact.demonstration)
        return put(self.obligations, fact.obligation_id, owed)

    def _due(self, day: int, method: Method) -> Iterator[tuple[str, Obligation, Received | None, int]]:
        """What is due, the report of it, and its credit."""
        for name, owed in sorted(self.obligations.items()):
            if owed.alive and owed.due <= day:
                report = self.reports.get(name)
                report = report if report is not None and report.alive else None
                grace = owed.grace or method.parameters.grace_days
                yield name, owed, report, credit(owed.due, grace, report.day if report is not None else None)

    def terms(self, day: int, method: Method) -> Ledger:
        """Credits and what was due, for the organisation and for all of them."""
        due = list(self._due(day, method))
        if not due:
            return {}
        sums = nonzero(
            {
                "due": len(due),
                "credit": sum(found for *_, found in due),
                "late": sum(report is not None and report.day > owed.due for _, owed, report, _ in due),
                "unreported": sum(report is None for _, _, report, _ in due),
                MEMBERS: 1,
                SUBJECTS: 1,
                HIDDEN: 1,
                "#demonstrations": int(any(owed.demonstration for _, owed, _, _ in due)),
            }
        )
        return {"M15": {f"entity:{self.id}": sums, "global": sums}}

    def next_day(self, day: int) -> int | None:
        """The next day on which something falls due."""
        return min((o.due for o in self.obligations.values() if o.alive and o.due > day), default=None)

    def readers(self) -> tuple[str, str | None]:
        """The compact, and the organisation itself."""
        return "compact", self.id

    def stated(self, metric: str, scope: str, day: int, method: Method) -> Iterable[Stated]:
        """Each obligation that is due, with its credit."""
        for name, owed, report, found in self._due(day, method):
            grace = owed.grace or method.parameters.grace_days
            due = date.fromordinal(owed.due).isoformat()
            says = say("due %(due)s, %(grace)s days of grace, not received", due=due, grace=grace)
            if report is not None:
                came = date.fromordinal(report.day).isoformat()
                says = say("due %(due)s, %(grace)s days of grace, received %(came)s", due=due, grace=grace, came=came)
            event = report.version.id if report is not None else owed.version.id
            yield Stated(f"{owed.kind}, {name}", says, event, found, MICRO)

    def register(self) -> list[Any]:
        """Obligations and reports."""
        return [ordered(self.obligations), ordered(self.reports)]
