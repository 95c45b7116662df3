"""A large portfolio out of a small one that was scored honestly: states copied by scoring's own code, sums made to fit.

A copy differs from its model in its identifier alone. Its row, its terms and its standing are written, and what it
brings into its cells is added to them, by the domain's own ``spread``; so every cell is again the sum of all states.
Left out is what an observation neither reads nor writes: shares, the log and the history of the copies.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Final

from bench import lab
from plumbline.stack import Stack
from scoring import store
from scoring.codec import pack_state
from scoring.domain.assessing import added
from scoring.domain.cells import SIZE
from scoring.domain.families import OF_SUBJECTS
from scoring.domain.families.duplicates import METRIC as PAIRS
from scoring.domain.state import ProjectState
from scoring.usecases.applying import saved_row
from scoring.usecases.switching import Sums

_COLUMNS: Final = (
    "project_id", "token", "entity", "classification", "transition", "counted", "designed", "known", "mean", "lower",
    "upper", "covered", "good", "assessed", "unknown", "body", "foreign_money",
)  # fmt: skip


def copy_of(project: str, number: int) -> str:
    """The identifier of a project's n-th copy; the model itself is number 0."""
    return f"{project}.{number}" if number else project


class Models:
    """The states that are copied, as they were when they had been scored."""

    def __init__(self, states: Sequence[ProjectState], standings: dict[str, int]) -> None:
        self._names = [state.project_id for state in states]
        self._states, self._standings = states, standings
        self._sums = Sums()
        for state in states:
            self._sums.add(state, 1)

    @classmethod
    async def read(cls, stack: Stack) -> Models:
        """Every state there is."""
        async with lab.connection(stack, "scoring") as db:
            states = [state async for state in store.all_states(db)]
            rows = await db.fetch("select project_id, standing from project_standing")
        return cls(states, {row["project_id"]: row["standing"] for row in rows})

    async def multiply(self, stack: Stack, have: int, want: int) -> None:
        """Let there be ``want`` of each project where there were ``have``."""
        numbers = range(have, want)
        async with lab.connection(stack, "scoring") as db, db.transaction():
            await db.copy_records_to_table("project_state", records=self._rows(numbers), columns=_COLUMNS)
            terms = (
                (copy_of(name, n), metric, text)
                for name, state in zip(self._names, self._states, strict=True)
                for metric, text in state.assessed.open().terms.items()
                for n in numbers
            )
            await db.copy_records_to_table("term", records=terms, columns=("project_id", "metric", "terms"))
            standings = ((copy_of(name, n), worth) for name, worth in self._standings.items() for n in numbers)
            await db.copy_records_to_table("project_standing", records=standings, columns=("project_id", "standing"))
            await self._add(db, len(numbers))
        async with lab.connection(stack, "scoring") as db:  # or the server would do it while it is measured
            await db.execute("vacuum analyze")
            await db.execute("checkpoint")

    def _rows(self, numbers: range) -> Iterator[tuple[Any, ...]]:
        token = secrets.randbits(62)
        for name, state in zip(self._names, self._states, strict=True):
            said = saved_row(state, token)
            weighted = state.contribution.weighted[:6] if state.contribution else (0,) * 6
            for number in numbers:
                state.project_id = copy_of(name, number)
                yield (
                    state.project_id, token, said.entity, said.classification, state.due,
                    state.contribution is not None, *weighted, said.good, said.assessed, said.unknown,
                    pack_state(state), bool(state.money.other or state.money.tables),
                )  # fmt: skip
            state.project_id = name

    async def _add(self, db: Any, times: int) -> None:
        """Add the copies to their cells; all models are public, so more of them close no cell."""
        stands = await db.fetch(
            "select scope, '' as metric, classification, owner from cell"
            " union all select scope, metric, classification, owner from family_cell"
        )
        readers = {(row["scope"], row["metric"]): (row["classification"], row["owner"]) for row in stands}
        cells = []
        for scope, row in (await store.lock_cells(db, list(self._sums.cells), SIZE)).items():
            more = self._sums.cells[scope]
            row = row._replace(sums=[a + times * b for a, b in zip(row.sums, more, strict=True)])
            cells.append((row, *readers[scope, ""]))
        await store.save_cells(db, cells)
        families = []
        for found in await store.lock_family_cells(db, list(self._sums.families)):
            key = found.scope, found.metric
            much = {name: times * n for name, n in self._sums.families[key].items()}
            families.append((found._replace(sums=added(found.sums, much)), *readers[key]))
        await store.save_family_cells(db, families)


async def cells_that_differ(stack: Stack) -> int:
    """How many cells are not the sum of what all states bring into them."""
    sums = Sums()
    async with lab.connection(stack, "scoring") as db:
        async for state in store.all_states(db):
            sums.add(state, 1)
        stood, families = await store.all_cells(db), await store.all_family_cells(db)
    nothing = [0] * SIZE
    wrong = sum(sums.cells.get(s, nothing) != stood.get(s, nothing) for s in sums.cells.keys() | stood.keys())
    # Pairs add to M12's cells what no project alone does, and copies are not compared with each other.
    apart = OF_SUBJECTS | {PAIRS}
    keys = {key for key in sums.families.keys() | families.keys() if key[1] not in apart}
    return wrong + sum(added({}, sums.families.get(k, {})) != families.get(k, {}) for k in keys)
