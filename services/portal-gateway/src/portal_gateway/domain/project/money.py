"""A project's money by year: what it requires, what it received, what it spent, each in the currency it was said in.

A budget line that crosses years is split by days, to the cent, so that the years add up to the line; a revised line
stands in the place of the original of the same period (methodology M11). Currencies are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from portal_gateway.domain.speech.numbers import unit_for, written

BASE: Final = 146
"""px from the top of the drawing to its zero."""
TOP: Final = 30
_CENT: Final = Decimal("0.01")
_RECEIVED: Final = frozenset({"1"})
_SPENT: Final = frozenset({"3", "4"})
_WIDE: Final = Decimal(94)  # per cent of the drawing's width; the axis' numbers stand beside it
_FEW: Final = 6  # years that a drawing has room to print numbers for


@dataclass(frozen=True, slots=True)
class Year:
    """One year's amounts, in the unit of its book; None where nothing was said."""

    year: int
    required: str | None
    received: str | None
    spent: str | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A drawn amount: place and width in per cent, height in px; ``kind`` is required or spent."""

    x: str
    width: str
    y: str
    height: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Book:
    """One currency: its years, their sums and the drawing. ``unit`` says the currency and what it is counted in."""

    currency: str
    unit: str
    years: tuple[Year, ...]
    whole: Year
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, int], ...]


def books(
    lines: Sequence[Mapping[str, Any]], sums: Iterable[tuple[int, str, str, str]], *, mirrored: bool
) -> list[Book]:
    """By currency, the one with most money first. ``sums``: year, IATI TransactionType, currency, amount."""
    found: dict[str, dict[str, dict[int, Decimal]]] = {}

    def add(currency: str, kind: str, year: int, amount: Decimal) -> None:
        years = found.setdefault(currency, {}).setdefault(kind, {})
        years[year] = years.get(year, Decimal(0)) + amount

    revised = {(line["period_start"], line["period_end"]) for line in lines if line["type"] == "2"}
    for line in lines:
        if line["type"] == "2" or (line["period_start"], line["period_end"]) not in revised:
            for year, amount in _by_year(line):
                add(line["currency"], "required", year, amount)
    for year, kind, currency, text in sums:
        if kind in _RECEIVED | _SPENT:
            add(currency, "received" if kind in _RECEIVED else "spent", year, Decimal(text))
    ranked = sorted(found.items(), key=lambda item: (-max(map(_total, item[1].values())), item[0]))
    return [_book(currency, kinds, mirrored) for currency, kinds in ranked]


def _total(years: Mapping[int, Decimal]) -> Decimal:
    return sum((abs(amount) for amount in years.values()), Decimal(0))


def _by_year(line: Mapping[str, Any]) -> Iterable[tuple[int, Decimal]]:
    start, end, amount = _day(line["period_start"]), _day(line["period_end"]), Decimal(line["amount"])
    if end < start:
        start, end = end, start
    days, left = (end - start).days + 1, amount
    for year in range(start.year, end.year):
        within = (date(year, 12, 31) - max(start, date(year, 1, 1))).days + 1
        share = (amount * within / days).quantize(_CENT, rounding=ROUND_HALF_EVEN)
        left -= share
        yield year, share
    yield end.year, left


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _book(currency: str, kinds: Mapping[str, Mapping[int, Decimal]], mirrored: bool) -> Book:
    years = sorted({year for by in kinds.values() for year in by})
    largest = max((abs(amount) for by in kinds.values() for amount in by.values()), default=Decimal(0))
    floor, unit = unit_for(largest, currency)

    def said(amount: Decimal | None) -> str | None:
        if amount is None:
            return None
        return written((amount / floor).quantize(_CENT, rounding=ROUND_HALF_EVEN))

    def row(year: int, values: Mapping[str, Decimal | None]) -> Year:
        return Year(year, *(said(values.get(kind)) for kind in ("required", "received", "spent")))

    whole = {kind: sum(by.values(), Decimal(0)) for kind, by in kinds.items()}
    return Book(
        currency,
        unit,
        tuple(row(year, {kind: by.get(year) for kind, by in kinds.items()}) for year in years),
        row(0, whole),
        tuple(_bars(kinds, years, largest, said, mirrored)),
        ((str(BASE), "0"), (str(TOP), said(largest) or "")) if largest else (),
        tuple((_place(n, len(years), Decimal("0.5"), mirrored), year) for n, year in enumerate(years)),
    )


def _place(n: int, years: int, within: Decimal, mirrored: bool) -> str:
    share = _WIDE * (n + within) / years
    return f"{(_WIDE - share if mirrored else 100 - _WIDE + share):.2f}"


def _bars(
    kinds: Mapping[str, Mapping[int, Decimal]], years: Sequence[int], largest: Decimal, said: Any, mirrored: bool
) -> Iterable[Bar]:
    if not largest:
        return
    slot = _WIDE / len(years)
    for n, year in enumerate(years):
        for kind, begin in (("required", Decimal("0.12")), ("spent", Decimal("0.52"))):
            amount = kinds.get(kind, {}).get(year)
            if amount is None:
                continue
            height = max(amount, Decimal(0)) / largest * (BASE - TOP)
            left = begin + Decimal("0.36") if mirrored else begin
            yield Bar(
                _place(n, len(years), left, mirrored),
                f"{slot * Decimal('0.36'):.2f}",
                f"{BASE - height:.1f}",
                f"{height:.1f}",
                said(amount) if len(years) <= _FEW else "",
                kind,
            )
