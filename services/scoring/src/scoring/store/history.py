"""The history of published figures: packed, one row a transaction and root scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec

from scoring.domain.history import Revision

_PAGE: Final = 200


class _Packed(NamedTuple):
    """A revision within its row; the row says known, readers and root scope."""

    metric: str
    indicator: str | None
    revision: int
    valid: int
    value: int | None
    state: str
    lower: int | None
    upper: int | None
    observed: int
    expected: int
    projects: int
    digest: bytes
    updated: int
    cause: str | None
    kind: str
    method: str
    withheld: str | None = None


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[_Packed])


def root_of(scope: str) -> tuple[str, str | None]:
    """The scope whose row holds this scope's revisions, and the indicator if it is one's."""
    if not scope.startswith("indicator:"):
        return scope, None
    project, _, indicator = scope.removeprefix("indicator:").partition("|")
    return f"project:{project}", indicator


async def append_revisions(conn: Any, revisions: Iterable[Revision]) -> None:
    """Append to the history, in one statement; the rows of these figures are locked."""
    rows: dict[tuple[str, int, str, str | None], list[_Packed]] = {}
    for r in revisions:
        scope, indicator = root_of(r.scope)
        rows.setdefault((scope, r.known, r.classification, r.owner), []).append(
            _Packed(r.metric, indicator, r.revision, r.valid, r.value, r.state, r.lower, r.upper, r.observed,
                    r.expected, r.projects, r.digest, r.updated, r.cause, r.kind, r.method, r.withheld)
        )  # fmt: skip
    if not rows:
        return
    ordered = sorted(rows, key=lambda key: key[:2])
    await conn.execute(
        "insert into figure_revision (scope, known, classification, owner, body)"
        " select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bytea[])",
        [scope for scope, _, _, _ in ordered],
        [known for _, known, _, _ in ordered],
        [classification for _, _, classification, _ in ordered],
        [owner for _, _, _, owner in ordered],
        [_encoder.encode(rows[key]) for key in ordered],
    )


async def revision_at(conn: Any, metric: str, scope: str, known: int, *, valued: bool = False) -> Revision | None:
    """The latest revision known by an instant that the caller may read; with ``valued`` the latest that has a value."""
    before = (known, 2**62)
    while True:
        rows = await _rows(conn, "(known, id) <= ($2, $3)", "desc", scope, before)
        for row in rows:
            for revision in reversed(_of(row, metric, scope)):
                if not valued or revision.value is not None:
                    return revision
        if len(rows) < _PAGE:
            return None
        before = rows[-1]["known"], rows[-1]["id"] - 1


async def revisions_at(conn: Any, metric: str, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Revision]:
    """``revision_at`` for many scopes and instants; those there are.

    All are looked for together, each back to the instant before it of the same scope, whose answer is else its own; and
    further back in each round: most stand in the first row, a transaction's last word on their scope, and only a metric
    that seldom moves in a scope that often does is far behind it.
    """
    keys = sorted(set(wanted))
    before = {key: other[1] for other, key in pairwise(keys) if other[0] == key[0]}
    found: dict[tuple[str, int], Revision] = {}
    waiting = {key: (key[1], 2**62) for key in keys}
    size = 1
    while waiting:
        behind: dict[tuple[str, int], list[Any]] = {key: [] for key in waiting}
        places = list(waiting)
        for row in await _behind(conn, [(*at, before.get(key, -1), key[0]) for key, at in waiting.items()], size):
            behind[places[row["n"] - 1]].append(row)
        waiting = {}
        for key, rows in behind.items():
            latest = next((r for row in rows for r in reversed(_of(row, metric, key[0]))), None)
            if latest is not None:
                found[key] = latest
            elif len(rows) == size:
                waiting[key] = rows[-1]["known"], rows[-1]["id"] - 1
        size = min(8 * size, _PAGE)
    for key in keys:
        earlier = found.get((key[0], before.get(key, -1)))
        if key not in found and earlier is not None:
            found[key] = earlier
    return found


async def _behind(conn: Any, places: Sequence[tuple[int, int, int, str]], limit: int) -> list[Any]:
    """So many rows from each place (known, id, an instant that all are behind, scope) back, the latest first; ``n`` is
    the place's number from 1."""
    found: list[Any] = await conn.fetch(
        "select x.n, r.* from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) with ordinality"
        " as x(scope, known, id, floor, n) cross join lateral (select known, id, classification, owner, body"
        " from figure_revision f where f.scope = x.scope and f.known > x.floor and (f.known, f.id) <= (x.known, x.id)"
        " order by f.known desc, f.id desc limit $5) r order by x.n, r.known desc, r.id desc",
        [root_of(scope)[0] for _, _, _, scope in places],
        [known for known, _, _, _ in places],
        [id_ for _, id_, _, _ in places],
        [floor for _, _, floor, _ in places],
        limit,
    )
    return found


async def first_known(conn: Any, scopes: Iterable[str], until: int) -> int | None:
    """When anything about one of the scopes was known first, of what the caller may read; µs since 1970."""
    found: int | None = await conn.fetchval(
        "select min(r.known) from unnest($1::text[]) as x(scope)"
        " cross join lateral (select known from figure_revision f where f.scope = x.scope and f.known <= $2"
        " order by f.known, f.id limit 1) r",
        sorted({root_of(scope)[0] for scope in scopes}),
        until,
    )
    return found


async def revisions_between(conn: Any, metric: str, scope: str, after: int, until: int, limit: int) -> list[Revision]:
    """Revisions known after one instant and by another, in order; no more than ``limit`` and a page."""
    found: list[Revision] = []
    begin = (after, 2**62)
    while len(found) <= limit:
        rows = await _rows(conn, "(known, id) > ($2, $3)", "asc", scope, begin)
        for row in rows:
            if row["known"] > until:
                return found
            found += _of(row, metric, scope)
        if len(rows) < _PAGE:
            return found
        begin = rows[-1]["known"], rows[-1]["id"]
    return found


async def _rows(conn: Any, where: str, order: str, scope: str, bound: tuple[int, int]) -> list[Any]:
    found: list[Any] = await conn.fetch(
        f"select known, id, classification, owner, body from figure_revision where scope = $1 and {where}"  # noqa: S608
        f" order by known {order}, id {order} limit {_PAGE}",
        root_of(scope)[0],
        *bound,
    )
    return found


def _of(row: Any, metric: str, scope: str) -> list[Revision]:
    _, indicator = root_of(scope)
    return [
        Revision(p.metric, scope, p.revision, p.valid, row["known"], p.value, p.state, p.lower, p.upper, p.observed,
                 p.expected, p.projects, p.digest, p.updated, p.cause, p.kind, p.method, row["classification"],
                 row["owner"], p.withheld)
        for p in _decoder.decode(row["body"])
        if p.metric == metric and p.indicator == indicator
    ]  # fmt: skip
