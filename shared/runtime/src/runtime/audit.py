"""Who did and read what: one row a command and a reading of restricted records, chained by hashes (ADR 0088).

Nobody calls this to be logged: the middleware sees every request of every service, ``Database.transaction`` writes the
row of a command into the transaction that changes something, and what is read is told where records are decoded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime import telemetry
from runtime.access import SYSTEM, Principal

if TYPE_CHECKING:
    from runtime.db import Database

log = logging.getLogger(__name__)

READ: Final = "read"
"""The action of a reading; that of a command is its method and the template of its address."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN: Final = frozenset({"public", ""})
_CLASS: Final = '"classification": "'  # as PostgreSQL writes jsonb
_CLASS_PUBLIC: Final = _CLASS + 'public"'
_LONGEST: Final = 300  # characters of an address or a value in a row
_AT_ONCE: Final = 500  # records named by one row; more take several

_APPEND: Final = "select audit_append($1, $2, $3, $4, $5, $6, $7, $8)"
_APPEND_IF_CHANGED: Final = _APPEND + " where pg_current_xact_id_if_assigned() is not null"
_APPEND_ALL: Final = (
    "select audit_append(a, b, c, d, e, f, g, h) from unnest($1::text[], $2::text[], $3::text[], $4::text[],"
    " $5::text[], $6::text[], $7::text[], $8::text[]) with ordinality as u(a, b, c, d, e, f, g, h, n) order by n"
)
_AFTER: Final = (
    "select seq, at, actor, role, organisation, action, object, class, detail, trace,"
    " encode(prev, 'hex') as prev, encode(hash, 'hex') as hash from audit where seq > $1 order by seq limit $2"
)
_BEFORE: Final = (
    "select seq, at, actor, role, organisation, action, object, class, detail, trace,"
    " encode(prev, 'hex') as prev, encode(hash, 'hex') as hash from audit"
    " where ($1::bigint is null or seq < $1) and ($2::timestamptz is null or at >= $2)"
    " and ($3::timestamptz is null or at < $3) and ($4::text is null or actor = $4)"
    " and ($5::text is null or action = $5 or ($5 = 'command' and action <> 'read')) order by seq desc limit $6"
)

Row = tuple[str, str, str, str, str, str, str, str]
"""Actor, role, organisation, action, object, class, detail, trace."""


@dataclass(slots=True)
class Act:
    """One request while it is under way: who asks for what, and which restricted records it has met."""

    method: str
    scope: Mapping[str, Any]
    task: asyncio.Task[Any] | None = None
    principal: Principal | None = None
    action: str = ""
    object: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    command: bool = False
    written: bool = False
    known: set[str] = field(default_factory=set)
    reads: dict[str, str] = field(default_factory=dict)

    def row(self, status: int | None = None) -> Row:
        """This command's row; ``status`` is the answer's where it is known already."""
        route = self.scope.get("route")
        path = str(self.scope.get("path", ""))[:_LONGEST]
        template = getattr(route, "path", None) or path
        detail = {"status": status, **self.detail} if status is not None else self.detail
        return _row(self.principal, self.action or f"{self.method} {template}", self.object or path, "", detail)

    def take(self) -> list[Row]:
        """The rows of what was met since they were last taken."""
        rows = []
        reads, self.reads = list(self.reads.items()), {}
        for begin in range(0, len(reads), _AT_ONCE):
            some = reads[begin : begin + _AT_ONCE]
            classes = ",".join(sorted({class_ for _, class_ in some}))
            door = str(self.scope.get("path", ""))[:_LONGEST]
            if len(some) == 1:
                rows.append(_row(self.principal, READ, some[0][0], classes, {"door": door}))
            else:
                detail = {"door": door, "records": [list(one) for one in some]}
                rows.append(_row(self.principal, READ, door, classes, detail))
        return rows


_act: ContextVar[Act | None] = ContextVar("act", default=None)


def by(principal: Principal, action: str = "", object_: str = "") -> None:
    """Say who asks. With an action it is a command whatever its method: the sign-in comes by GET."""
    act = _act.get()
    if act is None:
        return
    act.principal = principal
    if action:
        act.action, act.object, act.command = action, object_ or act.object, True


def note(**detail: str | int | None) -> None:
    """Put something into this command's row that its address does not say. Never a secret."""
    act = _act.get()
    if act is not None:
        act.detail |= {k: v[:_LONGEST] if isinstance(v, str) else v for k, v in detail.items() if v is not None}


def seen(object_: str, class_: str | None) -> None:
    """Say that a record was decoded for whoever asks; one that is open to all is passed over."""
    if class_ is None or class_ in _OPEN:
        return
    act = _act.get()
    if act is not None and object_ not in act.known:
        object_ = object_[:_LONGEST]
        act.known.add(object_)
        act.reads[object_] = class_


def seen_in(content: Any) -> None:
    """Say it of every record within an answer: an object with a ``classification``."""
    if _act.get() is None:
        return
    waiting = [content]
    while waiting:
        it = waiting.pop()
        if isinstance(it, Mapping):
            class_ = it.get("classification")
            if isinstance(class_, str) and class_ not in _OPEN:
                seen(_name(it) or "record", class_)
            waiting += it.values()
        elif isinstance(it, list | tuple):
            waiting += it


