"""What a subject is: anything that is no project, and moves cells as a project does (methodology §0.4, ADR 0073).

The same algebra as for projects: a register in which the highest version wins, a ledger of what was last added by
metric and scope, and a difference of the two. A subject lies in one place or none, so its terms are added as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from scoring.domain.assessing import Moved
from scoring.domain.coordination import SubjectFact
from scoring.domain.families.family import Sums
from scoring.domain.method import Method
from scoring.domain.origin import Version
from scoring.domain.register import day_of as recorded_on

Ledger = dict[str, dict[str, Sums]]
"""What a subject adds: by metric, by scope."""


class Stated(NamedTuple):
    """A fact a subject's part of a figure rests on; with numerator and denominator where the parts add up."""

    label: str
    says: str
    event: str
    numerator: int | None = None
    denominator: int | None = None


@dataclass(slots=True)
class Subject:
    """One subject, whole. What a kind of subject is made of stands in a module of its own beside this one."""

    KIND: ClassVar[str] = ""
    id: str
    newest: int = 0  # day of the newest fact, whichever won
    transition: int | None = None  # the first day on which time alone changes something
    ledger: Ledger = field(default_factory=dict)

    def note(self, version: Version) -> None:
        """Note the day a fact came, whether it won or not."""
        self.newest = max(self.newest, recorded_on(version))

    def enter(self, fact: SubjectFact, version: Version) -> bool:
        """Enter a fact; whether it won. Raises ValueError where it cannot be meant."""
        raise NotImplementedError

    def terms(self, day: int, method: Method) -> Ledger:
        """What it adds on this day."""
        raise NotImplementedError

    def next_day(self, day: int) -> int | None:
        """The first day after this one on which time alone changes the terms."""
        raise NotImplementedError

    def readers(self) -> tuple[str, str | None]:
        """Class and owner of what is known of it."""
        raise NotImplementedError

    def stated(self, metric: str, scope: str, day: int, method: Method) -> Iterable[Stated]:
        """The facts behind its part of a figure."""
        raise NotImplementedError

    def register(self) -> list[Any]:
        """The facts alone, in canonical order."""
        raise NotImplementedError

    def label(self) -> tuple[str, str | None]:
        """The event that names it, if one does, and the field of that event that holds the name."""
        return "", None


def day_of(subject: Subject, closed: int) -> int:
    """The day it is judged on: the last closed one, or that of its newest fact."""
    return max(closed, subject.newest)


def step(subject: Subject, closed: int, method: Method) -> tuple[Moved, bool]:
    """Bring a subject up to date: the difference it makes to the cells, and whether its ledger changed."""
    day = day_of(subject, closed)
    old, new = subject.ledger, subject.terms(day, method)
    subject.transition = subject.next_day(day)
    if old == new:
        return {}, False
    moved: Moved = {}
    for sign, ledger in ((-1, old), (1, new)):
        for metric, scopes in ledger.items():
            for scope, sums in scopes.items():
                into = moved.setdefault((scope, metric), {})
                for name, value in sums.items():
                    into[name] = into.get(name, 0) + sign * value
    subject.ledger = new
    return {key: d for key, sums in moved.items() if (d := {n: v for n, v in sums.items() if v})}, True


def register_hash(subject: Subject) -> str:
    """A digest of the register alone: equal for equal sets of facts."""
    return hashlib.sha256(repr((subject.id, subject.newest, subject.register())).encode()).hexdigest()


def ordered(found: Any) -> Any:
    """Nested dictionaries as sorted pairs."""
    if isinstance(found, Mapping):
        return [(key, ordered(value)) for key, value in sorted(found.items())]
    return found


def put(entries: dict[Any, Any], key: Any, entry: Any) -> bool:
    """Last writer wins by version."""
    known = entries.get(key)
    if known is not None and known.version >= entry.version:
        return False
    entries[key] = entry
    return True
