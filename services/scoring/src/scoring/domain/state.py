"""What scoring remembers of one project: a register of facts, and what was last made of them.

The register is the truth: per key the highest version, with tombstones, so that any order of arrival and
any duplication ends in the same state. Scores, contribution and published figures follow from it; they are kept
so that one event costs one indicator and not the project (methodology §0.4, performance §A11).
Days are proleptic Gregorian ordinals. Plain tuples throughout, so that a state packs into a few kilobytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from scoring.domain.assessment import Sealed
from scoring.domain.facts import Version
from scoring.domain.published import Published as Published


class BudgetLine(NamedTuple):
    """One budget line as the owner wrote it."""

    start: int
    end: int
    type: str
    amount: str
    currency: str
    day: int = 0  # its value date


class About(NamedTuple):
    """The project's own facts; ``alive`` is False after a withdrawal."""

    version: Version
    alive: bool
    entity: str = ""
    status: int = 0
    start: int | None = None
    end: int | None = None
    allocations: tuple[tuple[str, str, str, int], ...] = ()  # dimension, code, vocabulary, ppm
    inferred: bool = False
    budgets: tuple[BudgetLine, ...] = ()
    classification: str = "public"
    flags: tuple[str, ...] = ()
    demonstration: bool = False
    markers: tuple[tuple[str, int], ...] = ()  # scheme and significance, of the markers M8 reads
    supports_security_forces: bool = False
    security_answered: bool = False  # whether the question was answered at all
    identity: str = ""  # what it is compared by beside the above (M12): domain.duplicates.fingerprint


class StatusChange(NamedTuple):
    """A change of status on its own."""

    version: Version
    status: int
    effective: int | None


class RevisedBudget(NamedTuple):
    """A budget line that came on its own."""

    version: Version
    line: BudgetLine


class Posting(NamedTuple):
    """A transaction; ``alive`` is False once reversed."""

    version: Version
    alive: bool
    type: str = ""
    amount: str = ""
    currency: str = ""
    day: int = 0  # its value date
    agreement: str = ""  # what groups commitments and receipts: an agreement, else who provides
    receiver: str = ""  # the activity that receives it, if any


class TargetOf(NamedTuple):
    """A period's target; ``place`` is '' for the total, 'L:…' for a location, 'D:…' with a dimension."""

    start: int
    end: int
    value: str | None
    place: str


class Definition(NamedTuple):
    """An indicator as defined; ``alive`` is False once withdrawn."""

    version: Version
    alive: bool
    result_id: str = ""
    result_type: int = 9
    measure: int = 1
    ascending: bool | None = None
    kind: str | None = None
    accumulation: str | None = None
    baselines: tuple[tuple[str | None, str], ...] = ()  # value, place
    targets: tuple[TargetOf, ...] = ()
    tolerance: str | None = None
    band: tuple[str, str] | None = None
    weight: int = 1
    not_applicable: bool = False
    withheld: bool = False
    flags: tuple[str, ...] = ()


class Actual(NamedTuple):
    """An observation; ``alive`` is False once retracted. ``assessed``: a named assessor with evidence."""

    version: Version
    alive: bool
    start: int
    end: int
    place: str
    value: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    rubric: str | None = None
    assessed: bool = False
    withheld: bool = False
    flags: tuple[str, ...] = ()
    kind: str = "SELF"  # where it comes from, a SourceType
    evidence: tuple[str, ...] = ()


ValueState = Literal["REPORTED", "MISSING", "NOT_DUE", "NOT_APPLICABLE", "WITHHELD", "UNSCORABLE"]
"""State of an expected value (methodology §0.5)."""


