"""Resolutions, and how far each country implements their provisions (methodology M14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, NamedTuple

from scoring.domain.consent import HIDDEN, MEMBERS, SHUT, SUBJECTS, UNCONSENTED, narrowest, shut, state_reads
from scoring.domain.coordination import ImplementationAssessed, ProvisionDefined, SubjectFact
from scoring.domain.families.family import Sums, nonzero
from scoring.domain.implementation import (
    ASSESSORS,
    FULL,
    KINDS,
    Level,
    Provision,
    Rated,
    Score,
    lagging,
    pace,
    rated,
    score,
    stale_on,
)
from scoring.domain.method import Method
from scoring.domain.numbers import half_even
from scoring.domain.origin import Version
from scoring.domain.parameters import COVERAGE_UNIT, MICRO
from scoring.domain.saying import coded, say
from scoring.domain.subjects.subject import Ledger, Stated, Subject, ordered, put

Levels = dict[str, dict[int, Level]]
"""One assessor's levels of one resolution: by provision and day."""


@dataclass(slots=True)
class ResolutionState(Subject):
    """A resolution's provisions; the countries assessed on it hold a copy."""

    KIND: ClassVar[str] = "resolution"
    provisions: dict[str, Provision] = field(default_factory=dict)

    def enter(self, fact: SubjectFact, version: Version) -> bool:
        """A provision's new full state."""
        if not isinstance(fact, ProvisionDefined):
            raise TypeError(type(fact).__name__)
        if fact.weight < 1:
            raise ValueError(f"weight {fact.weight} is not 1 or more (M14)")
        entry = Provision(version, not fact.withdrawn, fact.kind, fact.weight, fact.theme or "")
        return put(self.provisions, fact.provision_id, entry)

    def terms(self, day: int, method: Method) -> Ledger:
        """Nothing of its own: countries implement it."""
        return {}

    def next_day(self, day: int) -> int | None:
        """Nothing falls due."""
        return None

    def readers(self) -> tuple[str, str | None]:
        """Resolutions are public."""
        return "public", None

    def stated(self, metric: str, scope: str, day: int, method: Method) -> Iterable[Stated]:
        """It has no part in a figure."""
        return ()

    def register(self) -> list[Any]:
        """The provisions."""
        return [ordered(self.provisions)]


class Judged(NamedTuple):
    """A resolution in a country, as one assessor judges it."""

    assessor: str
    rated: list[Rated]
    score: Score
    delta: int | None
    stale: int  # weight assessed more than four years ago

    @property
    def lagging(self) -> bool:
        """Whether it is a case for the priority list."""
        return lagging(self.score, self.delta)


