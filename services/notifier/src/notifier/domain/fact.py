"""The facts a person can be told, as the notifier needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from notifier.domain.saying import message_of, restored


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may read a fact: its class and its owning organisation (architecture §5)."""

    classification: str
    owner: str | None = None
    demonstration: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A published figure changed. ``value`` and ``previous`` in µ or cents; None where withheld or unknown."""

    fact_id: str
    access: Access
    metric: str
    scope: str
    value: int | None
    previous: int | None
    unit: str
    state: str
    observed: int
    expected: int
    lower: int | None = None
    upper: int | None = None
    place: str | None = None
    """Where the last value was read, e.g. ``line 104 of portfolio.xml``; only where the figure is one project's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something a person may want to act on."""

    fact_id: str
    access: Access
    kind: str
    scope: str
    text: str
    project_id: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one submission; counts are of activities."""

    fact_id: str
    access: Access
    submission_id: str
    entity: str
    outcome: str
    file: str | None = None
    event_id: str | None = None
    activities: int = 0
    accepted: int = 0
    amended: int = 0
    unchanged: int = 0
    quarantined: int = 0
    indicators: int = 0
    scorable: int = 0
    rules: dict[str, int] = field(default_factory=dict)

    @property
    def has_problems(self) -> bool:
        """Whether something was refused, or was accepted with findings."""
        return self.outcome in {"quarantined", "partly-quarantined"} or bool(self.rules)


Fact = Figure | Alert | Receipt

_KINDS: Final[dict[str, type[Fact]]] = {"figure": Figure, "alert": Alert, "receipt": Receipt}


def packed(fact: Fact) -> dict[str, Any]:
    """A fact as it is kept while it waits."""
    fields = {name: message_of(value) or value for name, value in asdict(fact).items()}
    return {"what": type(fact).__name__.lower(), **fields}


def unpacked(kept: Mapping[str, Any]) -> Fact:
    """The fact that was packed."""
    fields = {name: restored(value) if name == "place" else value for name, value in kept.items()}
    kind = _KINDS[fields.pop("what")]
    return kind(**fields | {"access": Access(**fields["access"])})


@dataclass(frozen=True, slots=True)
class Told:
    """What a subscription last heard of a figure."""

    value: int | None
    state: str


def moved(figure: Figure, told: Told | None, min_change: int) -> bool:
    """Whether a figure has moved enough since it was last told.

    Measured from what was last *told*, not from the last event: ten steps of a tenth of the threshold are
    one step of the threshold. A change of state, or between a figure and none, is always worth telling.
    The threshold is in µ; figures in another unit are told at every change.
    """
    before = told.value if told else figure.previous
    if (told and told.state != figure.state) or (before is None) != (figure.value is None):
        return True
    if before is None or figure.value is None:
        return False
    change = abs(figure.value - before)
    return change > 0 and (figure.unit != "µ" or change >= min_change)
