"""Fingerprints, blocks, and the pairs that are kept (ADR 0077). Locked after subjects and before cells, all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from scoring.codec import decision_of, pack_case, pack_fingerprint, unpack_case, unpack_fingerprint
from scoring.domain.duplicates.cases import Case, Decision, Pair
from scoring.domain.duplicates.fingerprint import Fingerprint
from scoring.domain.facts import Version


class DecisionRow(NamedTuple):
    """One decision as it came."""

    pair: Pair
    version: Version
    body: bytes


async def take_turn(conn: Any) -> None:
    """Wait until nobody else compares; held until the transaction ends."""
    await conn.execute("select from duplicate_turn for no key update")


async def fingerprints(conn: Any, projects: Collection[str] | None = None) -> dict[str, Fingerprint]:
    """What these projects, or all, are compared by."""
    rows = await conn.fetch(
        "select body from fingerprint where $1::text[] is null or project_id = any($1::text[])",
        list(projects) if projects is not None else None,
    )
    found = (unpack_fingerprint(row["body"]) for row in rows)
    return {one.project_id: one for one in found}


async def save_fingerprints(conn: Any, found: Mapping[str, Fingerprint | None]) -> None:
    """Write what these projects are compared by, or that there is nothing."""
    await conn.execute(
        "delete from fingerprint where project_id = any($1::text[])", [n for n, one in found.items() if one is None]
    )
    kept = [one for one in found.values() if one is not None]
    await conn.execute(
        "insert into fingerprint (project_id, body) select * from unnest($1::text[], $2::bytea[])"
        " on conflict (project_id) do update set body = excluded.body",
        [one.project_id for one in kept],
        [pack_fingerprint(one) for one in kept],
    )


async def move_blocks(conn: Any, gone: Iterable[tuple[int, str]], come: Iterable[tuple[int, str]]) -> None:
    """Take projects out of blocks, and put them into others."""
    for statement, pairs in (
        (
            "delete from fingerprint_block b using unnest($1::bigint[], $2::text[]) as x(k, p)"
            " where b.block = x.k and b.project_id = x.p",
            list(gone),
        ),
        (
            "insert into fingerprint_block (block, project_id) select * from unnest($1::bigint[], $2::text[])"
            " on conflict do nothing",
            list(come),
        ),
    ):
        if pairs:
            await conn.execute(statement, [block for block, _ in pairs], [project for _, project in pairs])


async def members(conn: Any, blocks: Collection[int], most: int) -> dict[int, list[str]]:
    """The projects of each block, no more than ``most`` of one."""
    rows = await conn.fetch(
        "select k.block, m.project_id from unnest($1::bigint[]) as k(block) cross join lateral"
        " (select b.project_id from fingerprint_block b where b.block = k.block limit $2) m",
        list(blocks),
        most,
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row["block"], []).append(row["project_id"])
    return found


async def save_supports(conn: Any, supports: Mapping[str, Collection[str]]) -> set[str]:
    """Write which projects are linked to these needs; returns those for which that changed."""
    rows = await conn.fetch(
        "select need_id, project_id from need_support where need_id = any($1::text[])", list(supports)
    )
    stood = {(row["need_id"], row["project_id"]) for row in rows}
    now = {(need, project) for need, projects in supports.items() for project in projects}
    for statement, ties in (
        (
            "delete from need_support s using unnest($1::text[], $2::text[]) as x(n, p)"
            " where s.need_id = x.n and s.project_id = x.p",
            sorted(stood - now),
        ),
        (
            "insert into need_support (need_id, project_id) select * from unnest($1::text[], $2::text[])",
            sorted(now - stood),
        ),
    ):
        if ties:
            await conn.execute(statement, [need for need, _ in ties], [project for _, project in ties])
    return {project for _, project in stood ^ now}


async def supports(conn: Any) -> dict[str, set[str]]:
    """By need, the projects linked to it."""
    found: dict[str, set[str]] = {}
    for row in await conn.fetch("select need_id, project_id from need_support"):
        found.setdefault(row["need_id"], set()).add(row["project_id"])
    return found


async def needs_met_by(conn: Any, projects: Collection[str]) -> dict[str, list[str]]:
    """By project, the needs it is linked to."""
    rows = await conn.fetch(
        "select need_id, project_id from need_support where project_id = any($1::text[])", list(projects)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["project_id"], []).append(row["need_id"])
    return found


async def cases_touching(conn: Any, projects: Collection[str]) -> dict[Pair, Case]:
    """The cases of any of these projects."""
    return _cases(
        await conn.fetch(
            "select body from duplicate_case where low = any($1::text[])"
            " union select body from duplicate_case where high = any($1::text[])",
            list(projects),
        )
    )


async def cases_within(conn: Any, projects: Collection[str]) -> dict[Pair, Case]:
    """The cases of two of these projects."""
    return _cases(
        await conn.fetch(
            "select body from duplicate_case where low = any($1::text[]) and high = any($1::text[])", list(projects)
        )
    )


async def all_cases(conn: Any) -> dict[Pair, Case]:
    """Every case."""
    return _cases(await conn.fetch("select body from duplicate_case"))


async def counted_in(conn: Any, scope: str) -> dict[tuple[str, str], int]:
    """How many cases of a scope the caller may read, by kind and decision."""
    rows = await conn.fetch(
        "select kind, decision, count(*) as n from duplicate_case where $1 = any(scopes) group by kind, decision", scope
    )
    return {(row["kind"], row["decision"]): row["n"] for row in rows}


async def cases_in(conn: Any, scope: str, limit: int) -> list[Case]:
    """The cases of a scope that the caller may read: open ones first, the most certain of them before the others."""
    rows = await conn.fetch(
        "select body from duplicate_case where $1 = any(scopes) order by decision <> '',"
        " array_position(array['THIRD_PARTY', 'LIKELY', 'REVIEW', 'COORDINATE', 'SYNERGY'], kind), low, high limit $2",
        scope,
        limit,
    )
    return [unpack_case(row["body"]) for row in rows]


async def cases_page(
    conn: Any, *, kinds: Collection[str], decided: bool, entity: str, project: str, after: Pair, limit: int
) -> list[tuple[Case, dict[str, str]]]:
    """Cases behind a pair that the caller may read, in order, each with the entity of both projects."""
    rows = await conn.fetch(
        "select c.body, l.entity as low_entity, h.entity as high_entity from duplicate_case c"
        " join project_state l on l.project_id = c.low join project_state h on h.project_id = c.high"
        " where (c.low, c.high) > ($1, $2) and (c.decision <> '') = $3 and ($4::text[] = '{}' or c.kind = any($4))"
        " and ($5 = '' or $5 in (l.entity, h.entity)) and ($6 = '' or $6 in (c.low, c.high))"
        " order by c.low, c.high limit $7",
        *after,
        decided,
        list(kinds),
        entity,
        project,
        limit,
    )
    found = [(unpack_case(row["body"]), row) for row in rows]
    return [(case, {case.low: row["low_entity"], case.high: row["high_entity"]}) for case, row in found]


def _cases(rows: Iterable[Any]) -> dict[Pair, Case]:
    found = (unpack_case(row["body"]) for row in rows)
    return {case.pair: case for case in found}


async def save_cases(conn: Any, gone: Collection[Pair], kept: Sequence[Case]) -> None:
    """Take out the pairs that are no cases any more, and write those that are."""
    if gone:
        await conn.execute(
            "delete from duplicate_case c using unnest($1::text[], $2::text[]) as x(l, h)"
            " where c.low = x.l and c.high = x.h",
            [low for low, _ in gone],
            [high for _, high in gone],
        )
    if kept:
        await conn.execute(
            "insert into duplicate_case (low, high, kind, decision, scopes, body)"
            " select l, h, k, d, string_to_array(s, chr(10)), b from"
            " unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[]) as x(l, h, k, d, s, b)"
            " on conflict (low, high) do update set kind = excluded.kind, decision = excluded.decision,"
            " scopes = excluded.scopes, body = excluded.body",
            [case.low for case in kept],
            [case.high for case in kept],
            [case.kind for case in kept],
            [case.decision for case in kept],
            ["\n".join(case.scopes) for case in kept],
            [pack_case(case) for case in kept],
        )


async def append_decisions(conn: Any, rows: Sequence[DecisionRow]) -> None:
    """Keep decisions for ever; one that is there already stays as it is."""
    await conn.execute(
        "insert into duplicate_decision (low, high, id, recorded, sequence, body)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[])"
        " on conflict do nothing",
        [row.pair[0] for row in rows],
        [row.pair[1] for row in rows],
        [row.version.id for row in rows],
        [row.version.recorded for row in rows],
        [row.version.sequence for row in rows],
        [row.body for row in rows],
    )


async def decisions(conn: Any, projects: Collection[str] | None = None, known: int = 2**62) -> dict[Pair, Decision]:
    """The newest decision known by an instant about each pair, of these projects or of all."""
    rows = await conn.fetch(
        "select distinct on (low, high) low, high, id, recorded, sequence, body from duplicate_decision"
        " where recorded <= $2 and ($1::text[] is null or low = any($1::text[]) or high = any($1::text[]))"
        " order by low, high, recorded desc, sequence desc, id desc",
        list(projects) if projects is not None else None,
        known,
    )
    return {
        (row["low"], row["high"]): decision_of(row["body"]).decision_at(
            Version(row["recorded"], row["sequence"], row["id"])
        )
        for row in rows
    }
