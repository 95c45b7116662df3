"""Subjects that are no projects: their states, facts, terms, and what they rest on (ADR 0073).

Locked after the projects and before the cells: first what subjects rest on (standings, resolutions), then the
others, each in the order of their keys.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from scoring.codec import pack_subject, unpack_subject
from scoring.domain.facts import Version
from scoring.domain.families.family import Sums
from scoring.domain.subjects import KINDS, Subject

Key = tuple[str, str]
"""Kind and identifier of a subject."""


class SubjectFactRow(NamedTuple):
    """One accepted fact as it came."""

    kind: str
    subject: str
    version: Version
    type: str
    body: bytes


class SubjectPart(NamedTuple):
    """What one subject adds to a cell."""

    subject: Subject
    terms: Sums


async def lock_subjects(conn: Any, keys: Collection[Key]) -> dict[Key, Subject]:
    """Lock subjects in order; one that is new gets an empty row first, so that two workers cannot both make it."""
    ordered = sorted(keys)
    if not ordered:
        return {}
    kinds, ids = [k for k, _ in ordered], [i for _, i in ordered]
    await conn.execute(
        "insert into subject_state (kind, id, classification, body)"
        " select k, i, 'owner', '' from unnest($1::text[], $2::text[]) as x(k, i) order by k, i on conflict do nothing",
        kinds,
        ids,
    )
    rows = await conn.fetch(
        "select s.kind, s.id, s.body from subject_state s join unnest($1::text[], $2::text[]) as x(k, i)"
        " on s.kind = x.k and s.id = x.i order by s.kind, s.id for no key update of s",
        kinds,
        ids,
    )
    return {(row["kind"], row["id"]): _subject(row) for row in rows}


def _subject(row: Any) -> Subject:
    return unpack_subject(row["kind"], row["body"]) if row["body"] else KINDS[row["kind"]](row["id"])


async def subject(conn: Any, kind: str, id_: str) -> Subject | None:
    """One subject; None where nothing is known of it, or not to the caller."""
    row = await conn.fetchrow(
        "select kind, id, body from subject_state where kind = $1 and id = $2 and body <> ''", kind, id_
    )
    return _subject(row) if row is not None else None


async def all_subjects(conn: Any) -> dict[Key, Subject]:
    """Every subject about which something is known."""
    rows = await conn.fetch("select kind, id, body from subject_state where body <> '' order by kind, id")
    return {(row["kind"], row["id"]): _subject(row) for row in rows}


async def due_subjects(conn: Any, day: int) -> list[Key]:
    """Subjects that time alone changes by the close of this day."""
    rows = await conn.fetch("select kind, id from subject_state where transition <= $1 order by kind, id", day)
    return [(row["kind"], row["id"]) for row in rows]


async def save_subjects(conn: Any, found: Sequence[Subject]) -> None:
    """Write subjects that are locked, in one statement."""
    readers = [subject.readers() for subject in found]
    await conn.execute(
        "update subject_state s set classification = x.c, owner = x.o, transition = x.t, body = x.b"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bytea[]) as x(k, i, c, o, t, b)"
        " where s.kind = x.k and s.id = x.i",
        [subject.KIND for subject in found],
        [subject.id for subject in found],
        [classification for classification, _ in readers],
        [owner for _, owner in readers],
        [subject.transition for subject in found],
        [pack_subject(subject) for subject in found],
    )


async def save_subject_terms(conn: Any, found: Sequence[Subject]) -> None:
    """Replace what these subjects add to cells."""
    await conn.execute(
        "delete from subject_term t using unnest($1::text[], $2::text[]) as x(k, i) where t.kind = x.k and t.id = x.i",
        [subject.KIND for subject in found],
        [subject.id for subject in found],
    )
    rows = sorted(
        (scope, metric, subject.KIND, subject.id, json.dumps(sums, sort_keys=True, separators=(",", ":")))
        for subject in found
        for metric, scopes in subject.ledger.items()
        for scope, sums in scopes.items()
    )
    await conn.execute(
        "insert into subject_term (scope, metric, kind, id, terms)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])",
        *([row[n] for row in rows] for n in range(5)),
    )


async def subject_parts(conn: Any, scope: str, metric: str) -> list[SubjectPart]:
    """What each subject that the caller may read adds to a cell."""
    rows = await conn.fetch(
        "select s.kind, s.id, s.body, t.terms from subject_term t join subject_state s on s.kind = t.kind"
        " and s.id = t.id where t.scope = $1 and t.metric = $2 order by s.kind, s.id",
        scope,
        metric,
    )
    return [SubjectPart(_subject(row), json.loads(row["terms"])) for row in rows]


async def append_subject_facts(conn: Any, rows: Sequence[SubjectFactRow]) -> None:
    """Keep facts for ever; one that is there already stays as it is."""
    await conn.execute(
        "insert into subject_fact (kind, subject, id, recorded, sequence, type, body) select * from"
        " unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])"
        " on conflict do nothing",
        [row.kind for row in rows],
        [row.subject for row in rows],
        [row.version.id for row in rows],
        [row.version.recorded for row in rows],
        [row.version.sequence for row in rows],
        [row.type for row in rows],
        [row.body for row in rows],
    )


async def subject_facts(conn: Any) -> list[SubjectFactRow]:
    """The whole log: a country has tens of needs and a resolution tens of provisions, so it fits."""
    rows = await conn.fetch(
        "select kind, subject, id, recorded, sequence, type, body from subject_fact order by kind, subject"
    )
    return [_fact(row) for row in rows]


async def subject_facts_of(conn: Any, keys: Collection[Key]) -> list[SubjectFactRow]:
    """The facts of these subjects, as far as the caller may read them."""
    rows = await conn.fetch(
        "select f.kind, f.subject, f.id, f.recorded, f.sequence, f.type, f.body from subject_fact f"
        " join unnest($1::text[], $2::text[]) as x(k, i) on f.kind = x.k and f.subject = x.i",
        [kind for kind, _ in keys],
        [id_ for _, id_ in keys],
    )
    return [_fact(row) for row in rows]


def _fact(row: Any) -> SubjectFactRow:
    version = Version(row["recorded"], row["sequence"], row["id"])
    return SubjectFactRow(row["kind"], row["subject"], version, row["type"], row["body"])


async def tie_subjects(conn: Any, ties: Collection[tuple[Key, Key]]) -> None:
    """Note what subjects rest on: ((on kind, on id), (kind, id))."""
    ordered = sorted(ties)
    await conn.execute(
        "insert into subject_rests_on (on_kind, on_id, kind, id)"
        " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) on conflict do nothing",
        [on for (on, _), _ in ordered],
        [on_id for (_, on_id), _ in ordered],
        [kind for _, (kind, _) in ordered],
        [id_ for _, (_, id_) in ordered],
    )


async def subjects_resting_on(conn: Any, keys: Collection[Key]) -> list[tuple[Key, Key]]:
    """The subjects that rest on one of these, with what they rest on."""
    rows = await conn.fetch(
        "select r.on_kind, r.on_id, r.kind, r.id from subject_rests_on r"
        " join unnest($1::text[], $2::text[]) as x(k, i) on r.on_kind = x.k and r.on_id = x.i",
        [kind for kind, _ in keys],
        [id_ for _, id_ in keys],
    )
    return [((row["on_kind"], row["on_id"]), (row["kind"], row["id"])) for row in rows]


async def lock_standings(conn: Any, projects: Collection[str]) -> dict[str, int]:
    """Lock what projects are worth to needs, in order; nothing where nobody knows the project."""
    ordered = sorted(projects)
    if not ordered:
        return {}
    await conn.execute(
        "insert into project_standing (project_id, standing) select p, 0 from unnest($1::text[]) as p order by p"
        " on conflict do nothing",
        ordered,
    )
    rows = await conn.fetch(
        "select project_id, standing from project_standing where project_id = any($1::text[])"
        " order by project_id for no key update",
        ordered,
    )
    return {row["project_id"]: row["standing"] for row in rows}


async def save_standings(conn: Any, standings: Mapping[str, int]) -> None:
    """Write standings that are locked."""
    await conn.execute(
        "update project_standing s set standing = x.s from unnest($1::text[], $2::smallint[]) as x(p, s)"
        " where s.project_id = x.p",
        list(standings),
        list(standings.values()),
    )
