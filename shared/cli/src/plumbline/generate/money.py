"""Budgets by calendar year and a ledger of transactions that follows the project's time."""

from __future__ import annotations

from datetime import date, timedelta

from plumbline.generate.draw import Draw
from plumbline.generate.model import Budget, Transaction
from plumbline.generate.timeline import slots
from plumbline.generate.vocabulary import Entity

CURRENCIES = ("USD",) * 22 + ("EUR", "EUR", "GBP", "CHF", "SEK")
"""US dollars mostly: other currencies need a rate before they count."""


def total(draw: Draw) -> int:
    """A project's whole budget, in whole units of its currency: half lie between 0.4 and 1.7 million."""
    return max(40_000, _to(draw.skewed(850_000), 1000))


def budgets(amount: int, first: int, last: int) -> list[Budget]:
    """One line for each calendar year from month ``first`` to ``last``, adding up to the amount exactly."""
    lines: list[Budget] = []
    spent = 0
    for slot in slots(first, last, 12):
        until = amount if slot.elapsed == 1 else _to(amount * slot.elapsed, 100)
        lines.append(Budget(slot.start, slot.end, until - spent))
        spent = until
    return lines


def transactions(
    draw: Draw, amount: int, first: int, last: int, begun: date, until: date, partner: Entity | None
) -> list[Transaction]:
    """What was promised, received and spent from the day it began until the given day."""
    ledger = [Transaction(11, begun, _to(amount * draw.pick((1.0, 1.0, 1.0, 0.9, 0.75)), 100))]
    burn = draw.around(0.92, 0.25)
    received = spent = 0
    for number, slot in enumerate(slots(first, last, 6)):
        if slot.start > until:
            break
        if number % 2 == 0:
            share = min(amount, _to(amount * (slot.elapsed + 0.1), 100)) - received
            if share > 0:
                ledger.append(Transaction(1, max(begun, slot.start), share))
                received += share
        day = slot.end - timedelta(days=draw.whole(0, 20))
        if not begun <= day <= until:
            continue
        cost = _to(amount * slot.elapsed * burn, 10) - spent
        spent += cost
        if partner is not None and number == 0:
            given = cost // 3
            ledger += [Transaction(2, begun, given, partner), Transaction(3, day, given, partner)]
            cost -= given
        ledger.append(Transaction(4, day, cost))
        if draw.chance(0.03):
            ledger.append(Transaction(4, day, -_to(cost * 0.04, 10)))
    return ledger


def _to(value: float, step: int) -> int:
    """The nearest multiple of a step."""
    return round(value / step) * step
