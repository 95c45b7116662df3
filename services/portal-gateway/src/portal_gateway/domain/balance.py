"""M7 as a page shows it: how money is divided over the pillars (methodology, M7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal_gateway.domain.numbers import MICRO
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.view import Figure


@dataclass(frozen=True, slots=True)
class Row:
    """One pillar's money in cents and its share in µ; the code is ``none`` for what no pillar claims."""

    code: str
    cents: int
    share: int


@dataclass(frozen=True, slots=True)
class Balance:
    """The four pillars and the unallocated rest; ``smallest`` is the pillar with the least money."""

    figure: Figure
    caption: str
    rows: tuple[Row, ...]
    smallest: Row | None


def balance(figure: Figure) -> Balance | None:
    """Read M7's parts: budgets first, expenditure where there are no budgets. None where there is no money."""
    for basis, name in (("budget", "budgets"), ("expenditure", "expenditure")):
        part: dict[str, Any] = figure.parts.get(basis) or {}
        cents = {code: int(part.get(code) or 0) for code in PILLARS}
        unallocated = int(part.get("unallocated") or 0)
        total = sum(cents.values()) + unallocated
        if total > 0:
            rows = [Row(code, cents.get(code, 0), cents.get(code, 0) * MICRO // total) for code in PILLARS]
            rest = [Row("none", unallocated, unallocated * MICRO // total)] if unallocated else []
            least = min(rows, key=lambda row: row.cents) if any(cents.values()) else None
            return Balance(figure, f"Share of {name} by pillar, in US dollars", (*rows, *rest), least)
    return None
