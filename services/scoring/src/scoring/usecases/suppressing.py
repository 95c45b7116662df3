"""What is withheld decided anew, where a batch changed who is in which cell (ADR 0079)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from runtime.db import Tx
from scoring.domain.assessing import Moved, added, concerns_standing, standing_of
from scoring.domain.cells import INTERNAL
from scoring.domain.families import FAMILIES, OF_SUBJECTS
from scoring.domain.families.presence import METRIC as PRESENCE
from scoring.domain.places import Regions
from scoring.domain.suppression import Standing, withheld
from scoring.store import suppression as store

GUARDED: Final = frozenset(FAMILIES) - OF_SUBJECTS
"""The families whose cells count projects; what subjects make of theirs is decided by consent (ADR 0073)."""

Changes = dict[tuple[str, str], str | None]
"""By (scope, metric): why a total is withheld from now on, None where it is not any more."""

Withheld = dict[tuple[str, str], str]
"""By (scope, metric): why a total is withheld. The core metrics' is that of who is present."""


class Decided(NamedTuple):
    """What is withheld of all there is, and the cells of which something else stands."""

    withheld: Withheld
    changed: set[tuple[str, str]]


async def decide(tx: Tx, moved: Moved, regions: Regions) -> Changes:
    """Which totals become withheld, or are not any more, by what a transaction is about to add to the cells.

    Values move with every event, who is in a cell seldom: only then anything is looked at, and then the cells of the
    metrics concerned, however large the portfolio is. Called before the first cell is locked.
    """
    touched = {key: more for key, more in moved.items() if key[1] in GUARDED and concerns_standing(more)}
    if not touched:
        return {}
    await store.decide_alone(tx.conn)
    found = await store.standings(tx.conn, {metric for _, metric in touched})
    before = await store.sums_of(tx.conn, touched)
    for (scope, metric), difference in touched.items():
        known = found[metric].get(scope)
        standing = standing_of(added(before.get((scope, metric), {}), difference))
        found[metric][scope] = standing, known[1] if known is not None else None
    return _all_changes(found, regions)


async def decide_all(tx: Tx, families: Moved, regions: Regions) -> Decided:
    """The same for all cells at once, given what they are to hold; writers wait."""
    now = withheld_totals(families, regions)
    stood: Changes = {(scope, PRESENCE): why for scope, why in (await store.withheld_cells(tx.conn)).items()}
    found = (await store.standings(tx.conn, GUARDED)).items()
    said = {(scope, metric): why for metric, cells in found for scope, (_, why) in cells.items()}
    changed = {key for before in (stood, said) for key in before if now.get(key) != before[key]}
    return Decided(now, changed | (now.keys() - said.keys()))


def withheld_of(metric: str, standings: Mapping[str, Standing], regions: Regions) -> dict[str, str]:
    """The cells of a metric whose totals are withheld, and why, among all that it has."""
    family = FAMILIES[metric]
    there = {
        scope: standing
        for scope, standing in standings.items()
        if metric == PRESENCE or scope.startswith(INTERNAL) or family.published_for(scope)
    }
    return withheld(there, regions)


def withheld_totals(families: Moved, regions: Regions) -> Withheld:
    """The totals that are withheld, by (scope, metric), given the sums of all cells."""
    found: dict[str, dict[str, Standing]] = {}
    for (scope, metric), sums in families.items():
        if metric in GUARDED:
            found.setdefault(metric, {})[scope] = standing_of(sums)
    return {
        (scope, metric): why
        for metric, standings in found.items()
        for scope, why in withheld_of(metric, standings, regions).items()
    }


def _all_changes(found: store.Standings, regions: Regions) -> Changes:
    return {key: why for metric, cells in found.items() for key, why in _changes(metric, cells, regions).items()}


def _changes(metric: str, cells: Mapping[str, tuple[Standing, str | None]], regions: Regions) -> Changes:
    now = withheld_of(metric, {scope: standing for scope, (standing, _) in cells.items()}, regions)
    return {(scope, metric): now.get(scope) for scope, (_, why) in cells.items() if now.get(scope) != why}
