"""M9, the share of expenditure whose principal objective is gender equality: the 15 per cent (methodology M9, ¶68).

Programme expenditure is IATI transaction types 3 and 4 by value date, less what another project of the platform
reports as its own. What carries no marker stays in the denominator: the answer is three-valued, never flattered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from scoring.domain.assessment import Terms
from scoring.domain.balance import DISBURSEMENT, EXPENDITURE
from scoring.domain.families.family import Family, Line, nonzero
from scoring.domain.families.markers import CODES, code_of
from scoring.domain.figures import Figure, as_parts, mean_figure
from scoring.domain.judgements import MarkerAssigned
from scoring.domain.numbers import half_even, stated
from scoring.domain.ownfigures import scope_of
from scoring.domain.parameters import MICRO, WPS_TARGET, Parameters
from scoring.domain.saying import say
from scoring.domain.state import ProjectState

_STRICT: Final = ("3",)
_BROAD: Final = ("3", "2")
_UNCODED: Final = "null"
_MARKERS: Final = {
    "3": say("gender marker 3, principal objective"),
    "2": say("gender marker 2, significant objective"),
    "1": say("gender marker 1, limited"),
    "0": say("gender marker 0, examined and not targeted"),
    "unresolved": say("gender marker 0 or 1: the file does not say which"),
    _UNCODED: say("not screened for gender"),
}
"""A marker in words, by its code."""


def _code(state: ProjectState) -> str:
    """The marker at completion, where there is one; else the one at design."""
    found = code_of(state, "gender", "COMPLETION")
    return found if found != _UNCODED else code_of(state, "gender", "DESIGN")


def terms(state: ProjectState, _day: int, _under: Parameters) -> Terms | None:
    """Cents by year and code, times the scope's share."""
    if not state.money.years:
        return None
    code = _code(state)
    return Terms({}, nonzero({f"{year}|{code}": cents for year, cents in state.money.years}), {}, {})


def _years(sums: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Sums by year, the latest first, and code."""
    found: dict[str, dict[str, int]] = {}
    for name, value in sums.items():
        year, bar, code = name.partition("|")
        if bar and code in CODES:
            found.setdefault(year, {})[code] = value
    return dict(sorted(found.items(), reverse=True))


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Principal objective, of all programme expenditure, in the latest year that has any."""
    for x in _years(sums).values():
        return x.get("3", 0), sum(x.values())
    return 0, 0


def within(sums: Mapping[str, int], total: Mapping[str, int]) -> dict[str, int]:
    """Of a project's years the one that the total's figure is about."""
    year = next(iter(_years(total)), "")
    return {name: value for name, value in sums.items() if name.partition("|")[0] == year}


def judged(x: Mapping[str, int]) -> dict[str, Any]:
    """One year's shares in µ: strict and broad as intervals over what is not coded, and whether the target is met."""
    whole, uncoded = sum(x.values()), x.get(_UNCODED, 0)
    if whole <= 0 or min(x.values()) < 0:
        return {"status": "INDETERMINATE", "negative": True}
    strict, broad = (sum(x.get(code, 0) for code in codes) for codes in (_STRICT, _BROAD))
    lower, upper = half_even(strict * MICRO, whole), half_even((strict + uncoded) * MICRO, whole)
    needed = whole * WPS_TARGET[0]
    met, failed = strict * WPS_TARGET[1] >= needed, (strict + uncoded) * WPS_TARGET[1] < needed
    return {
        "strict": {"lower": lower, "upper": upper},
        "broad": {"lower": half_even(broad * MICRO, whole), "upper": half_even((broad + uncoded) * MICRO, whole)},
        "coded": half_even((whole - uncoded) * MICRO, whole),
        "status": "MET" if met else "NOT_MET" if failed else "INDETERMINATE",
    }


def _figure(scope: str, sums: Mapping[str, int], unit: int, under: Parameters) -> Figure:
    years = _years(sums)
    x = next(iter(years.values()), {})
    whole, uncoded, strict = sum(x.values()), x.get(_UNCODED, 0), x.get("3", 0)
    sound = whole > 0 and min(x.values()) >= 0
    bounds = (half_even(strict * MICRO, whole), half_even((strict + uncoded) * MICRO, whole)) if sound else None
    coded = whole - uncoded
    covered = (coded, whole) if sound else (0, int(bool(x)))
    found = mean_figure("M9", scope, (strict * MICRO, coded if sound else 0), bounds, covered, under)
    if x and not sound:
        found.flags += ("NEGATIVE_TOTAL",)
    found.parts = as_parts(
        {
            "year": next(iter(years), None),
            "status": judged(x)["status"] if x else None,
            "years": {
                year: judged(by) | {"by_code": {code: half_even(by[code], unit) for code in CODES if by.get(code)}}
                for year, by in years.items()
            },
        }
    )
    return found


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """The strict share of the latest year with its interval; every year, and the broad reading, beside it."""
    return _figure(scope, sums, MICRO, under) if _years(sums) else None


def own(state: ProjectState, day: int, under: Parameters) -> Figure | None:
    """The project's own expenditure by year under its one code."""
    found = terms(state, day, under)
    return _figure(scope_of(state.project_id), found.ppm, 1, under) if found is not None else None


def lines(state: ProjectState) -> Iterable[Line]:
    """The expenditure, and the marker it stands under."""
    code = _code(state)
    for name, posting in sorted(state.transactions.items()):
        if posting.alive and posting.type in EXPENDITURE:
            within = posting.type == DISBURSEMENT and posting.receiver in state.inside
            amount = stated(posting.amount, posting.currency)
            says = say("%(amount)s; %(marker)s", amount=amount, marker=_MARKERS[code])
            if within:
                says = say("%(spent)s, passed on to a project that reports it", spent=says)
            yield Line(say("Transaction %(id)s, type %(type)s", id=name, type=posting.type), says, posting.version.id)


FAMILY: Final = Family(
    metric="M9",
    facts=frozenset({MarkerAssigned}),
    terms=terms,
    headline=headline,
    within=within,
    figure=figure,
    own=own,
    lines=lines,
    on_money=True,
    scopes=("global", "entity:", "pillar:", "country:", "region:"),
)