@dataclass(slots=True)
class CountryState(Subject):
    """A country's assessments: by resolution, assessor, provision and day."""

    KIND: ClassVar[str] = "country"
    levels: dict[str, dict[str, Levels]] = field(default_factory=dict)
    provisions: dict[str, dict[str, Provision]] = field(default_factory=dict)  # of the resolutions, as they stand

    def enter(self, fact: SubjectFact, version: Version) -> bool:
        """One assessment."""
        if not isinstance(fact, ImplementationAssessed):
            raise TypeError(type(fact).__name__)
        found = self.levels.setdefault(fact.resolution, {}).setdefault(fact.assessor, {})
        entry = Level(version, not fact.withdrawn, fact.level, fact.classification, fact.consented, fact.demonstration)
        return put(found.setdefault(fact.provision_id, {}), fact.assessed_on.toordinal(), entry)

    def judged(self, day: int, *, everywhere: bool, theme: str | None = None) -> dict[str, dict[str, Judged]]:
        """Each resolution by each assessor. ``everywhere``: only what may count outside the country's own figures."""
        found: dict[str, dict[str, Judged]] = {}
        for resolution, by_assessor in sorted(self.levels.items()):
            provisions = {
                name: p for name, p in self.provisions.get(resolution, {}).items() if theme is None or p.theme == theme
            }
            for assessor in ASSESSORS:
                one = self._judged(provisions, by_assessor.get(assessor, {}), assessor, day, everywhere=everywhere)
                if one is not None:
                    found.setdefault(resolution, {})[assessor] = one
        return found

    def _judged(
        self, provisions: Mapping[str, Provision], levels: Levels, assessor: str, day: int, *, everywhere: bool
    ) -> Judged | None:
        counted = {
            name: {on: self._told(level, everywhere=everywhere) for on, level in of.items() if level.alive}
            for name, of in levels.items()
            if name in provisions
        }
        if not any(level.level != "NAS" for of in counted.values() for level in of.values()):
            return None
        of = rated(provisions, counted)
        stale = sum(r.weight for r in of if r.level is not None and stale_on(r.day) <= day)
        return Judged(assessor, of, score(of), pace(provisions, counted), stale)

    def _told(self, level: Level, *, everywhere: bool) -> Level:
        """The assessment as it may count; one that may not is none, and hides what was said before it."""
        counts = level.consented or (not everywhere and state_reads(level.classification, self.id))
        return level if counts else level._replace(level="NAS")

    def terms(self, day: int, method: Method) -> Ledger:
        """Its own figure in detail; elsewhere one country, of equal weight."""
        own = self._own(day)
        scopes: dict[str, Sums] = {f"country:{self.id}": own} if own else {}
        world = self._one(self.judged(day, everywhere=True))
        if world:
            scopes |= dict.fromkeys(("global", *(f"region:{r}" for r in method.regions.of_country(self.id))), world)
        themes = {p.theme for found in self.provisions.values() for p in found.values() if p.alive and p.theme}
        for theme in themes:
            sums = self._one(self.judged(day, everywhere=True, theme=theme))
            if sums:
                scopes[f"theme:{theme}"] = sums
        return {"M14": scopes} if scopes else {}

    def _own(self, day: int) -> Sums:
        """By resolution, and summed over them."""
        sums: Sums = {}
        for resolution, by_assessor in self.judged(day, everywhere=False).items():
            head = headline(by_assessor)
            fields = _weights(head.rated) | {f"h|{level}": n for level, n in _histogram(head.rated).items()}
            fields |= {"stale": head.stale, "lagging": int(head.lagging)}
            for name, value in fields.items():
                sums[name] = sums.get(name, 0) + value
            fields = _weights(head.rated) | {"stale": head.stale, "lagging": int(head.lagging)}
            fields |= {"paced": int(head.delta is not None), "delta": head.delta or 0}
            fields[f"by_{head.assessor}"] = 1
            for assessor, one in by_assessor.items():
                fields |= {f"{assessor}_w": one.score.assessed, f"{assessor}_wl": one.score.summed}
            both, differ = _compared(by_assessor)
            fields |= {"both": both, "differ": differ}
            sums["differ"] = sums.get("differ", 0) + differ
            sums |= {f"r|{resolution}||{name}": value for name, value in fields.items()}
            sums |= self._counts(resolution, head.rated, sums)
        return nonzero(sums)

    def _counts(self, resolution: str, of: Iterable[Rated], sums: Sums) -> Sums:
        """Who is in its own figure: each assessed provision is one it could give away, by whichever assessor."""
        shown = [
            level
            for by, _, _, _, level in self._every()
            if by == resolution and level.alive and (level.consented or state_reads(level.classification, self.id))
        ]
        return {
            MEMBERS: 1,
            SUBJECTS: sums.get(SUBJECTS, 0) + sum(r.level is not None for r in of),
            HIDDEN: sums.get(HIDDEN, 0) + sum(level.classification != "public" for level in shown),
            SHUT: sums.get(SHUT, 0) + sum(shut(level.classification) for level in shown),
            UNCONSENTED: sums.get(UNCONSENTED, 0) + sum(not level.consented for level in shown),
            "#demonstrations": sums.get("#demonstrations", 0) + sum(level.demonstration for level in shown),
        }

    def _one(self, judged: Mapping[str, Mapping[str, Judged]]) -> Sums:
        """One country among others: its S, the bounds and the coverage of it, once."""
        heads = [headline(by_assessor) for by_assessor in judged.values()]
        every = [r for head in heads for r in head.rated]
        if not every:
            return {}
        whole = score(every)
        lower, upper = whole.bounds or (0, MICRO)
        sums: Sums = {
            "countries": 1,
            "known": int(whole.value is not None),
            "S": whole.value or 0,
            "lower": lower,
            "upper": upper,
            "covered": half_even(whole.assessed * COVERAGE_UNIT, whole.applicable),
            "stale": int(any(head.stale for head in heads)),
            "lagging": int(any(head.lagging for head in heads)),
        }
        for kind in KINDS:
            part = score(r for r in every if r.kind == kind).value
            sums |= {f"known|{kind}": int(part is not None), f"S|{kind}": part or 0}
        sums |= {f"h|{level}": n for level, n in _histogram(every).items()}
        facts = [r.found for r in every if r.found is not None]
        sums |= {
            MEMBERS: 1,
            SUBJECTS: 1,
            HIDDEN: int(any(f.classification != "public" for f in facts)),
            SHUT: int(any(shut(f.classification) for f in facts)),
            "#demonstrations": int(any(f.demonstration for f in facts)),
        }
        return nonzero(sums)

    def next_day(self, day: int) -> int | None:
        """The day the next assessment is more than four years old."""
        days = {stale_on(on) for _, _, _, on, level in self._every() if level.alive}
        return min((d for d in days if d > day), default=None)

    def _every(self) -> Iterator[tuple[str, str, str, int, Level]]:
        for resolution, by_assessor in self.levels.items():
            for assessor, levels in by_assessor.items():
                for provision, of in levels.items():
                    for day, level in of.items():
                        yield resolution, assessor, provision, day, level

    def readers(self) -> tuple[str, str | None]:
        """As narrow as the narrowest assessment."""
        return narrowest((level.classification for *_, level in self._every() if level.alive), self.id), None

    def stated(self, metric: str, scope: str, day: int, method: Method) -> Iterable[Stated]:
        """The levels that make its part, and beside them those of the other assessor."""
        own = scope == f"country:{self.id}"
        theme = scope.partition(":")[2] if scope.startswith("theme:") else None
        for resolution, by_assessor in self.judged(day, everywhere=not own, theme=theme).items():
            head = headline(by_assessor)
            for one in by_assessor.values():
                for r in one.rated:
                    if r.found is None:
                        continue
                    says = say("not assessed")
                    if r.level is not None:
                        says = say("level %(level)s of %(full)s", level=r.level, full=FULL)
                    counts = one is head and own and r.level is not None
                    yield Stated(
                        say("%(what)s, by %(who)s", what=f"{resolution}, {r.provision}", who=coded(one.assessor)),
                        say(
                            "%(level)s, weight %(weight)s, %(kind)s, %(day)s",
                            level=says,
                            weight=r.weight,
                            kind=coded(r.kind),
                            day=date.fromordinal(r.day).isoformat(),
                        ),
                        r.found.version.id,
                        r.weight * (r.level or 0) * MICRO if counts else None,
                        FULL * r.weight if counts else None,
                    )

    def register(self) -> list[Any]:
        """The assessments; provisions belong to their resolutions."""
        return [ordered(self.levels)]


