"""Totals kept from the public: however a portfolio looks, nothing hidden can be worked out from what is shown."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction

import pytest
from tests.support.scoring_facts import a_project

from scoring.domain.allocation import UNALLOCATED, pillars_of, places_of, shares_of, themes_of
from scoring.domain.cells import INTERNAL
from scoring.domain.facts import Version
from scoring.domain.method import FIRST_METHOD
from scoring.domain.places import M49
from scoring.domain.register import _about as about_of
from scoring.domain.state import About, Money
from scoring.domain.suppression import COMPLEMENTARY, SMALL_CELL, Standing, determined, small, sums_of, withheld

COUNTRIES = ("ML", "NE", "BF", "TD", "KE", "SO", "ET", "IQ", "SY", "LB", "JO", "AF", "PK", "TJ", "PH", "ID", "FR", "XX")
PILLARS = ("P1", "P2", "P3", "P4")
THEMES = ("BORDER", "PRISON", "YOUTH", "FINANCE")
Row = dict[str, int]


def portfolio(seed: int, projects: int, entities: int) -> list[tuple[About, bool]]:
    """Projects as they come: some in several countries and pillars, some in a region only, some nowhere."""
    draw = random.Random(seed)
    return [_project(draw, n, entities) for n in range(projects)]


def _project(draw: random.Random, n: int, entities: int) -> tuple[About, bool]:
    kind = draw.random()
    countries = _shares(draw, COUNTRIES) if kind < 0.85 else {}
    regions = {draw.choice(("011", "202", "1030", "145")): 1_000_000} if 0.85 <= kind < 0.95 else {}
    fact = a_project(
        project_id=f"P{n}",
        entity=f"XM-{draw.randrange(entities)}",
        countries=countries,
        regions=regions,
        pillars=_shares(draw, PILLARS) if draw.random() < 0.9 else {},
        themes=_shares(draw, THEMES) if draw.random() < 0.8 else {},
    )
    return about_of(fact, Version(0, "", "")), draw.random() < 0.1


def _shares(draw: random.Random, codes: tuple[str, ...]) -> dict[str, int]:
    chosen = draw.sample(codes, draw.choice((1, 1, 1, 2, 3)))
    each = 1_000_000 // len(chosen)
    return dict.fromkeys(chosen[1:], each) | {chosen[0]: 1_000_000 - each * (len(chosen) - 1)}


def standings(projects: list[tuple[About, bool]]) -> dict[str, Standing]:
    """Who is in each cell, counted anew."""
    found: dict[str, list[tuple[str, bool, int]]] = {}
    for about, restricted in projects:
        for scope, share in shares_of(about, Money(), FIRST_METHOD).items():
            found.setdefault(scope, []).append((about.entity, restricted, share.ppm))
    return {
        scope: Standing(len(rows), sum(r for _, r, _ in rows), len({e for e, _, _ in rows}), sum(p for _, _, p in rows))
        for scope, rows in found.items()
    }


def equations(projects: list[tuple[About, bool]]) -> Iterator[Row]:
    """Everything that adds up, down to each place by pillar and entity by pillar, be there a scope for it or none.

    Written from the method (§0.6), not from the code: a total, less its parts, is nought.
    """
    cells = {(place, pillar) for about, _ in projects for place in places_of(about) for pillar in pillars_of(about)[0]}
    own = {(about.entity, pillar) for about, _ in projects for pillar in pillars_of(about)[0]}
    places = {place for place, _ in cells}
    for place in places:
        yield _row(_place(place), [_inside(p, k) for p, k in cells if p == place])
    for pillar in {pillar for _, pillar in cells}:
        yield _row(_pillar(pillar), [_inside(p, k) for p, k in cells if k == pillar])
        yield _row(_pillar(pillar), [_of(e, k) for e, k in own if k == pillar])
    for entity in {entity for entity, _ in own}:
        yield _row(f"entity:{entity}", [_of(e, k) for e, k in own if e == entity])
    regions = {r for place in places for r in _around(place)}
    for region in regions:
        direct = [_place(p) for p in places if _around(p)[:1] == [region]]
        within = [f"region:{r}" for r in regions if (M49.of_region(r) or ())[1:2] == (region,)]
        yield _row(f"region:{region}", direct + within)
    outermost = [f"region:{r}" for r in regions if len(M49.of_region(r) or ()) == 1]
    yield _row("global", outermost + [_place(p) for p in places if not _around(p)])
    yield _row("global", [_pillar(k) for k in {pillar for _, pillar in cells}])
    yield _row("global", [f"entity:{e}" for e in {entity for entity, _ in own}])
    yield _row("global", sorted({f"theme:{t}" if t else "no theme" for about, _ in projects for t in themes_of(about)}))


def _row(whole: str, parts: list[str]) -> Row:
    return {whole: -1} | dict.fromkeys(parts, 1)


def _around(place: str) -> list[str]:
    """The regions around a place, innermost first."""
    if place.startswith("@"):
        return list(M49.of_region(place[1:]) or ())
    return list(M49.of_country(place)) if place else []


def _place(place: str) -> str:
    if not place:
        return UNALLOCATED
    return f"region-direct:{place[1:]}" if place.startswith("@") else f"country:{place}"


def _pillar(pillar: str) -> str:
    return f"pillar:{pillar}" if pillar else "no pillar"


def _inside(place: str, pillar: str) -> str:
    return f"pillar-country:{pillar}|{place}"


def _of(entity: str, pillar: str) -> str:
    return f"entity-pillar:{entity}|{pillar}"


def solved(rows: list[Row], known: set[str]) -> set[str]:
    """The unknowns that have one value, by Gauss and Jordan over fractions: no other method, so nothing is shared."""
    pivots: dict[str, dict[str, Fraction]] = {}
    for row in rows:
        left = {name: Fraction(n) for name, n in row.items() if name not in known}
        for name in [name for name in left if name in pivots]:
            _less(left, pivots[name], left[name])
        if not left:
            continue
        name, n = next(iter(left.items()))
        left = {other: value / n for other, value in left.items()}
        for other in pivots.values():
            if name in other:
                _less(other, left, other[name])
        pivots[name] = left
    return {name for name, row in pivots.items() if len(row) == 1}


def _less(row: dict[str, Fraction], other: Mapping[str, Fraction], times: Fraction) -> None:
    for name, n in other.items():
        value = row.get(name, Fraction(0)) - times * n
        if value:
            row[name] = value
        else:
            row.pop(name, None)


PORTFOLIOS = [(1, 1), (2, 2), (3, 2), (4, 2), (6, 3), (10, 4), (20, 5), (40, 8), (80, 10), (150, 12)]


@pytest.mark.parametrize(("projects", "entities"), PORTFOLIOS)
def test_nothing_that_is_hidden_can_be_solved_for(projects: int, entities: int) -> None:
    """The attack: every published total as known, every sum of the method, and linear algebra for the rest."""
    hidden_ones = solvable_without = 0
    for seed in range(25 if projects < 40 else 6):
        made = portfolio(seed * 1000 + projects, projects, entities)
        there = standings(made)
        hidden = withheld(there, M49)
        rows = list(equations(made))
        # What no scope is published for is not known either, unless it is shown by what is.
        published = {s for s in there if s not in hidden and not s.startswith(INTERNAL)}
        assert not solved(rows, published) & hidden.keys(), (projects, entities, seed)
        primary = {scope for scope, standing in there.items() if small(scope, standing)}
        assert primary <= hidden.keys()
        everything = {s for s in there if s not in primary and not s.startswith(INTERNAL)}
        solvable_without += len(solved(rows, everything) & primary)
        hidden_ones += len(hidden)
    assert hidden_ones
    # The attack is worth its name: where only the small ones were hidden, it would find some of them.
    assert solvable_without or projects < 4


def test_what_is_hidden_follows_from_who_is_where_and_from_nothing_else() -> None:
    made = portfolio(7, 60, 6)
    there = standings(made)
    expected = withheld(there, M49)
    draw = random.Random(1)
    for _ in range(5):
        shuffled = list(there.items())
        draw.shuffle(shuffled)
        assert withheld(dict(shuffled), M49) == expected
    assert expected == withheld(standings(made[::-1]), M49)


def test_the_smallest_sibling_is_hidden_beside_a_small_cell_and_of_equals_the_first() -> None:
    enough = {"projects": 5, "entities": 3}
    there = {
        "global": Standing(20, 0, 5, 20_000_000),
        "theme:A": Standing(2, 0, 2, 2_000_000),
        "theme:B": Standing(**enough, ppm=4_000_000),
        "theme:C": Standing(**enough, ppm=3_000_000),
        "theme:D": Standing(**enough, ppm=3_000_000),
    }
    assert withheld(there, M49) == {"theme:A": SMALL_CELL, "theme:C": COMPLEMENTARY}


def test_where_there_is_no_sibling_the_total_is_hidden_too() -> None:
    there = {
        "global": Standing(9, 0, 4, 9_000_000),
        "region:002": Standing(9, 0, 4, 9_000_000),
        "region:202": Standing(2, 0, 2, 2_000_000),
        "region:015": Standing(7, 0, 4, 7_000_000),
        "country:EG": Standing(7, 0, 4, 7_000_000),
        "region:011": Standing(2, 0, 2, 2_000_000),
        "country:ML": Standing(2, 0, 2, 2_000_000),
    }
    hidden = withheld(there, M49)
    assert hidden.keys() == {"country:ML", "region:011", "region:202", "region:015", "country:EG"}


@pytest.mark.parametrize(
    ("projects", "entities", "hidden"), [(3, 2, False), (2, 2, True), (3, 1, True), (0, 0, False), (12, 1, True)]
)
def test_three_projects_of_two_entities_are_enough(projects: int, entities: int, hidden: bool) -> None:
    there = {"country:ML": Standing(projects, 0, entities, 1), "global": Standing(90, 0, 9, 90)}
    assert ("country:ML" in withheld(there, M49)) is hidden


def test_an_entitys_own_work_is_its_own_and_hides_only_what_others_need() -> None:
    assert not small("entity:XM-A", Standing(1, 0, 1, 1))
    assert not small("entity-pillar:XM-A|P1", Standing(1, 0, 1, 1))
    assert small("entity:XM-A", Standing(2, 1, 1, 1))


def test_a_value_that_follows_from_several_sums_together_is_found() -> None:
    """a + b, b + c and a + c together give each of them, though no single sum does."""
    from scoring.domain.suppression import Sum

    sums = [Sum("x", ("a", "b")), Sum("y", ("b", "c")), Sum("z", ("a", "c"))]
    assert determined(sums, {"a", "b", "c"}) == {"a", "b", "c"}
    assert determined(sums[:2], {"a", "b", "c"}) == set()
    assert determined(sums, {"a", "x", "b"}) == {"b", "a", "x"}
    assert sums_of(["theme:A", "theme:B"], M49) == [Sum("global", ("theme:A", "theme:B"))]
