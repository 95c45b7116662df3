"""M7 as a page shows it: how money is divided over the pillars (methodology, M7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal_gateway.domain.drawing.figure import reach
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech.language import N_, said
from portal_gateway.domain.speech.numbers import MICRO
from portal_gateway.domain.view import Figure


@dataclass(frozen=True, slots=True)
class Row:
    """One pillar's money in cents and effort in hundredths of person-days, each with its share of what has a pillar.

    Shares are µ. ``most`` is the share if all that is not allocated were this pillar's; ``need`` that of the needs
    countries have registered, None where none are. The code is ``none`` for what no pillar claims; its shares are those
    of all there is.
    """

    code: str
    cents: int
    share: int
    most: int
    days: int | None = None
    effort: int = 0
    effort_most: int = 0
    need: int | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """The four pillars and the unallocated rest; ``smallest`` is the pillar with the least money."""

    figure: Figure
    caption: str
    rows: tuple[Row, ...]
    smallest: Row | None
    with_effort: bool
    with_needs: bool

    @property
    def reach(self) -> tuple[int, int]:
        """Where the shares' axis ends, and its steps, in per cent."""
        return reach(x for r in self.rows for x in (r.share, r.most, r.effort, r.effort_most, r.need or 0))


def balance(figure: Figure, needs: Mapping[str, int] | None = None) -> Balance | None:
    """Read M7's parts: budgets first, expenditure where there are no budgets. None where there is no money.

    ``needs`` are the numbers of registered needs by pillar.
    """
    captions = {
        "budget": N_("Share of budgets by pillar, in US dollars"),
        "expenditure": N_("Share of expenditure by pillar, in US dollars"),
    }
    efforts = _divided(figure.parts.get("effort"))
    wanted = sum((needs or {}).values())
    for basis, caption in captions.items():
        found = _divided(figure.parts.get(basis))
        if found is None:
            continue
        rows = []
        for code in [*PILLARS, *(["none"] if found["none"].amount or (efforts and efforts["none"].amount) else [])]:
            money, effort = found[code], efforts[code] if efforts else None
            rows.append(
                Row(
                    code,
                    money.amount,
                    money.share,
                    money.most,
                    effort.amount if effort else None,
                    effort.share if effort else 0,
                    effort.most if effort else 0,
                    needs[code] * MICRO // wanted if needs and wanted and code in needs else None,
                )
            )
        least = min(rows[: len(PILLARS)], key=lambda row: row.cents)
        return Balance(
            figure,
            said(caption),
            tuple(rows),
            least if any(row.share for row in rows[: len(PILLARS)]) else None,
            efforts is not None,
            bool(wanted),
        )
    return None


class _Part(NamedTuple):
    amount: int
    share: int
    most: int


def _divided(part: dict[str, Any] | None) -> dict[str, _Part] | None:
    """Amounts by pillar with their shares; None where there is nothing, or refunds exceed payments."""
    amounts = {code: int((part or {}).get(code) or 0) for code in PILLARS}
    rest = int((part or {}).get("unallocated") or 0)
    whole = sum(amounts.values())
    total = whole + rest
    if min(amounts.values()) < 0 or total <= 0:
        return None
    found = {
        code: _Part(amount, amount * MICRO // whole if whole else 0, (amount + rest) * MICRO // total)
        for code, amount in amounts.items()
    }
    return found | {"none": _Part(rest, rest * MICRO // total, rest * MICRO // total)}