def headline(by_assessor: Mapping[str, Judged]) -> Judged:
    """CTED's judgement where there is one, else the State's."""
    return next(by_assessor[a] for a in ASSESSORS if a in by_assessor)


def _weights(of: list[Rated]) -> Sums:
    """Weights applicable, assessed, and times levels: of all, and of each kind of provision."""
    sums: Sums = {}
    for kind, found in (("", of), *((f"|{k}", [r for r in of if r.kind == k]) for k in KINDS)):
        s = score(found)
        sums |= {f"all{kind}": s.applicable, f"w{kind}": s.assessed, f"wl{kind}": s.summed}
    return sums


def _histogram(of: Iterable[Rated]) -> dict[int, int]:
    found: dict[int, int] = {}
    for r in of:
        if r.level is not None:
            found[r.level] = found.get(r.level, 0) + 1
    return found


def _compared(by_assessor: Mapping[str, Judged]) -> tuple[int, int]:
    """Provisions both assessed, and of these those on which they disagree."""
    levels = [{r.provision: r.level for r in one.rated if r.level is not None} for one in by_assessor.values()]
    if len(levels) < len(ASSESSORS):
        return 0, 0
    both = levels[0].keys() & levels[1].keys()
    return len(both), sum(1 for name in both if levels[0][name] != levels[1][name])