class Leaf(NamedTuple):
    """One indicator's score and pace; scores in µ.

    ``transition`` is the day at whose close it changes without any new fact.
    """

    state: ValueState
    result: str = ""
    level: int = 9
    weight: int = 1
    a: int | None = None
    raw: int | None = None  # A before it is held within 0 and 1
    original: int | None = None  # A on the target as first set, where that was lowered
    value: str | None = None
    target: str | None = None
    baseline: str | None = None
    mode: str = "REACH"
    accumulation: str | None = None
    flags: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    observed_on: int | None = None
    source: str | None = None  # id of the event that carried the latest actual
    status: str | None = None
    pace: int | None = None  # R
    elapsed: int | None = None  # share of the duration at the observation
    planned: int | None = None  # planned attainment at the observation, τ
    low: int | None = None
    high: int | None = None
    stale: bool = False
    transition: int | None = None
    grade: int | None = None  # confidence, 4 to 1; None where there is no A


class Part(NamedTuple):
    """A mean with its bounds in µ, and its coverage as an exact fraction in lowest terms."""

    mean: int | None
    lower: int
    upper: int
    observed: int
    expected: int


class ResultSum(NamedTuple):
    """One result's sufficient statistics: weights expected and observed, weights times A; and what they make."""

    result: str
    level: int
    expected: int
    observed: int
    summed: int
    part: Part | None = None
    capped: int = 0  # weights times A held within CAP, for S3
    trusted: int = 0  # weights observed of grade C or better, for S4
    trusted_sum: int = 0  # these weights times A


class Outcome(NamedTuple):
    """A project's effectiveness: the whole, and the levels (result type, part)."""

    whole: Part | None
    levels: tuple[tuple[int, Part], ...] = ()
    flags: tuple[str, ...] = ()
    scenarios: tuple[int | None, ...] = (None, None, None, None)  # E under S2, S3, S4, S7 (§0.7)


class Funds(NamedTuple):
    """What a project has and was promised, in cents of USD (M11)."""

    available: int = 0
    pledged: int = 0


class Money(NamedTuple):
    """A project's money in cents of USD, and what could not be counted, in its own currency."""

    budget: int = 0
    spend: int = 0
    other: tuple[tuple[str, str, str], ...] = ()  # basis, currency, amount as text
    years: tuple[tuple[int, int], ...] = ()  # programme expenditure by year, less what others report (M9)
    funds: Funds = Funds()
    tables: tuple[str, ...] = ()  # of rates that were used


class Share(NamedTuple):
    """What a project brings into one scope: its share in ppm and its money in cents of USD.

    ``budget`` and ``spend`` hold P1 to P4 and what has no pillar, where the scope shows balance; else nothing.
    """

    ppm: int
    cents: int
    inferred: bool = False
    budget: tuple[int, ...] = ()
    spend: tuple[int, ...] = ()
    said: int = 0  # where it rests on inference: the pillars that do not, P1 to P4, a bit each


class Contribution(NamedTuple):
    """The ledger's entry: what this project last added to the cells (methodology §0.4).

    ``counts`` are added as they are, ``weighted`` times a scope's ppm and cents, ``statuses`` once by number
    and once by weight times ppm; ``cells`` says where each number goes.
    """

    counts: tuple[int, ...]
    weighted: tuple[int, ...]
    number: tuple[int, ...]
    weight: tuple[int, ...]
    shares: dict[str, Share]
    effort: tuple[int, ...] = ()  # hundredths of person-days, P1 to P4 and none, times a balanced scope's ppm


NO_MONEY: Final = Money()
NO_OUTCOME: Final = Outcome(None)


@dataclass(slots=True)
class IndicatorState:
    """One indicator: its definition, its first targets, its actuals, its score, and what was said of it."""

    definition: Definition | None = None
    first: tuple[Version, tuple[TargetOf, ...]] | None = None
    actuals: dict[str, Actual] = field(default_factory=dict)
    leaf: Leaf | None = None
    published: dict[str, Published] = field(default_factory=dict)


