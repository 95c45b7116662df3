"""What Member States themselves allot to the pillars: laid over the figures, counted in none (M7, A/73/866 ¶70)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from scoring.domain.balance import Amount, Balance, Book, balance
from scoring.domain.consent import narrowest
from scoring.domain.coordination import ResourcesAllocated, SubjectFact
from scoring.domain.method import Method
from scoring.domain.numbers import decimal
from scoring.domain.origin import Version
from scoring.domain.parameters import PILLARS
from scoring.domain.rates import Rates
from scoring.domain.subjects.subject import Ledger, Stated, Subject, ordered, put

UNALLOCATED = ""
"""In place of a pillar."""


class Allotted(NamedTuple):
    """One amount; ``alive`` is False once taken back."""

    version: Version
    alive: bool
    amount: str
    currency: str
    day: int
    classification: str
    demonstration: bool


class Year(NamedTuple):
    """A year in cents of USD over the pillars, what has no rate in its own currency, and the tables of rates used."""

    year: int
    balance: Balance
    other: tuple[tuple[str, str, str], ...]
    tables: tuple[str, ...]


@dataclass(slots=True)
class NationalState(Subject):
    """A State's own resources by year and pillar. They are the State's, whoever entered them."""

    KIND: ClassVar[str] = "state"
    allotted: dict[int, dict[str, Allotted]] = field(default_factory=dict)

    def enter(self, fact: SubjectFact, version: Version) -> bool:
        """One amount, whole. Raises ValueError where it is negative."""
        if not isinstance(fact, ResourcesAllocated):
            raise TypeError(type(fact).__name__)
        if decimal(fact.amount)[0] < 0:
            raise ValueError(f"amount {fact.amount} is negative (M7)")
        own = f"state:{self.id}" if fact.classification == "owner" else fact.classification
        day = fact.value_date.toordinal()
        entry = Allotted(version, not fact.withdrawn, fact.amount, fact.currency, day, own, fact.demonstration)
        return put(self.allotted.setdefault(fact.year, {}), fact.pillar or UNALLOCATED, entry)

    def years(self, rates: Rates) -> list[Year]:
        """Each year in which something is allotted, the newest first."""
        found = []
        for year, by_pillar in sorted(self.allotted.items(), reverse=True):
            alive = {pillar: a for pillar, a in by_pillar.items() if a.alive}
            if alive:
                book = Book(rates)
                cents = {pillar: book.cents(pillar, [_amount(a)]) for pillar, a in sorted(alive.items())}
                money = balance([cents.get(code, 0) for code in PILLARS], cents.get(UNALLOCATED, 0))
                found.append(Year(year, money, book.other(), tuple(sorted(book.tables))))
        return found

    @property
    def demonstration(self) -> bool:
        """Whether any of it is invented."""
        return any(a.alive and a.demonstration for by_pillar in self.allotted.values() for a in by_pillar.values())

    def terms(self, day: int, method: Method) -> Ledger:
        """Nothing: it is no entity's work, and counts in no figure."""
        return {}

    def next_day(self, day: int) -> int | None:
        """Nothing falls due."""
        return None

    def readers(self) -> tuple[str, str | None]:
        """As narrow as the narrowest amount."""
        every = (a for by_pillar in self.allotted.values() for a in by_pillar.values())
        return narrowest((a.classification for a in every if a.alive), self.id), None

    def stated(self, metric: str, scope: str, day: int, method: Method) -> Iterable[Stated]:
        """It has no part in a figure."""
        return ()

    def register(self) -> list[Any]:
        """The amounts."""
        return [ordered(self.allotted)]


def _amount(allotted: Allotted) -> Amount:
    return allotted.currency, decimal(allotted.amount), allotted.day
