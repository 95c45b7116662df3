"""M11, the funding gap (methodology M11, ¶71–72): what projects require, what they have, and never netted.

A project with too much covers no other: the gap is a sum of gaps. Commitments and receipts of one agreement are the
same money, so the larger counts; pledges are shown and not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scoring.domain.assessment import Terms
from scoring.domain.families.family import Family, Line, nonzero
from scoring.domain.figures import Figure
from scoring.domain.numbers import half_even, stated
from scoring.domain.ownfigures import scope_of
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.saying import say
from scoring.domain.state import ProjectState

_NAMES: Final = ("required", "available", "met", "gap", "surplus", "pledged", "spent")


def _amounts(state: ProjectState) -> dict[str, int]:
    """A project's funding in cents; empty where it states no budget: what is required is not known then."""
    money = state.money
    required, available = money.budget, money.funds.available
    if required <= 0:
        return {}
    return {
        "required": required,
        "available": available,
        "met": min(required, max(0, available)),
        "gap": max(0, required - available),
        "surplus": max(0, available - required),
        "pledged": money.funds.pledged,
        "spent": money.spend,
    }


def terms(state: ProjectState, _day: int, _under: Parameters) -> Terms | None:
    """Cents times the scope's share; projects without a budget are counted, and nothing else."""
    amounts = _amounts(state)
    return Terms({"stated": 1} if amounts else {"unstated": 1}, nonzero(amounts), {}, {})


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Requirements that are met, of all requirements."""
    return sums.get("met", 0), sums.get("required", 0)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """The share of requirements that is met; the amounts in cents stand beside it."""
    return _figure(scope, sums, MICRO, under)


def _figure(scope: str, sums: Mapping[str, int], unit: int, under: Parameters) -> Figure:
    met, required = headline(sums, under)
    stated, unstated, withheld = (sums.get(name, 0) for name in ("stated", "unstated", "withheld"))
    if required <= 0:
        return Figure("M11", scope, None, "NOT_APPLICABLE", 0, 0)
    found = Figure("M11", scope, half_even(met * MICRO, required), "PUBLISHED", stated, stated + unstated + withheld)
    available = sums.get("available", 0)
    found.parts = {name: half_even(sums.get(name, 0), unit) for name in _NAMES}
    found.parts["delivery"] = half_even(sums.get("spent", 0) * MICRO, available) if available > 0 else None
    if unstated:
        found.flags += ("WITHOUT_BUDGET",)
    return found


def own(state: ProjectState, day: int, under: Parameters) -> Figure | None:
    """The project's own gap."""
    found = terms(state, day, under)
    if found is None:
        return None
    figure_ = _figure(scope_of(state.project_id), {**found.once, **found.ppm}, 1, under)
    if state.money.other:
        figure_.flags += ("FX_RATE_MISSING",)
    return figure_


def lines(state: ProjectState) -> Iterable[Line]:
    """The agreements, receipts and pledges; budgets stand with the project."""
    kinds = {"1": say("received"), "11": say("committed to us"), "12": say("pledged"), "13": say("pledged to us")}
    for name, posting in sorted(state.transactions.items()):
        if posting.alive and posting.type in kinds:
            amount, kind = stated(posting.amount, posting.currency), kinds[posting.type]
            says = say("%(amount)s %(kind)s", amount=amount, kind=kind)
            if posting.agreement:
                says = say("%(amount)s %(kind)s under %(ref)s", amount=amount, kind=kind, ref=posting.agreement)
            yield Line(say("Transaction %(id)s, type %(type)s", id=name, type=posting.type), says, posting.version.id)


FAMILY: Final = Family(
    metric="M11",
    facts=frozenset(),
    terms=terms,
    unknown=Terms({"withheld": 1}, {}, {}, {}),
    headline=headline,
    figure=figure,
    own=own,
    lines=lines,
    on_money=True,
)
