"""The shadow a rebuild makes beside what stands, and what it compares with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from scoring.codec import pack_state, unpack_state
from scoring.domain.state import ProjectState, Share
from scoring.store.cells import vector_


class Standing(NamedTuple):
    """A project's row as it stands; ``state`` None where its body can be read no more."""

    token: int
    state: ProjectState | None
    columns: tuple[Any, ...]
    transition: int | None


class Shadow(NamedTuple):
    """A project as the log makes it."""

    state: ProjectState
    token: int | None
    differs: bool


async def clear_shadow(conn: Any) -> None:
    """Begin anew."""
    await conn.execute("delete from shadow_project")


async def standing(conn: Any, projects: Sequence[str]) -> dict[str, Standing]:
    """The rows of these projects."""
    rows = await conn.fetch(
        "select project_id, token, entity, classification, counted, designed, known, mean, lower, upper, covered, good,"
        " assessed, unknown, foreign_money, transition, body from project_state where project_id = any($1::text[])",
        list(projects),
    )
    return {
        row["project_id"]: Standing(row["token"], _state(row["body"]), tuple(row)[2:15], row["transition"])
        for row in rows
    }


def _state(body: bytes) -> ProjectState | None:
    try:
        state = unpack_state(body)
        state.indicators.items()
        state.assessed.open()
    except Exception:  # noqa: BLE001  whatever is wrong with bytes somebody wrote by hand, they are no state
        return None
    return state


async def shares_of_projects(conn: Any, projects: Sequence[str]) -> dict[str, dict[str, Share]]:
    """What these projects bring into their scopes, as the table has it."""
    rows = await conn.fetch(
        "select project_id, scope, ppm, cents::text, budget::text, spend::text from share"
        " where project_id = any($1::text[])",
        list(projects),
    )
    found: dict[str, dict[str, Share]] = {}
    for row in rows:
        budget, spend = tuple(vector_(row["budget"])), tuple(vector_(row["spend"]))
        found.setdefault(row["project_id"], {})[row["scope"]] = Share(
            row["ppm"], int(row["cents"]), False, budget, spend
        )
    return found


async def terms_of_projects(conn: Any, projects: Sequence[str]) -> dict[str, dict[str, str]]:
    """What these projects add to the families' cells, as the table has it."""
    rows = await conn.fetch(
        "select project_id, metric, terms from term where project_id = any($1::text[])", list(projects)
    )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["project_id"], {})[row["metric"]] = row["terms"]
    return found


async def save_shadow(conn: Any, rows: Sequence[Shadow]) -> None:
    """Keep what the log makes of these projects."""
    await conn.execute(
        "insert into shadow_project (project_id, token, due, differs, body)"
        " select * from unnest($1::text[], $2::bigint[], $3::int[], $4::boolean[], $5::bytea[])"
        " on conflict (project_id) do update set token = excluded.token, due = excluded.due,"
        " differs = excluded.differs, body = excluded.body",
        [row.state.project_id for row in rows],
        [row.token for row in rows],
        [row.state.due for row in rows],
        [row.differs for row in rows],
        [pack_state(row.state) for row in rows],
    )


async def shadows(conn: Any, projects: Sequence[str]) -> dict[str, Shadow]:
    """What the log made of these projects."""
    rows = await conn.fetch(
        "select project_id, token, differs, body from shadow_project where project_id = any($1::text[])", list(projects)
    )
    return {row["project_id"]: Shadow(unpack_state(row["body"]), row["token"], row["differs"]) for row in rows}


async def outrun(conn: Any, closed: int, then: int) -> list[str]:
    """Projects written since they were rebuilt, or that a day closed since then changes; in order."""
    rows = await conn.fetch(
        "select coalesce(p.project_id, s.project_id) as id from project_state p"
        " full join shadow_project s on s.project_id = p.project_id"
        " where s.token is distinct from p.token or (s.due > $2 and s.due <= $1) order by 1",
        closed,
        then,
    )
    return [row["id"] for row in rows]


async def differing(conn: Any) -> list[str]:
    """Projects whose row does not say what the log says, in order."""
    rows = await conn.fetch("select project_id from shadow_project where differs order by project_id")
    return [row["project_id"] for row in rows]


async def hold_writers(conn: Any) -> None:
    """Let nobody else write figures until the transaction ends; whoever reads goes on reading."""
    await conn.execute(
        "lock table project_state, project_standing, subject_state, duplicate_turn, cell, family_cell in exclusive mode"
    )
