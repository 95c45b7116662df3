"""Releases of the method and versions of lists as they came, and which version was in force when (ADR 0078)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from scoring.domain.facts import Version

_ONE_METHOD: Final = 0x4D455448  # batches share it, the switch of a method has it alone
_ONE_REBUILD: Final = 0x52454255


class Part(NamedTuple):
    """A release, or a version of a list; ``applied`` is when figures were first made by it, µs since 1970."""

    kind: str
    version: str
    effective: int
    recorded: Version
    body: bytes
    applied: int | None = None


class InForce(NamedTuple):
    """A version of the method and since when figures stand under it, µs since 1970."""

    version: str
    since: int
    cause: str


async def share_method(conn: Any) -> None:
    """Let no other method be switched to until the transaction ends; before the world is read."""
    await conn.execute("select pg_advisory_xact_lock_shared($1)", _ONE_METHOD)


async def hold_method(conn: Any) -> None:
    """Wait until every batch that reckons by the present method is done, and let none begin."""
    await conn.execute("select pg_advisory_xact_lock($1)", _ONE_METHOD)


async def one_rebuild(conn: Any) -> bool:
    """Whether this session, and no other, may rebuild until it ends."""
    return bool(await conn.fetchval("select pg_try_advisory_lock($1)", _ONE_REBUILD))


async def keep_part(conn: Any, part: Part) -> bool:
    """Keep a part of the method; False where this version of it is known."""
    done = await conn.fetchval(
        "insert into method_part (kind, version, effective, recorded, sequence, id, body, applied)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning true",
        part.kind,
        part.version,
        part.effective,
        *part.recorded,
        part.body,
        part.applied,
    )
    return done is True


_COLUMNS: Final = "kind, version, effective, recorded, sequence, id, body, applied"


async def part(conn: Any, kind: str, version: str) -> Part | None:
    """A release, or a version of a list."""
    row = await conn.fetchrow(f"select {_COLUMNS} from method_part where kind = $1 and version = $2", kind, version)  # noqa: S608 (constants)
    return _part(row) if row is not None else None


async def parts(conn: Any) -> list[Part]:
    """Everything that was published, in the order in which it is, or was, to be in force."""
    rows = await conn.fetch(f"select {_COLUMNS} from method_part order by effective, recorded, sequence, id")  # noqa: S608 (constants)
    return [_part(row) for row in rows]


async def due(conn: Any, day: int) -> Part | None:
    """The first that is to be in force by a day, and is not yet."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from method_part where applied is null and effective <= $1"  # noqa: S608 (constants)
        " order by effective, recorded, sequence, id limit 1",
        day,
    )
    return _part(row) if row is not None else None


def _part(row: Any) -> Part:
    version = Version(row["recorded"], row["sequence"], row["id"])
    return Part(row["kind"], row["version"], row["effective"], version, row["body"], row["applied"])


async def in_force(conn: Any, known: int = 2**62) -> InForce | None:
    """What figures stood under at an instant (µs since 1970); None before the first switch."""
    row = await conn.fetchrow(
        "select version, since, cause from method_in_force where since <= $1 order by serial desc limit 1", known
    )
    return InForce(*row) if row is not None else None


async def switched(conn: Any) -> list[InForce]:
    """Every switch, in order."""
    return [
        InForce(*row) for row in await conn.fetch("select version, since, cause from method_in_force order by serial")
    ]


async def put_in_force(conn: Any, version: InForce, of: Iterable[tuple[str, str]], token: int) -> None:
    """Let a version be in force, made of these parts; ``token`` tells every worker that the world is another."""
    await conn.execute("insert into method_in_force (version, since, cause) values ($1, $2, $3)", *version)
    rows = sorted(of)
    await conn.execute(
        "update method_part set applied = $3 where applied is null"
        " and (kind, version) in (select * from unnest($1::text[], $2::text[]))",
        [kind for kind, _ in rows],
        [name for _, name in rows],
        version.since,
    )
    await conn.execute("update calendar set world = $1", token)


async def note_applied(conn: Any, part: Part, now: int) -> None:
    """Note that figures stand under a part already."""
    await conn.execute(
        "update method_part set applied = $3 where kind = $1 and version = $2", part.kind, part.version, now
    )
