"""M7 as a page shows it: how money is divided over the pillars (methodology, M7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal_gateway.domain.language import N_, said
from portal_gateway.domain.numbers import MICRO
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.view import Figure


@dataclass(frozen=True, slots=True)
class Row:
    """One pillar's money in cents and its share, in µ, of what has a pillar.

    The code is ``none`` for what no pillar claims; its share is that of all money.
    """

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
    captions = {
        "budget": N_("Share of budgets by pillar, in US dollars"),
        "expenditure": N_("Share of expenditure by pillar, in US dollars"),
    }
    for basis, caption in captions.items():
        part: dict[str, Any] = figure.parts.get(basis) or {}
        cents = {code: int(part.get(code) or 0) for code in PILLARS}
        unallocated = int(part.get("unallocated") or 0)
        whole, total = sum(cents.values()), sum(cents.values()) + unallocated
        if min(cents.values()) >= 0 and total > 0:
            rows = [Row(code, cents[code], cents[code] * MICRO // whole if whole else 0) for code in PILLARS]
            rest = [Row("none", unallocated, unallocated * MICRO // total)] if unallocated else []
            least = min(rows, key=lambda row: row.cents) if whole else None
            return Balance(figure, said(caption), (*rows, *rest), least)
    return None
