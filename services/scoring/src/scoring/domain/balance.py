"""M7, balance between the pillars, the money half (methodology M7); and a project's money in cents of USD."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from scoring.domain.numbers import Ratio, add, decimal, half_even, text
from scoring.domain.parameters import MICRO, PILLARS, UNALLOCATED_LIMIT
from scoring.domain.rates import NO_RATES, USD, Rates
from scoring.domain.state import BudgetLine, Funds, Money, ProjectState

EXPENDITURE = frozenset({"3", "4"})
"""IATI TransactionType 3 disbursement and 4 expenditure."""

_PLAUSIBLE = 10**14  # cents; more than a trillion dollars is a typing error. Of others, 92 000 fit 64 bits together


RECEIPT, DISBURSEMENT, COMMITMENT = "1", "3", "11"
PLEDGES = frozenset({"12", "13"})

Amount = tuple[str, Ratio, int]
"""A currency, an amount in it, and its value date."""


def money_of(state: ProjectState, rates: Rates = NO_RATES) -> Money:
    """A project's money in cents of USD, at the rate of each value date. What has no rate waits, unconverted.

    A revised budget (type 2) supersedes the original of the same period (methodology M11).
    """
    lines = _budget_lines(state)
    superseded = {(line.start, line.end) for line in lines if line.type == "2"}
    counted = [
        (line.currency, decimal(line.amount), line.day)
        for line in lines
        if line.type == "2" or (line.start, line.end) not in superseded
    ]
    alive = [p for p in state.transactions.values() if p.alive]
    by_type: dict[str, list[Amount]] = {}
    years: dict[int, list[Amount]] = {}
    agreements: dict[str, dict[str, list[Amount]]] = {}
    inside = set(state.inside)
    for p in alive:
        amount = (p.currency, decimal(p.amount), p.day)
        if p.type in EXPENDITURE:
            by_type.setdefault("expenditure", []).append(amount)
            if not (p.type == DISBURSEMENT and p.receiver in inside):
                years.setdefault(date.fromordinal(max(1, p.day)).year, []).append(amount)
        elif p.type in PLEDGES:
            by_type.setdefault("pledge", []).append(amount)
        elif p.type in {RECEIPT, COMMITMENT}:
            agreements.setdefault(p.agreement, {}).setdefault(p.type, []).append(amount)
    book = Book(rates)
    budget = book.cents("budget", counted)
    spend = book.cents("expenditure", by_type.get("expenditure", []))
    pledged = book.cents("pledge", by_type.get("pledge", []))
    available = sum(
        max(book.cents("commitment", found.get(COMMITMENT, [])), book.cents("receipt", found.get(RECEIPT, [])))
        for _, found in sorted(agreements.items())
    )
    spent = tuple((year, cents) for year, found in sorted(years.items()) if (cents := Book(rates).cents("", found)))
    return Money(budget, spend, book.other(), spent, Funds(available, pledged), tuple(sorted(book.tables)))


def _budget_lines(state: ProjectState) -> list[BudgetLine]:
    """The project's own lines and those that came alone: for one period and type, the later word counts.

    A project that lists budgets lists all of them; one that lists none leaves what was said alone.
    """
    about = state.about
    if about is None or not about.alive:
        return []
    alone = {
        (r.line.start, r.line.end, r.line.type): r.line
        for r in state.budgets.values()
        if not about.budgets or r.version > about.version
    }
    return [*(x for x in about.budgets if (x.start, x.end, x.type) not in alone), *alone.values()]


class Book:
    """Converts amounts, and remembers what could not be converted and by which tables the rest was."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._others: dict[tuple[str, str], Ratio] = {}
        self.tables: set[str] = set()

    def cents(self, basis: str, amounts: list[Amount]) -> int:
        """The sum in cents of USD; what has no rate, or cannot be meant, is left to ``other``."""
        dollars = 0
        for currency, amount, day in amounts:
            cents = self._rates.cents(amount, currency, day)
            if cents is None or abs(cents) >= _PLAUSIBLE:
                self._leave(basis, currency, amount)
                continue
            dollars += cents
            rate = self._rates.at(currency, day)
            if rate is not None:
                self.tables.add(rate.table)
        if abs(dollars) >= _PLAUSIBLE:
            self._leave(basis, USD, (dollars, 100))
            return 0
        return dollars

    def _leave(self, basis: str, currency: str, amount: Ratio) -> None:
        self._others[basis, currency] = add(self._others.get((basis, currency), (0, 1)), amount)

    def other(self) -> tuple[tuple[str, str, str], ...]:
        """Basis, currency and sum of what stays in its own currency."""
        return tuple((basis, currency, text(sum_) or "0") for (basis, currency), sum_ in sorted(self._others.items()))


