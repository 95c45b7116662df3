"""A generated project, before it is written as XML. Mutable, because later editions of it are amendments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from plumbline.generate.vocabulary import Country, Entity, Funder, Level, Pillar, Template, Theme


@dataclass(slots=True)
class Period:
    """A reporting period, end included; values are decimals as text, None where there is none."""

    start: date
    end: date
    target: str | None = None
    actual: str | None = None
    comment: str | None = None
    women: str | None = None
    """Of the actual, the part that counts women; the rest counts men. None where it is not disaggregated."""

    @property
    def reported(self) -> bool:
        """Whether anything stands for the actual, a figure or words."""
        return self.actual is not None or self.comment is not None


@dataclass(slots=True)
class Indicator:
    """An indicator with its baseline and periods; where ``nested``, the last period encloses the others."""

    template: Template
    ascending: bool | None
    baseline: str | None
    baseline_on: date
    target_comment: str | None
    baseline_comment: str | None
    periods: list[Period]
    nested: bool = False
    accumulation: str | None = None
    """How actuals combine, where the file declares it (methodology M1): CUMULATIVE, PERIODIC_SUM, POINT_IN_TIME."""


@dataclass(slots=True)
class Result:
    """Indicators of one level, IATI ResultType 1 output, 2 outcome, 3 impact."""

    level: Level
    title: str
    indicators: list[Indicator]


@dataclass(slots=True)
class Budget:
    """A budget line of at most a year, in whole units of the project's currency; type 1 original, 2 revised."""

    start: date
    end: date
    amount: int
    type: int = 1


@dataclass(slots=True)
class Transaction:
    """IATI TransactionType 1 incoming funds, 2 outgoing commitment, 3 disbursement, 4 expenditure,
    11 incoming commitment; the amount, in whole units of the project's currency, is negative for a refund."""

    type: int
    date: date
    amount: int
    partner: Entity | None = None


@dataclass(slots=True)
class Project:
    """One activity as one edition of its file has it. Percentages are text, as publishers write them."""

    identifier: str
    entity: Entity
    theme: Theme
    title: str
    title_fr: str | None
    funder: Funder
    partner: Entity | None
    status: int
    planned_start: date
    planned_end: date
    actual_start: date | None
    actual_end: date | None
    scope: int
    countries: list[tuple[Country, str]]
    region: tuple[str, str, str, str] | None
    """Vocabulary, code, name and percentage of the recipient region."""
    pillars: list[tuple[Pillar, str]]
    declared: bool
    """Whether the file says the pillars; else they can only be inferred from the purposes."""
    purposes: list[tuple[str, str]]
    markers: tuple[int | None, int | None, int | None]
    """Significance of the DAC gender marker, of GEM and of HRM; None where not screened."""
    currency: str
    budgets: list[Budget]
    transactions: list[Transaction]
    links: list[tuple[str, int]]
    """Related activities: identifier and IATI RelatedActivityType."""
    results: list[Result]
    updated: datetime
    revisions: list[int] = field(default_factory=list)
    """The editions that changed it, so far."""

    def indicators(self) -> list[Indicator]:
        """Every indicator, in file order."""
        return [indicator for result in self.results for indicator in result.indicators]

    def observations(self) -> int:
        """How many periods have an actual that is a figure."""
        return sum(p.actual is not None for i in self.indicators() for p in i.periods)
