"""Cells: per scope one vector of integers; any change is subtract the old, add the new (methodology §0.4).

A project's contribution is linear in its shares, so the vectors of its scopes are never stored: ``spread``
multiplies them out, and the difference of two contributions over the same shares is spread once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import IntEnum

from scoring.domain.pace import STATUSES
from scoring.domain.parameters import PILLARS
from scoring.domain.state import Contribution, Share

Vector = list[int]
Cells = dict[str, Vector]


class At(IntEnum):
    """Positions in a cell's vector. E, bounds and coverage are µ × ppm, or µ × cents for the budget twin."""

    # Counted once for each project.
    PROJECTS = 0
    DEMONSTRATIONS = 1
    SUSPENDED = 2
    RESTRICTED = 3  # classified anything but public
    CLOSED = 4  # of these, readable by one owner or one State only
    FX_MISSING = 5
    WITHOUT_OUTCOMES = 6
    WITHOUT_RESULTS = 7
    KNOWN = 8  # projects with an E
    # Times the share in ppm.
    A_ALL = 9
    A_KNOWN = 10
    A_E = 11
    A_LOWER = 12
    A_UPPER = 13
    A_COVERED = 14  # in parts of COVERAGE_UNIT
    A_S2 = 15  # E under the scenarios of §0.7 that are no other number here
    A_S3 = 16
    A_S4_KNOWN = 17
    A_S4 = 18
    A_S7 = 19
    # The same times cents.
    X_ALL = 20
    X_KNOWN = 21
    X_E = 22
    X_LOWER = 23
    X_UPPER = 24
    X_COVERED = 25
    # Statuses of pace, by number and by weight × ppm.
    NUMBER = 31
    WEIGHT = 42
    # Money in cents: P1 to P4 and none; then what rests on inferred pillars.
    BUDGET = 53
    SPEND = 58
    BUDGET_INFERRED = 63
    SPEND_INFERRED = 64
    A_INFERRED = 65
    # Hundredths of person-days times ppm: P1 to P4 and none.
    EFFORT = 66


SIZE = 71
_STATUSES = len(STATUSES)
_PILLARS = len(PILLARS)

BALANCED = ("global", "country:", "region:", "theme:")
"""Scopes whose balance between pillars is published: single entities are mandated on one or two (M7)."""

INTERNAL = ("unallocated", "region-direct:", "inside:", "pillarless")
"""Cells that only make the sums close; they have no word in the grammar of scopes and are not published."""


def spread(cells: Cells, contribution: Contribution, sign: int = 1) -> None:
    """Add a contribution to the cells of its scopes, or with −1 take it away."""
    counts = [(i, sign * n) for i, n in enumerate(contribution.counts) if n]
    weighted = [(i, sign * n) for i, n in enumerate(contribution.weighted) if n]
    number = [(int(At.NUMBER) + i, sign * n) for i, n in enumerate(contribution.number) if n]
    weight = [(int(At.WEIGHT) + i, sign * n) for i, n in enumerate(contribution.weight) if n]
    by_ppm = [(int(At.A_ALL) + i, n) for i, n in weighted] + weight
    by_cents = [(int(At.X_ALL) + i, n) for i, n in weighted]
    effort = [(int(At.EFFORT) + i, sign * n) for i, n in enumerate(contribution.effort) if n]
    once = counts + number
    present = sign * contribution.counts[At.PROJECTS]
    if not (once or by_ppm or effort):
        return
    for scope, share in contribution.shares.items():
        vector = cells.get(scope)
        if vector is None:
            vector = cells[scope] = [0] * SIZE
        for position, n in once:
            vector[position] += n
        ppm = share.ppm
        for position, n in by_ppm:
            vector[position] += ppm * n
        cents = share.cents
        if cents > 0:
            for position, n in by_cents:
                vector[position] += cents * n
        if share.budget:  # a scope whose balance is shown
            for position, n in effort:
                vector[position] += ppm * n
        if present:
            _spread_money(vector, share, present)


def _spread_money(vector: Vector, share: Share, present: int) -> None:
    if share.inferred:
        vector[At.A_INFERRED] += present * share.ppm
    for position, amounts, inferred in (
        (int(At.BUDGET), share.budget, At.BUDGET_INFERRED),
        (int(At.SPEND), share.spend, At.SPEND_INFERRED),
    ):
        for i, amount in enumerate(amounts):
            vector[position + i] += present * amount
        if share.inferred and amounts:
            guessed = (amount for i, amount in enumerate(amounts[:_PILLARS]) if not share.said >> i & 1)
            vector[inferred] += present * sum(guessed)


def difference(cells: Cells, old: Contribution | None, new: Contribution | None) -> None:
    """Add what turns the old contribution into the new one."""
    if old is not None and new is not None and (old.shares is new.shares or old.shares == new.shares):
        spread(
            cells,
            Contribution(
                _minus(new.counts, old.counts),
                _minus(new.weighted, old.weighted),
                _minus(new.number, old.number),
                _minus(new.weight, old.weight),
                new.shares,
                _minus(_effort(new), _effort(old)),
            ),
        )
        return
    if old is not None:
        spread(cells, old, -1)
    if new is not None:
        spread(cells, new)


def _effort(contribution: Contribution) -> tuple[int, ...]:
    return contribution.effort or (0,) * (_PILLARS + 1)


def _minus(new: tuple[int, ...], old: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([a - b for a, b in zip(new, old, strict=True)])


def rebuild(contributions: Iterable[Contribution]) -> Cells:
    """All cells at once, from nothing: what the incremental ones must equal."""
    cells: Cells = {}
    for contribution in contributions:
        spread(cells, contribution)
    return cells


def state_hash(cells: Mapping[str, Vector]) -> str:
    """A digest of all cells in canonical order; a cell of noughts is no cell."""
    digest = hashlib.sha256()
    for scope in sorted(cells):
        if any(cells[scope]):
            digest.update(f"{scope}\n{','.join(map(str, cells[scope]))}\n".encode())
    return digest.hexdigest()
