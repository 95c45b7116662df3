"""What a map of countries shows: a measure, its amount in a country, and the five classes it is coloured by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import N_, _, ngettext
from portal_gateway.domain.speech.words import METRICS, PILLARS
from portal_gateway.domain.view import Figure

Unit = Literal["share", "projects", "pairs", "money"]

CLASSES: Final = 5
"""Steps of the one hue."""

_SHARES: Final = (200_000, 400_000, 600_000, 800_000)
_FINER: Final[Mapping[str, tuple[int, ...]]] = {"M7": (50_000, 100_000, 150_000, 200_000)}
"""The least of four shares is a quarter at most."""
_STEPS: Final = tuple(n * 10**power for power in range(15) for n in (1, 2, 5))[1:]


@dataclass(frozen=True, slots=True)
class Measure:
    """``metric`` is the metric whose figures hold it."""

    code: str
    metric: str
    unit: Unit
    name: str
    question: str

    def amount(self, figure: Figure, pillar: str | None) -> int | None:
        """What is shown of a figure: µ, projects, pairs, or cents of a US dollar; None where nothing may be said."""
        if figure.kept_back:
            return None
        match self.unit:
            case "share":
                return figure.value if figure.shown else None
            case "projects":
                return figure.projects
            case "pairs":
                return int(figure.parts.get("pairs") or 0)
            case "money":
                return _money(figure, pillar)

    def breaks(self, amounts: Iterable[int]) -> tuple[int, ...]:
        """The four amounts at which a class begins. Shares have the same everywhere, so that maps can be compared;
        counts and money the four largest of 1, 2, 5, 10, 20 … that something reaches."""
        if self.unit == "share":
            return _FINER.get(self.metric, _SHARES)
        most = max(amounts, default=0)
        reached = bisect_right(_STEPS, most // 100 if self.unit == "money" else most)
        steps = _STEPS[max(0, reached - CLASSES + 1) : max(CLASSES - 1, reached)]
        return tuple(100 * step for step in steps) if self.unit == "money" else steps

    def words(self, amount: int) -> str:
        """An amount as it is printed."""
        match self.unit:
            case "share":
                return numbers.percent(amount) + "%"
            case "projects":
                return ngettext(
                    "%(projects)s project", "%(projects)s projects", amount, projects=numbers.grouped(amount)
                )
            case "pairs":
                return ngettext("%(pairs)s pair", "%(pairs)s pairs", amount, pairs=numbers.grouped(amount))
            case "money":
                return numbers.money(amount)


PROJECTS: Final = Measure("projects", "M4", "projects", N_("Number of projects"), N_("Where are how many projects?"))
MONEY: Final = Measure(
    "money", "M7", "money", N_("Budgets"), N_("How much money do the projects have, divided over their countries?")
)
_SHARED: Final = tuple(
    Measure(m.code, m.code, "share", m.name, m.question)
    for m in METRICS.values()
    if m.code not in {"M1", "M12", "M15", "M17"}
)
_PAIRS: Final = Measure("M12", "M12", "pairs", METRICS["M12"].name, METRICS["M12"].question)
MEASURES: Final[Mapping[str, Measure]] = {m.code: m for m in (*_SHARED, _PAIRS, PROJECTS, MONEY)}
"""What can be shown by country, by the word used in addresses; a metric that has figures of countries."""


def class_of(amount: int, breaks: tuple[int, ...]) -> int:
    """The class of an amount, 1 to 5; an amount at a break belongs to the class that begins there."""
    return bisect_right(breaks, amount) + 1


@dataclass(frozen=True, slots=True)
class Step:
    """One class of the legend."""

    number: int
    text: str


def legend(measure: Measure, breaks: tuple[int, ...]) -> tuple[Step, ...]:
    """The classes with the amounts at which they begin."""
    first = Step(1, _("under %(amount)s", amount=measure.words(breaks[0])))
    return (
        first,
        *(Step(n, _("from %(amount)s", amount=measure.words(b))) for n, b in enumerate(breaks, start=2)),
    )


def _money(figure: Figure, pillar: str | None) -> int | None:
    budget = figure.parts.get("budget")
    if not isinstance(budget, Mapping):
        return None
    wanted = [pillar] if pillar else [*PILLARS, "unallocated"]
    return sum(int(budget.get(code) or 0) for code in wanted)
