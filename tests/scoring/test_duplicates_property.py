"""The proof obligation of methodology §0.4 for pairs: any order, any duplication and any batches equal a rebuild."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.support.scoring_feed import Feed, a_project, record

from contracts.base import Payload
from contracts.coordination import DuplicateDecided, NeedRegistered, NeedSupportLinked
from contracts.portfolio import Allocation, Link, Participant, ProjectStatusChanged, ProjectWithdrawn
from runtime.access import SYSTEM
from scoring.domain.duplicates.cases import LARGEST
from scoring.store import duplicates as store

_TITLES = ("Border management in Mali", "Border management in Mali II", "Legal aid", "Watchlists at airports")


def facts(chance: random.Random) -> list[Payload]:
    """A crowd of one place and theme about as large as a block may be, among it reports of one project; changes of
    mind, links to needs, and decisions.
    """
    names = [f"XM-{n:02d}-P" for n in range(LARGEST + 3)]
    found = [project(name, chance) for name in names]
    for _ in range(40):
        name = chance.choice(names)
        match chance.randint(0, 5):
            case 0:
                found.append(ProjectWithdrawn(project_id=name))
            case 1:
                found.append(ProjectStatusChanged(project_id=name, to=chance.choice("25")))  # type: ignore[arg-type]
            case 2:
                found.append(NeedRegistered(
                    need_id=f"N{chance.randint(0, 1)}", country="ML", entity="XM-1", pillar="P1", severity=1,
                    priority=1, source="plan", classification="public", consented=chance.random() < 0.8,
                ))  # fmt: skip
            case 3:
                found.append(NeedSupportLinked(
                    need_id=f"N{chance.randint(0, 1)}", country="ML", project_id=name, adequacy=1, rationale="said",
                    withdrawn=chance.random() < 0.2,
                ))  # fmt: skip
            case 4:
                pair = sorted(chance.sample(names[:8], 2))
                found.append(DuplicateDecided(
                    pair_id="|".join(pair), projects=pair, version=chance.randint(1, 9), decided_on="2026-07-01",
                    decision=chance.choice(["DUPLICATE", "SYNERGY"]), fingerprints=["0" * 16, "1" * 16],
                    decided_by="secretariat", withdrawn=chance.random() < 0.3,
                ))  # type: ignore[arg-type]  # fmt: skip
            case _:
                found.append(project(name, chance))
    return found


def project(name: str, chance: random.Random) -> Payload:
    twin = chance.random() < 0.4
    over: dict[str, Any] = {
        "title": {"en": chance.choice(_TITLES) if twin else "".join(chance.choices("abcdefghij klm", k=25))},
        "participants": [Participant(role="4", ref="XM-9")] if chance.random() < 0.5 else [],
        "links": [Link(ref=f"XM-{chance.randint(0, 9):02d}-P", type=chance.choice("145"))]  # type: ignore[arg-type]
        if chance.random() < 0.2
        else [],
        "classification": chance.choice(["public", "public", "owner"]),
        "allocations": [
            Allocation(dim="COUNTRY", code="ML", ppm=1_000_000),
            Allocation(dim="THEME", code=chance.choice(["BORDER"] * 9 + ["LAW"]), ppm=1_000_000),
            Allocation(dim="DAC", code=chance.choice(["15210", "15130"]), ppm=1_000_000),
        ],
        "budgets": [],
    }
    return a_project(name, entity=name[:5], **over)


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_any_duplication_and_any_batches_equal_a_rebuild(feed: Feed, seed: int) -> None:
    chance = random.Random(seed)
    said = [feed.stamped(fact) for fact in facts(chance)]
    order = said + chance.sample(said, 10)
    chance.shuffle(order)
    workers = [feed, feed.worker()]
    while order:
        size = chance.randint(1, 12)
        batch, order = order[:size], order[size:]
        await chance.choice(workers).apply([record(envelope) for envelope in batch])
    found = await feed.rebuilt()
    assert found.equal, (found.pairs_that_differ[:5], found.cells_that_differ[:5], found.projects_that_differ[:5])
    async with feed.database.transaction(SYSTEM) as tx:
        kinds = {case.counted for case in (await store.all_cases(tx.conn)).values()}
    assert kinds >= {"likely", "coordinate"}
