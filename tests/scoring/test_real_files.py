"""Files as publishers released them: every indicator gets a state, none a figure nobody meant (methodology §2.5)."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.support.scoring_facts import ordinal

from contracts.envelope import PREFIX, Envelope
from intake.reader.process import read_file
from intake.reader.protocol import JudgedActivity
from scoring import codec
from scoring.domain.cells import Cells, rebuild, state_hash
from scoring.domain.dialect import Proposal, evidence
from scoring.domain.facts import Version
from scoring.domain.ledger import apply, own_figures
from scoring.domain.parameters import FIRST
from scoring.domain.state import Leaf, ProjectState

DATA = Path(os.environ.get("PLUMBLINE_DATA") or Path(__file__).parents[3] / "shared" / "data") / "iati"

# (file, projects, indicators, and how many of them are read in a way the methodology counted or foretold)
FILES: list[tuple[str, int, int, dict[str, int]]] = [
    ("halo-trust/halo-trust-dportal.xml", 1, 80, {"TARGET_PLACEHOLDER": 49, "DIRECTION_CONFLICT": 0}),
    ("un-women/un-women-dportal.xml", 13, 141, {"DIRECTION_CONFLICT": 93}),
    ("caf/caf-activities-2025-10-10.xml", 478, 493, {"NO_ACTUAL": 493, "TARGET_PLACEHOLDER": 4}),
    ("afdb/afdb-dportal.xml", 66, 1238, {"NO_ACTUAL": 1238, "NO_TARGET": 331}),
]


# (file, what its figures say for the readings of periods and percentages: of so many indicators, so many agree)
SPEAKS: list[tuple[str, list[Proposal]]] = [
    ("afdb/afdb_ag_activities.xml", [Proposal("period_basis", "whole-project", 29, 29)]),
    ("cordaid/cordaid-dportal.xml", [Proposal("period_basis", "fiscal", 811, 90)]),
    ("halo-trust/halo-trust-dportal.xml", []),
    ("un-women/un-women-dportal.xml", []),
]


async def _read(file: Path) -> tuple[dict[str, ProjectState], Cells]:
    states: dict[str, ProjectState] = {}
    cells: Cells = {}
    n = 0
    async for activity in read_file(file):
        if not isinstance(activity, JudgedActivity) or not activity.facts:
            continue
        batch = []
        for fact in activity.facts:
            n += 1
            event = Envelope(id=f"e{n}", source="file", type=PREFIX + fact.type, data=orjson.dumps(fact.data))
            batch.append((codec.fact_of(event), Version(1_790_000_000_000_000 + n, "", event.id)))
        state = states.setdefault(batch[0][0].project_id, ProjectState(batch[0][0].project_id))
        change = apply(state, batch, ordinal("2026-11-22"), cells)
        assert change.refused == []
        assert bool(list(own_figures(state, change, FIRST))) == (state.contribution is not None)
    return states, cells


@pytest.mark.parametrize(("name", "projects", "indicators", "flags"), FILES)
async def test_every_indicator_is_judged_and_none_guessed(
    name: str, projects: int, indicators: int, flags: dict[str, int]
) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not here: real files are not part of the repository")
    states, cells = await _read(DATA / name)
    leaves: list[Leaf] = [i.leaf for s in states.values() for i in s.indicators.values() if i.leaf is not None]
    counted: Counter[Any] = Counter(flag for leaf in leaves for flag in leaf.flags)
    assert (len(states), len(leaves)) == (projects, indicators)
    assert {flag: counted[flag] for flag in flags} == flags
    for leaf in leaves:
        assert (leaf.a is not None) == (leaf.state == "REPORTED")
        assert leaf.flags or leaf.state not in {"MISSING", "UNSCORABLE"}
    assert state_hash(rebuild(s.contribution for s in states.values() if s.contribution is not None)) == state_hash(
        cells
    )
    for state in states.values():
        assert codec.unpack_state(codec.pack_state(state)) == state


@pytest.mark.parametrize(("name", "expected"), SPEAKS)
async def test_what_a_publishers_periods_and_percentages_say_is_counted(name: str, expected: list[Proposal]) -> None:
    """As ``docs/dialects.md`` has it."""
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not here: real files are not part of the repository")
    states, _ = await _read(DATA / name)
    found = evidence((i for s in states.values() for i in s.indicators.values()), ordinal("2026-11-22"), FIRST)
    assert [p for p in found if p.reading in {"period_basis", "percent_as"}] == expected