class Indicators:
    """A project's indicators by name, each unpacked when it is asked for.

    An event concerns one of them; the others stay the bytes they were read as.
    """

    __slots__ = ("_open", "_packed", "_unpack")

    def __init__(
        self, packed: dict[str, Any] | None = None, unpack: Callable[[Any], IndicatorState] | None = None
    ) -> None:
        self._packed = packed or {}
        self._unpack = unpack
        self._open: dict[str, IndicatorState] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._open or name in self._packed

    def __len__(self) -> int:
        return len(self._packed) + len(self._open)

    def __iter__(self) -> Iterator[str]:
        return iter([*self._packed, *self._open])

    def __getitem__(self, name: str) -> IndicatorState:
        found = self._open.get(name)
        if found is None:
            if self._unpack is None:
                raise KeyError(name)
            found = self._open[name] = self._unpack(self._packed.pop(name))
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Indicators) and dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]

    def get(self, name: str) -> IndicatorState | None:
        """The indicator, if there is one."""
        if name not in self:
            return None
        return self[name]

    def open(self, name: str) -> IndicatorState:
        """The indicator; a new one where nothing is known of it yet."""
        if name not in self:
            self._open[name] = IndicatorState()
        return self[name]

    def items(self) -> list[tuple[str, IndicatorState]]:
        """All of them, unpacked, by name."""
        return [(name, self[name]) for name in sorted(self)]

    def values(self) -> list[IndicatorState]:
        """All of them, unpacked, in the order of their names."""
        return [found for _, found in self.items()]

    def repack(self, pack: Callable[[IndicatorState], Any], unpack: Callable[[Any], IndicatorState]) -> dict[str, Any]:
        """Pack what is open; returns all of them packed. ``unpack`` is how they are asked for from now on."""
        self._packed |= {name: pack(found) for name, found in self._open.items()}
        self._open, self._unpack = {}, unpack
        return self._packed


@dataclass(slots=True)
class ProjectState:
    """One project, whole."""

    project_id: str
    about: About | None = None
    status: StatusChange | None = None
    indicators: Indicators = field(default_factory=Indicators)
    budgets: dict[str, RevisedBudget] = field(default_factory=dict)
    transactions: dict[str, Posting] = field(default_factory=dict)
    described: Version | None = None  # the latest version that was not a withdrawal, and what it says:
    last_entity: str = ""
    last_classification: str = "owner"
    newest: int = 0  # day of the newest fact, whichever won
    scored_on: int = 0  # the day the scores stand on
    month: int = 0  # the newest month in which a fact came, and the twelve up to it, a bit each (M15)
    months: int = 0
    covers: int = 0  # the newest month that a value or a transaction speaks of
    reached: int = 0  # which kinds of scores there are any of, a bit each (M15)
    transition: int | None = None  # no later than the first day on which time alone changes something
    money: Money = NO_MONEY
    # Sums over the indicators, kept by subtracting an old score and adding the new one.
    results: dict[str, ResultSum] = field(default_factory=dict)
    attained: dict[str, int | str] = field(default_factory=dict)  # A by indicator, or its state
    designed: int = 0  # indicators that count towards effectiveness, due or not
    expected: int = 0  # of these, those a value is expected of
    known: int = 0  # of these, those with an A
    grades_number: list[int] = field(default_factory=list)  # indicators by grade, A to D, and missing
    grades_weight: list[int] = field(default_factory=list)  # the same by weight
    impacts: dict[str, tuple[str, int | None, int]] = field(default_factory=dict)  # outcomes: result, A, grade
    effort: tuple[int, ...] = ()  # hundredths of person-days: P1 to P4, and none in particular
    inside: list[str] = field(default_factory=list)  # activities of the platform that it paid into, sorted
    number: list[int] = field(default_factory=list)  # by status of pace
    weight: list[int] = field(default_factory=list)
    outcome: Outcome = NO_OUTCOME
    contribution: Contribution | None = None
    published: dict[str, Published] = field(default_factory=dict)  # the project's own figures, by metric
    # The judgements on it, and the families of figures that rest on them.
    assessed: Sealed = field(default_factory=Sealed)
    assessed_until: int | None = None  # the first day on which time alone changes one of the families
    compared: str = ""  # a digest of the fingerprint last compared by (M12), '' where it has none

    @property
    def due(self) -> int | None:
        """No later than the first day on which time alone changes anything."""
        return min((day for day in (self.transition, self.assessed_until) if day is not None), default=None)
