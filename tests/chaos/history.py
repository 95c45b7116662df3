"""The history checker: what entities sent, against what every stage says it did with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import asyncpg
from tests.support.kafka import read_from_the_start

from contracts.streams import PORTFOLIO
from plumbline.stack import Stack


@dataclass(slots=True)
class History:
    """What was sent: project to the ids of its events, in order; and the last value of its indicator."""

    entity: str
    sent: dict[str, list[str]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    def say(self, project: str, event_id: str, value: int | None = None) -> None:
        """Note an event that was handed to Kafka."""
        self.sent.setdefault(project, []).append(event_id)
        if value is not None:
            self.last[project] = value

    @property
    def count(self) -> int:
        """Events sent, each id once."""
        return sum(len(ids) for ids in self.sent.values())


def check_portfolio(stack: Stack, history: History) -> dict[str, int]:
    """Every event sent became one fact, once, in its project's order; counts what was seen.

    The relay may have sent a record twice; then it is the same event under the same id.
    """
    facts: dict[str, dict[str, tuple[str, str]]] = {}
    records = 0
    for headers, data in read_from_the_start(stack, PORTFOLIO, "scoring"):
        project = data["project_id"]
        if project not in history.sent:
            continue
        records += 1
        said = (headers["causationid"], headers["sequence"])
        known = facts.setdefault(project, {}).setdefault(headers["id"], said)
        assert known == said, f"{project}: two facts share the id {headers['id']}"
    for project, sent in history.sent.items():
        ordered = [cause for cause, _ in facts.get(project, {}).values()]
        sequences = [sequence for _, sequence in facts.get(project, {}).values()]
        missing, twice = set(sent) - set(ordered), len(ordered) - len(set(ordered))
        assert not missing, f"{project}: {len(missing)} of {len(sent)} events were lost, the first {min(missing)}"
        assert twice == 0, f"{project}: {twice} events were accepted twice"
        first = next((n for n, pair in enumerate(zip(ordered, sent, strict=False)) if pair[0] != pair[1]), None)
        assert first is None, f"{project}: event {first} of {len(sent)} came out of order, versions {sequences[:9]}"
        assert sequences == [f"{n:010d}" for n in range(1, len(sent) + 1)], f"{project}: versions have a hole"
    return {"facts": sum(map(len, facts.values())), "records": records}


async def check_ledger(stack: Stack, history: History) -> None:
    """Scoring's log holds each fact once."""
    connection = await asyncpg.connect(stack.postgres.superuser_dsn("scoring"))
    try:
        rows = await connection.fetch(
            "select project_id, count(*) as facts, count(distinct sequence) as versions from fact"
            " where project_id = any($1) group by 1",
            list(history.sent),
        )
    finally:
        await connection.close()
    assert {r["project_id"]: r["facts"] for r in rows} == {p: len(ids) for p, ids in history.sent.items()}
    assert all(r["facts"] == r["versions"] for r in rows)