class Watched:
    """A connection on which somebody reads: what it fetches is looked at for restricted records.

    So a new statement cannot forget to say what it showed, if it fetches the class beside the record: as a column
    ``classification``, or within the record's JSON.
    """

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    async def fetch(self, *args: Any, **more: Any) -> list[Any]:
        """As asyncpg's."""
        rows: list[Any] = await self._conn.fetch(*args, **more)
        for row in rows:
            _look_at(row)
        return rows

    async def fetchrow(self, *args: Any, **more: Any) -> Any:
        """As asyncpg's."""
        row = await self._conn.fetchrow(*args, **more)
        if row is not None:
            _look_at(row)
        return row

    async def cursor(self, *args: Any, **more: Any) -> AsyncIterator[Any]:
        """As asyncpg's, for ``async for``."""
        async for row in self._conn.cursor(*args, **more):
            _look_at(row)
            yield row


def watched(conn: Any, principal: Principal) -> Any:
    """The connection, looked at where somebody asks and the service does not work for itself."""
    return conn if _act.get() is None or principal.role == SYSTEM.role else Watched(conn)


def _look_at(row: Any) -> None:
    texts = [
        value
        for value in row.values()
        if isinstance(value, str) and value[:1] in {"{", "["} and value.count(_CLASS) != value.count(_CLASS_PUBLIC)
    ]
    class_ = row.get("classification")
    if isinstance(class_, str) and class_ not in _OPEN:
        name = _name(row)
        if name is None:
            inner = next((v for v in row.values() if isinstance(v, str) and v[:1] == "{"), "{}")
            name = _name(orjson.loads(inner))
        seen(name or "record", class_)
    for text in texts:
        seen_in(orjson.loads(text))


def _name(record: Any) -> str | None:
    """What a record is called in a row: the kind and the identifier that it itself carries."""
    for kind, key in (("alert", "alert_id"), ("message", "notification_id")):
        if record.get(key):
            return f"{kind}:{record[key]}"
    if record.get("metric") and record.get("scope"):
        return f"{record['metric']} {record['scope']}"
    for kind, key in (("receipt", "submission_id"), ("project", "project_id")):
        if record.get(key):
            return f"{kind}:{record[key]}"
    other = record.get("id") or record.get("scope") or record.get("country")
    return f"record:{other}" if other else None


async def in_transaction(conn: Any) -> Act | None:
    """Append the row of the command under way if this transaction changed something; to be called last.

    Work begun by a request and done after it is not its command: it runs in another task.
    """
    act = _act.get()
    if act is None or not act.command or act.written or act.principal is None or act.task is not asyncio.current_task():
        return None
    return act if await conn.fetchval(_APPEND_IF_CHANGED, *act.row()) is not None else None


class Log:
    """Appends what has no transaction of its own: all that waits, in one transaction after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Sequence[Row], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, rows: Sequence[Row]) -> None:
        """Return once the rows are kept. Raises what the database raises."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        if self._writer is None or self._writer.done():
            # A context of its own: the writer serves many requests and belongs to none.
            self._writer = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                async with self._database.transaction(SYSTEM) as tx:
                    rows = [row for some, _ in taken for row in some]
                    await tx.conn.execute(_APPEND_ALL, *(list(column) for column in zip(*rows, strict=True)))
            except Exception as error:  # noqa: BLE001  each of those who wait is told
                for _, done in taken:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in taken:
                    if not done.done():
                        done.set_result(None)


class Auditing:
    """ASGI: nothing restricted leaves before its reading is kept, and no command is answered without its row."""

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        act = Act(scope["method"], scope, asyncio.current_task(), command=scope["method"] not in _SAFE)

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._keep_command(act, message["status"])
            if act.reads:
                if act.principal is None:
                    act.reads.clear()  # nobody was let in: what was decoded is not shown
                else:
                    await self._log.append(act.take())
            await send(message)

        token = _act.set(act)
        try:
            await self._app(scope, receive, kept)
        except Exception:
            await self._keep_command(act, 500)
            raise
        finally:
            _act.reset(token)

    async def _keep_command(self, act: Act, status: int) -> None:
        if not act.command or act.principal is None or (act.written and status < 400):
            return
        act.command = False  # once
        try:
            await self._log.append([act.row(status)])
        except Exception as error:  # noqa: BLE001  what was done elsewhere is in the log there; the answer stands
            log.error("a command could not be kept in the audit log: %s, %r", act.row(status)[3:5], error)


def _row(principal: Principal | None, action: str, object_: str, class_: str, detail: Mapping[str, Any]) -> Row:
    who = principal or Principal(subject="", role="system")
    carried = telemetry.traceparent_of(trace.get_current_span())
    return (
        *(_text(part) for part in (who.subject, who.role, who.organisation, action, object_, class_)),
        orjson.dumps(detail, option=orjson.OPT_SORT_KEYS, default=str).decode().replace("\\u0000", ""),
        carried.split("-")[1] if carried else "",
    )  # type: ignore[return-value]


def _text(text: str) -> str:
    """As PostgreSQL can keep it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


async def after(conn: Any, seq: int, limit: int) -> list[dict[str, Any]]:
    """Rows behind a number, in order, that the caller may read."""
    return [dict(row) for row in await conn.fetch(_AFTER, seq, limit)]


async def latest(
    conn: Any,
    *,
    before: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    actor: str | None = None,
    action: str | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """The latest rows first that the caller may read; ``action`` is ``read``, ``command``, or one as it stands."""
    return [dict(row) for row in await conn.fetch(_BEFORE, before, since, until, actor, action, limit)]
