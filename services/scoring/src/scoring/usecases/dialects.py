"""What a publisher's own figures suggest about how it writes them, and what adopting it would change (§2.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, Final

from runtime.db import Tx
from scoring import store
from scoring.cache import WorldCache
from scoring.codec import pack_state, unpack_state
from scoring.domain.allocation import PILLARLESS
from scoring.domain.cells import Cells, spread
from scoring.domain.dialect import evidence, pillar_evidence, proposed
from scoring.domain.effectiveness import state_of
from scoring.domain.figures import Figure, aggregate
from scoring.domain.grading import LETTERS
from scoring.domain.influence import shares_of
from scoring.domain.ledger import apply
from scoring.domain.ownfigures import flags_of, scope_of
from scoring.domain.parameters import PILLARS, Parameters
from scoring.domain.readings import Readings
from scoring.domain.state import Part, ProjectState
from scoring.domain.world import World
from scoring.usecases.world import world_now

_PAGE: Final = 200
_LISTED: Final = 500  # figures that are named one by one; the counts are of all

_PILLARS: Final = {pillar: f"pillar:{pillar}" for pillar in PILLARS} | {"none": PILLARLESS}

Answer = dict[str, Any]


async def dialect(tx: Tx, entity: str, wanted: Readings | None = None) -> Answer | None:
    """Evidence, proposal and preview for a publisher, of what the caller may read; None where that is nothing.

    ``wanted`` are readings to preview in place of the proposed ones. Nothing is changed.
    """
    world, closed = await world_now(tx, WorldCache()), await store.closed_day(tx.conn)
    states: list[ProjectState] = []
    after = ""
    while projects := await store.projects_of(tx.conn, entity, after, _PAGE):
        after = projects[-1]
        states += (await store.project_states(tx.conn, projects)).values()
    if not states:
        return None
    day = max(closed, *(state.scored_on for state in states))
    found = evidence((i for state in states for i in state.indicators.values()), day, world.method.parameters)
    found += pillar_evidence(state.about for state in states if state.about is not None)
    standing = world.readings(entity)
    readings = wanted if wanted is not None else _both(standing, proposed(found))
    return {
        "entity": entity,
        "standing": _said(standing),
        "evidence": [
            {"reading": p.reading, "value": p.value, "indicators": p.indicators, "agree": p.agree, "proposed": p.stands}
            for p in found
        ],
        "proposed": _said(proposed(found)),
        "preview": {
            "readings": _said(readings),
            **_preview(states, World(world.rates, {entity: readings}, world.method), closed),
        },
    }


def _both(standing: Readings, more: Readings) -> Readings:
    """What stands, and what is proposed beside it."""
    both = Readings(**{name: value for found in (standing, more) for name, value in _said(found).items()})
    return replace(both, default_pillar=standing.default_pillar | more.default_pillar)


def _said(readings: Readings) -> dict[str, Any]:
    return {name: value for name, value in asdict(readings).items() if value is not None and value != {}}


def _preview(states: Iterable[ProjectState], world: World, closed: int) -> Answer:
    """Every indicator and project whose figure would change, the publisher's own total before and after, and where
    projects would serve other pillars its total in each.
    """
    before: Cells = {}
    after: Cells = {}
    counts = {"indicators": 0, "readable_before": 0, "readable_after": 0, "changed": 0}
    listed: list[Answer] = []
    projects: list[Answer] = []
    entity, moved, under = "", 0, world.method.parameters
    serving: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for state in sorted(states, key=lambda s: s.project_id):
        entity = state.last_entity
        then = unpack_state(pack_state(state))
        apply(then, [], closed, {}, world, reread=True)
        for told, cells, ppm in ((state, before, serving[0]), (then, after, serving[1])):
            if told.contribution is not None:
                spread(cells, told.contribution)
            ppm.update({scope: share.ppm for scope, share in shares_of(told).items() if scope in _PILLARS.values()})
        moved += shares_of(state) != shares_of(then)
        for name, indicator in state.indicators.items():
            old, new = indicator.leaf, then.indicators[name].leaf
            if old is None or new is None:
                continue
            counts["indicators"] += 1
            counts["readable_before"] += old.a is not None
            counts["readable_after"] += new.a is not None
            if old.a != new.a:
                counts["changed"] += 1
                listed.append(_change("M1", scope_of(state.project_id, name), old.a, new.a, new.flags))
        old_e, new_e = state.outcome.whole, then.outcome.whole
        values = (old_e.mean if old_e is not None else None, new_e.mean if new_e is not None else None)
        if values[0] != values[1]:
            listed.append(_change("M4", scope_of(state.project_id), *values, flags_of(then)))
        if old_e != new_e:
            about = {"project_id": state.project_id, "grades": [_grade(state), _grade(then)]}
            projects.append(about | {"before": _part(old_e, under), "after": _part(new_e, under)})

    def both(scope: str) -> Answer:
        figures = [aggregate("M4", scope, cells[scope], under) if scope in cells else None for cells in (before, after)]
        return {name: _total(figure) for name, figure in zip(("before", "after"), figures, strict=True)}

    return {
        **counts,
        "total": both(f"entity:{entity}"),
        "moved": moved,
        "pillars": [
            {"pillar": name, "ppm": [ppm[scope] for ppm in serving], "total": both(scope)}
            for name, scope in _PILLARS.items()
            if moved
        ],
        "figures": listed[:_LISTED],
        "more": max(0, len(listed) - _LISTED),
        "projects": sorted(projects, key=_gain)[:_LISTED],
        "projects_changed": len(projects),
        "fall": sum(_gain(project)[0] == 0 for project in projects),
    }


def _gain(project: Answer) -> tuple[int, int, str]:
    """Those whose value falls first, the one that falls most before the others; then by identifier."""
    before, after = (project[name] and project[name]["value"] for name in ("before", "after"))
    falls = before is not None and after is not None and after < before
    return (0 if falls else 1, after - before if falls else 0, project["project_id"])


def _part(part: Part | None, under: Parameters) -> Answer | None:
    if part is None:
        return None
    state = state_of(part.observed, part.expected, under)
    return {
        "value": part.mean if state in {"PUBLISHED", "PROVISIONAL"} else None,
        "state": state,
        "coverage": {"observed": part.observed, "expected": part.expected},
        "lower": part.lower,
        "upper": part.upper,
    }


def _grade(state: ProjectState) -> str | None:
    """The grade most of the project's scored indicators have, the better where two are as many (M3)."""
    counts = dict(zip(LETTERS.values(), state.grades_number, strict=False))
    most = max(counts, key=lambda letter: counts[letter])
    return most if counts[most] else None


def _change(metric: str, scope: str, before: int | None, after: int | None, flags: tuple[str, ...]) -> Answer:
    return {"metric": metric, "scope": scope, "before": before, "after": after, "flags": list(flags)}


def _total(figure: Figure | None) -> Answer | None:
    if figure is None:
        return None
    return {
        "value": figure.value,
        "state": figure.state,
        "coverage": {"observed": figure.observed, "expected": figure.expected},
        "lower": figure.lower,
        "upper": figure.upper,
    }
