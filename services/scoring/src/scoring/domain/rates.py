"""Exchange rates: units of a currency for one US dollar, from the day they hold (methodology M9, M11).

An amount is converted at its value date by the newest table that has a rate for that day. Without a rate there is no
figure: the amount stays in its own currency and says so; nothing is guessed and no later rate is carried back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from scoring.domain.numbers import Ratio, decimal, half_even, same

USD: Final = "USD"
MAX_AGE_DAYS: Final = 45
"""A monthly table's rate holds for its month; a month and a half later it is no rate of that day any more [POLICY]."""


class Rate(NamedTuple):
    """One row of a table: ``units`` of the currency for a dollar, from ``day`` on; ``table`` is its id and version."""

    day: int
    units: str
    table: str


@dataclass(frozen=True, slots=True)
class Rates:
    """All rates known, by currency, each in the order of its days."""

    by_currency: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)

    def at(self, currency: str, day: int) -> Rate | None:
        """The rate that holds on a day; None where there is none, or only one too old."""
        rows = self.by_currency.get(currency, ())
        position = bisect_right(rows, day, key=lambda rate: rate.day)
        if not position or day - rows[position - 1].day > MAX_AGE_DAYS:
            return None
        return rows[position - 1]

    def cents(self, amount: Ratio, currency: str, day: int) -> int | None:
        """An amount in cents of USD, HALF_EVEN; None without a rate."""
        if currency == USD:
            return half_even(amount[0] * 100, amount[1])
        rate = self.at(currency, day)
        if rate is None:
            return None
        units = decimal(rate.units)
        return half_even(amount[0] * 100 * units[1], amount[1] * units[0])


NO_RATES: Final = Rates()


def restated(before: Rates, now: Rates) -> bool:
    """Whether a rate that held is another now, or none; what holds after the last day known is new, not restated."""
    return any(
        not _same(before.at(currency, day), now.at(currency, day))
        for currency, rows in before.by_currency.items()
        for day in {r.day for r in (*rows, *now.by_currency.get(currency, ())) if r.day <= rows[-1].day}
    )


def _same(x: Rate | None, y: Rate | None) -> bool:
    return x is None or (y is not None and same(decimal(x.units), decimal(y.units)))


@dataclass(slots=True)
class RateRow:
    """One row of a published table."""

    currency: str
    valid_from: date
    units_per_usd: str


@dataclass(slots=True)
class RatesTable:
    """``fx.rates-published.v1``, the fields that matter here."""

    table_id: str
    version: str
    rows: list[RateRow]

    def rates(self) -> list[tuple[str, Rate]]:
        """The rows by currency, each naming its table."""
        name = f"{self.table_id} {self.version}"
        return [(row.currency, Rate(row.valid_from.toordinal(), row.units_per_usd, name)) for row in self.rows]


def rates_of(rows: Iterable[tuple[str, Rate]]) -> Rates:
    """Rates of many tables, (currency, rate); of two for one day the later table in the given order counts."""
    found: dict[str, dict[int, Rate]] = {}
    for currency, rate in rows:
        if decimal(rate.units)[0] <= 0:
            raise ValueError(f"{currency}: a rate of {rate.units} is none")
        found.setdefault(currency, {})[rate.day] = rate
    return Rates({currency: tuple(days[day] for day in sorted(days)) for currency, days in found.items()})