@dataclass(frozen=True, slots=True)
class Balance:
    """Money over the four pillars. Cents in; shares and indices in µ, None where they cannot be said.

    ``indices``: J (Pielou), HHI, B_HHI (1 − the excess of HHI over ¼), align (against equal shares).
    """

    pillars: tuple[int, ...]
    unallocated: int
    least: int | None = None
    lower: int | None = None
    upper: int | None = None
    shares: tuple[int, ...] = ()
    indices: dict[str, int] = field(default_factory=dict)
    negative: bool = False

    @property
    def observed(self) -> int:
        """Money that has a pillar."""
        return 0 if self.negative else sum(self.pillars)

    @property
    def expected(self) -> int:
        """All money."""
        return max(0, sum(self.pillars) + self.unallocated)


def balance(pillars: Iterable[int], unallocated: int) -> Balance:
    """Judge how money is divided. A negative total (refunds) says nothing: all is None then.

    The bounds give what has no pillar first to the largest, then to the smallest.
    """
    x = tuple(pillars)
    whole = sum(x)
    if min(x) < 0 or unallocated < 0:
        return Balance(x, unallocated, negative=True)
    if whole + unallocated == 0:
        return Balance(x, unallocated)
    ordered = sorted(x)
    lower = half_even(ordered[0] * MICRO, whole + unallocated)
    upper = half_even(min(ordered[0] + unallocated, ordered[1]) * MICRO, whole + unallocated)
    if whole == 0:
        return Balance(x, unallocated, None, lower, upper)
    shares = tuple(half_even(part * MICRO, whole) for part in x)
    withheld = unallocated * UNALLOCATED_LIMIT[1] > (whole + unallocated) * UNALLOCATED_LIMIT[0]
    return Balance(
        x,
        unallocated,
        half_even(ordered[0] * MICRO, whole),
        lower,
        upper,
        shares,
        {} if withheld else _indices(x, whole),
    )


def _indices(x: tuple[int, ...], whole: int) -> dict[str, int]:
    k = len(PILLARS)
    squares = sum(part * part for part in x)
    # Logarithms are floats: evaluated when published, to four decimals, never summed again (§0.3).
    entropy = -sum(part / whole * math.log(part / whole) for part in x if part) / math.log(k)
    hhi = (squares, whole * whole)
    return {
        "J": round(entropy * 10_000) * 100,
        "HHI": half_even(hhi[0] * MICRO, hhi[1]),
        "B_HHI": half_even((hhi[1] - hhi[0]) * k * MICRO, hhi[1] * (k - 1)),
        "align_equal": align(x, (MICRO // k,) * k),
    }


def align(x: Iterable[int], norm: Iterable[int]) -> int:
    """1 − ½ Σ|p − q| in µ, against agreed shares q in ppm that sum to one million."""
    parts, agreed = tuple(x), tuple(norm)
    whole = sum(parts)
    apart = sum(abs(part * MICRO - q * whole) for part, q in zip(parts, agreed, strict=True))
    return half_even((2 * whole * MICRO - apart) * MICRO, 2 * whole * MICRO)
