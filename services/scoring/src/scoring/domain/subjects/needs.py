"""Needs of countries, and the projects that meet them (methodology M13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NamedTuple

from scoring.domain.consent import HIDDEN, MEMBERS, SHUT, SUBJECTS, UNCONSENTED, shut, state_reads
from scoring.domain.coordination import Need, SubjectFact, SupportLinked
from scoring.domain.families.family import Sums, nonzero
from scoring.domain.families.risk import decide
from scoring.domain.method import Method
from scoring.domain.origin import Version
from scoring.domain.parameters import MICRO, PILLARS, Parameters
from scoring.domain.project import PIPELINE, is_restricted, status_of
from scoring.domain.saying import say
from scoring.domain.state import ProjectState
from scoring.domain.subjects.subject import Ledger, Stated, Subject, put

NOT_COUNTED, PLANNED, COUNTED = 0, 1, 2
"""What a project is worth to a need it is linked to."""

_UNDER_WAY: Final = frozenset({2, 3})
_OPEN_GATES: Final = frozenset({"GO", "GO_WITH_CONDITIONS"})
_SAID: Final = {NOT_COUNTED: say("does not count"), PLANNED: say("in the pipeline"), COUNTED: say("counts")}


def standing(state: ProjectState, under: Parameters) -> int:
    """Whether a project counts: under way with an open gate, or planned; none whose state not everybody may know."""
    if state.about is not None and is_restricted(state.about):
        return NOT_COUNTED
    status = status_of(state)
    if status == PIPELINE:
        return PLANNED
    if status in _UNDER_WAY and decide(state, state.scored_on, under).gate in _OPEN_GATES:
        return COUNTED
    return NOT_COUNTED


class Stating(NamedTuple):
    """A need as last stated; ``alive`` is False once withdrawn."""

    version: Version
    alive: bool
    country: str
    entity: str
    pillar: str
    theme: str
    weight: int  # severity times priority
    classification: str
    consented: bool
    demonstration: bool


class Support(NamedTuple):
    """A project's link to the need; adequacy in ppm."""

    version: Version
    alive: bool
    adequacy: int


class Cover(NamedTuple):
    """How much of a need is met, in ppm: Σ of adequacies, what of it counts, and the same with what is planned."""

    summed: int
    covered: int
    planned: int

    @property
    def over(self) -> int:
        """Support beyond the need."""
        return max(0, self.summed - MICRO)


def cover(adequacies: Iterable[tuple[int, int]]) -> Cover:
    """From (adequacy, standing) of each linked project."""
    found = list(adequacies)
    summed = sum(a for a, stands in found if stands == COUNTED)
    planned = summed + sum(a for a, stands in found if stands == PLANNED)
    return Cover(summed, min(summed, MICRO), min(planned, MICRO))


def need_sums(weight: int, found: Cover) -> Sums:
    """What one need adds: weights, and weights times ppm."""
    return nonzero(
        {
            "needs": 1,
            "w": weight,
            "cov": weight * found.covered,
            "over": weight * found.over,
            "planned": weight * (found.planned - found.covered),
            "unaddressed": int(not found.summed),
        }
    )


@dataclass(slots=True)
class NeedState(Subject):
    """A need, its links, and what each linked project is worth."""

    KIND: ClassVar[str] = "need"
    need: Stating | None = None
    links: dict[str, Support] = field(default_factory=dict)
    standings: dict[str, int] = field(default_factory=dict)

    def enter(self, fact: SubjectFact, version: Version) -> bool:
        """A new full state of the need, or one link."""
        if isinstance(fact, SupportLinked):
            if not 0 <= fact.adequacy <= MICRO:
                raise ValueError(f"adequacy {fact.adequacy} is not within 0 and {MICRO} ppm (M13)")
            return put(self.links, fact.project_id, Support(version, not fact.withdrawn, fact.adequacy))
        if not isinstance(fact, Need):
            raise TypeError(type(fact).__name__)
        if not (1 <= fact.severity <= 4 and 1 <= fact.priority <= 3 and fact.pillar in PILLARS):
            raise ValueError("severity is 1 to 4, priority 1 to 3, pillar P1 to P4 (M13)")
        if self.need is not None and self.need.version >= version:
            return False
        self.need = Stating(
            version, not fact.withdrawn, fact.country, fact.entity, fact.pillar, fact.theme or "",
            fact.severity * fact.priority, fact.classification, fact.consented, fact.demonstration,
        )  # fmt: skip
        return True

    def cover(self) -> Cover:
        """How much of it is met."""
        links = [(p, link) for p, link in self.links.items() if link.alive]
        return cover((link.adequacy, self.standings.get(p, NOT_COUNTED)) for p, link in links)

    def supporters(self) -> frozenset[str]:
        """The projects linked to it, where totals may speak of it; of any other need nobody is told who meets it."""
        if self.need is None or not self.need.alive or not self.need.consented:
            return frozenset()
        return frozenset(project for project, link in self.links.items() if link.alive)

    def terms(self, day: int, method: Method) -> Ledger:
        """In every scope where the State consented, else in its country's own."""
        need = self.need
        if need is None or not need.alive:
            return {}
        country, pair = f"country:{need.country}", f"pillar-country:{need.pillar}|{need.country}"
        scopes = [country, pair]
        if need.consented:
            regions = method.regions.of_country(need.country)
            scopes += ["global", f"pillar:{need.pillar}", *(f"region:{r}" for r in regions)]
            scopes += [f"theme:{need.theme}"] if need.theme else []
        elif not state_reads(need.classification, need.country):
            return {}
        sums = need_sums(need.weight, self.cover()) | nonzero(
            {
                MEMBERS: 1,
                SUBJECTS: 1,
                HIDDEN: int(need.classification != "public"),
                SHUT: int(shut(need.classification)),
                UNCONSENTED: int(not need.consented),
                "#demonstrations": int(need.demonstration),
            }
        )
        return {"M13": {s: sums if s in {country, pair} else {**sums, f"in|{need.country}": 1} for s in scopes}}

    def next_day(self, day: int) -> int | None:
        """Nothing about a need falls due; what its projects do is told to it."""
        return None

    def readers(self) -> tuple[str, str | None]:
        """As its keeper classified it."""
        return (self.need.classification, self.need.entity) if self.need is not None else ("owner", None)

    def stated(self, metric: str, scope: str, day: int, method: Method) -> Iterable[Stated]:
        """The need, and its links."""
        if self.need is None:
            return
        yield Stated(
            say("Need %(id)s", id=self.id),
            say("severity × priority %(weight)s", weight=self.need.weight),
            self.need.version.id,
        )
        for project, link in sorted(self.links.items()):
            if link.alive:
                stands = _SAID[self.standings.get(project, NOT_COUNTED)]
                says = say("adequacy %(share)s%%, %(standing)s", share=f"{link.adequacy / 10_000:g}", standing=stands)
                yield Stated(say("Project %(id)s", id=project), says, link.version.id)

    def register(self) -> list[Any]:
        """The need and its links; what projects are worth follows from them."""
        return [self.need, sorted(self.links.items())]

    def label(self) -> tuple[str, str | None]:
        """Its title."""
        return (self.need.version.id if self.need is not None else ""), "title"
