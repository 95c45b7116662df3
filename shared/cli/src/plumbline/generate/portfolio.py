"""Projects by number: project ``index`` of a seed is the same in every portfolio, small or large.

It is made without any other project, so that a million need no more memory than one. An edition replays what
earlier editions changed (``amend``); a project that an edition leaves alone is the same in it, to the byte.
"""

from __future__ import annotations

from datetime import date, timedelta

from plumbline.generate import amend, money, placing, progress
from plumbline.generate.draw import Draw
from plumbline.generate.model import Project
from plumbline.generate.timeline import (
    FIRST_MONTH,
    LAST_MONTH,
    LAST_START,
    MAX_EDITIONS,
    edition_instant,
    first_day,
    last_day,
)
from plumbline.generate.vocabulary import Entity, Theme, vocabulary

_REVISED = 0.1
"""The share of projects that each later edition changes."""
_PILLARS_UNDECLARED = 0.18
"""The share of projects whose pillars can only be inferred from their purposes."""


class Portfolio:
    """All the projects of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.words = vocabulary()
        self._skill = {
            entity.ref: Draw(seed, "skill", entity.ref).spread(0.82, 1.04) for entity in self.words.entities.items
        }

    def size(self, projects: int, edition: int) -> int:
        """How many projects an edition holds: each later one brings one per cent of new ones, one at least."""
        return projects + (edition - 1) * max(1, projects // 100)

    def identity(self, index: int) -> tuple[Entity, str]:
        """Who reports project ``index`` (from 0), and its IATI identifier."""
        return self._identity(self._draw(index), index)

    def project(self, index: int, edition: int = 1) -> Project:
        """Project ``index`` as an edition of its entity's file has it."""
        draw = self._draw(index)
        entity, identifier = self._identity(draw, index)
        revised = [e for e in range(2, MAX_EDITIONS + 1) if draw.chance(_REVISED)]
        project = self._first(draw, index, entity, identifier)
        for number in revised:
            if number <= edition:
                amend.revise(Draw(self.seed, "edition", index, number), self.words, project, number)
        return project

    def _draw(self, index: int) -> Draw:
        return Draw(self.seed, "project", index)

    def _identity(self, draw: Draw, index: int) -> tuple[Entity, str]:
        # The first choice of every project, so that its identifier is known without making it.
        entity = draw.weighted(self.words.entities)
        return entity, f"{entity.ref}-{self.seed}-{index + 1:06d}"

    def _first(self, draw: Draw, index: int, entity: Entity, identifier: str) -> Project:
        """The project as the first edition has it."""
        words = self.words
        updated = edition_instant(1) + timedelta(seconds=draw.whole(0, 7200))
        until = updated.date()
        served = placing.pillars(draw, entity)
        theme = draw.pick(words.themes[served[0][0]])
        where = placing.place(draw, words)
        first = draw.whole(FIRST_MONTH, LAST_START)
        last = min(LAST_MONTH, first + draw.pick((18, 24, 24, 30, 36, 36, 48, 60)) - 1)
        begun, ended, status = _course(draw, first, last, until)
        amount = money.total(draw)
        partner = draw.weighted(words.entities) if draw.chance(0.2) else None
        if partner is entity:
            partner = None
        pace = draw.around(0.92, 0.3) * self._skill[entity.ref]
        # Counts of outputs grow with the budget, more slowly than it.
        size = min(3.0, max(0.4, 0.5 + amount / 2_000_000))
        plan = progress.Plan(first, last, until if begun else first_day(first), pace, size)
        french = len(where.countries) == 1 and where.region is None and draw.chance(0.15)
        return Project(
            identifier=identifier,
            entity=entity,
            theme=theme,
            title=theme.title.format(place=where.name),
            title_fr=theme.title_fr.format(place=where.countries[0][0].name_fr) if french else None,
            funder=draw.weighted(words.funders),
            partner=partner,
            status=status,
            planned_start=first_day(first),
            planned_end=last_day(last),
            actual_start=begun,
            actual_end=ended,
            scope=where.scope,
            countries=where.countries,
            region=where.region,
            pillars=served,
            declared=not draw.chance(_PILLARS_UNDECLARED),
            purposes=placing.purposes(draw, words, theme, served),
            markers=_markers(draw, theme),
            currency=draw.pick(money.CURRENCIES),
            budgets=money.budgets(amount, first, last),
            transactions=money.transactions(draw, amount, first, last, begun, until, partner) if begun else [],
            links=self._links(draw, index, entity),
            results=progress.results(draw, words, theme, served, plan),
            updated=updated,
        )

    def _links(self, draw: Draw, index: int, entity: Entity) -> list[tuple[str, int]]:
        """A related activity now and then: a parent or sibling of the same entity, or one funded together."""
        kind = draw.random()
        if kind >= 0.1 or index == 0:
            return []
        nearest = index - 1 - draw.whole(0, min(index - 1, 40))
        for other in range(nearest, max(-1, nearest - 20), -1):
            whose, identifier = self.identity(other)
            if kind < 0.04:
                return [(identifier, 4)] if whose is not entity else []
            if whose is entity:
                return [(identifier, 1 if kind < 0.07 else 3)]
        return []


def _course(draw: Draw, first: int, last: int, until: date) -> tuple[date | None, date | None, int]:
    """Actual start, actual end and IATI ActivityStatus of a project, as known on a day."""
    begun = first_day(first) + timedelta(days=draw.pick((0, 0, 0, 14, 30, 45)))
    ended = last_day(last) + timedelta(days=draw.pick((0, 0, 0, 0, 31)))
    fate = draw.random()
    if begun > until:
        return None, None, 1
    if ended <= until:
        return begun, ended, 3 if (until - ended).days < 180 else 4
    return begun, None, 5 if fate < 0.015 else 6 if fate < 0.035 else 2


def _markers(draw: Draw, theme: Theme) -> tuple[int | None, int | None, int | None]:
    """Gender by the DAC marker and by GEM, which agree, and human rights; some projects are not screened."""
    lean = 0.2 if theme.code in {"WOMEN", "VICTIMS", "AID"} else 0.0
    chosen = draw.random() - lean
    gem = 3 if chosen < 0.12 else 2 if chosen < 0.55 else 1 if chosen < 0.8 else 0
    dac = max(0, gem - 1)
    rights = draw.random() - (0.35 if theme.pillar == "P4" else 0.0)
    hrm = 3 if rights < 0.1 else 2 if rights < 0.5 else 1 if rights < 0.8 else 0
    return (
        None if draw.chance(0.08) else dac,
        gem if draw.chance(0.6) else None,
        hrm if draw.chance(0.7) else None,
    )
