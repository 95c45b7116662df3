"""M7, balance between the pillars, the money half (methodology M7); and a project's money in cents of USD."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from scoring.domain import parameters
from scoring.domain.numbers import Ratio, add, decimal, half_even, text
from scoring.domain.parameters import MICRO, PILLARS
from scoring.domain.state import BudgetLine, Money, Posting, ProjectState

EXPENDITURE = frozenset({"3", "4"})
"""IATI TransactionType 3 disbursement and 4 expenditure."""

_PLAUSIBLE = 9 * 10**17  # cents; more than nine quadrillion dollars is a typing error, not a budget


def money_of(state: ProjectState) -> Money:
    """Budget and expenditure in cents of USD. What is in another currency waits for its rate, unconverted.

    A revised budget (type 2) supersedes the original of the same period (methodology M11).
    """
    lines = _budget_lines(state)
    superseded = {(line.start, line.end) for line in lines if line.type == "2"}
    counted = [
        (line.currency, decimal(line.amount))
        for line in lines
        if line.type == "2" or (line.start, line.end) not in superseded
    ]
    postings: Iterable[Posting] = state.transactions.values()
    spent = [(p.currency, decimal(p.amount)) for p in postings if p.alive and p.type in EXPENDITURE]
    budget, other = _cents("budget", counted)
    spend, more = _cents("expenditure", spent)
    return Money(budget, spend, (*other, *more))


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


def _cents(basis: str, amounts: list[tuple[str, Ratio]]) -> tuple[int, tuple[tuple[str, str, str], ...]]:
    dollars = 0
    others: dict[str, Ratio] = {}
    for currency, amount in amounts:
        cents = half_even(amount[0] * 100, amount[1])
        if currency == "USD" and abs(cents) < _PLAUSIBLE:
            dollars += cents
        else:
            others[currency] = add(others.get(currency, (0, 1)), amount)
    if abs(dollars) >= _PLAUSIBLE:
        others["USD"] = add(others.get("USD", (0, 1)), (dollars, 100))
        dollars = 0
    return dollars, tuple((basis, currency, text(amount) or "0") for currency, amount in sorted(others.items()))


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
    withheld = unallocated * parameters.UNALLOCATED_LIMIT[1] > (whole + unallocated) * parameters.UNALLOCATED_LIMIT[0]
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
