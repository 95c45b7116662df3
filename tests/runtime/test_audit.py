"""The audit log: every command of every service, one chain, and nothing in it can be bent unseen."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from tests.support.people import token
from tests.support.stack import Database as Fresh
from tests.support.stack import fresh_database, settings

from plumbline.stack import Stack
from runtime import audit
from runtime.access import SYSTEM, Principal
from runtime.audit import Auditing, Log
from runtime.audit_api import signed_text
from runtime.chain import check
from runtime.db import Database
from runtime.service import Service
from runtime.signing import holds

pytestmark = pytest.mark.stack

SERVICES = ("intake", "scoring", "notifier", "portal_gateway")


@asynccontextmanager
async def running(stack: Stack, package: str, fresh: Fresh | None = None) -> AsyncIterator[tuple[Service, Any]]:
    """A service with its doors open, and a client at them; what it asks of others is answered by nobody."""
    fresh = fresh or await fresh_database(stack, package)
    nowhere = dict.fromkeys(("scoring_url", "intake_url", "notifier_url"), "http://127.0.0.1:9")
    own = importlib.import_module(f"{package}.settings").Settings
    given = own.model_validate(settings(stack, package, fresh, **nowhere).model_dump())
    if package == "scoring":
        given = own.model_validate(given.model_dump() | {"snapshot_key_file": given.audit_key_file})
    service = await importlib.import_module(f"{package}.app").build(given)
    transport = httpx.ASGITransport(app=service.app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=given.gateway_url) as http:
            yield service, http
    finally:
        await service.verifier.close()
        await service.database.close()


def _commands(routes: Any) -> Iterator[tuple[str, str]]:
    """Every address that is not only read: method and template."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _commands(route.original_router.routes)
            continue
        for method in sorted(getattr(route, "methods", None) or ()):
            if method not in {"GET", "HEAD", "OPTIONS"}:
                yield method, route.path


async def rows_of(database: Database, **wanted: Any) -> list[dict[str, Any]]:
    async with database.transaction(SYSTEM) as tx:
        return (await audit.latest(tx.conn, limit=5000, **wanted))[::-1]


@pytest.mark.parametrize("package", SERVICES)
async def test_no_route_of_any_service_takes_a_command_that_is_not_in_the_log(stack: Stack, package: str) -> None:
    async with running(stack, package) as (service, http):
        found = list(_commands(service.app.routes))
        assert len(found) > 1
        wanted = set()
        for method, template in found:
            if template in {"/login", "/logout"} or not template.startswith(("/v1/", "/api/")):
                continue  # a session's: tests/portal_gateway/test_session.py
            path = template.replace(":path", "").replace("{", "x").replace("}", "")
            answer = await http.request(
                method, path, content=b"{}",
                headers={"Authorization": f"Bearer {token(stack, 'donor')}", "Content-Type": "application/json"},
            )  # fmt: skip
            assert answer.status_code != httpx.codes.UNAUTHORIZED, template
            wanted.add((f"{method} {template}", "donor", "donor"))
        rows = await rows_of(service.database)
        assert {(row["action"], row["actor"], row["role"]) for row in rows} == wanted


async def test_a_command_and_its_row_are_one_transaction(stack: Stack) -> None:
    async with running(stack, "notifier") as (service, http):
        who = {"Authorization": f"Bearer {token(stack, 'donor')}"}
        wish = {"about": "metric", "metric": "M4", "scope": "pillar:P2"}
        assert (await http.post("/v1/subscriptions", json=wish, headers=who)).status_code == httpx.codes.CREATED
        (row,) = await rows_of(service.database)
        assert (row["action"], row["object"]) == ("POST /v1/subscriptions", "/v1/subscriptions")
        async with service.database.transaction(SYSTEM) as tx:
            # xmin is the transaction that wrote a row.
            subscribed = await tx.conn.fetchval("select xmin::text from subscription")
            assert subscribed == await tx.conn.fetchval("select xmin::text from audit")
        assert (await http.post("/v1/subscriptions", json={}, headers=who)).status_code == 422
        refused = (await rows_of(service.database))[-1]
        assert '"status":422' in refused["detail"]


async def test_a_person_reads_rows_of_their_own_name_operators_all_others_none(stack: Stack) -> None:
    async with running(stack, "notifier") as (service, http):
        for user in ("donor", "focal"):
            await http.post("/v1/subscriptions", json={}, headers={"Authorization": f"Bearer {token(stack, user)}"})

        async def actors(user: str, path: str = "/v1/audit") -> set[str]:
            answer = await http.get(path, headers={"Authorization": f"Bearer {token(stack, user)}"})
            return {row["actor"] for row in answer.json()["items"]}

        for path in ("/v1/audit", "/v1/audit/latest", "/v1/audit/latest?actor=focal"):
            assert await actors("donor", path) <= {"donor"}
            assert await actors("secretariat", path) == set()
        assert await actors("operator") == {"donor", "focal"}
        async with service.database.transaction(Principal(subject="", role="secretariat")) as tx:
            assert await tx.conn.fetchval("select count(*) from audit") == 0
        for path in ("head", "verification"):
            headers = {"Authorization": f"Bearer {token(stack, 'secretariat')}"}
            assert (await http.get(f"/v1/audit/{path}", headers=headers)).status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set object = 'x'",
        "delete from audit",
        "truncate audit",
        "insert into audit select seq + 1, at, actor, role, organisation, action, object, class, detail, trace,"
        " hash, hash from audit order by seq desc limit 1",
    ],
)
async def test_the_service_itself_can_only_append(stack: Stack, statement: str) -> None:
    fresh = await fresh_database(stack, "notifier")
    database = await Database.connect(fresh.run_dsn, "notifier")
    try:
        await _write(database, 2)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(SYSTEM) as tx:
                await tx.conn.execute(statement)
        owner = await asyncpg.connect(fresh.owner_dsn)
        await owner.execute("select set_config('app.role', 'system', false)")
        if not statement.startswith("insert"):
            await owner.execute("alter table audit no force row level security")  # or it would find no row to change
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only grows"):
                await owner.execute(statement)
        await owner.close()
    finally:
        await database.close()


async def _write(database: Database, rows: int) -> None:
    log = Log(database)
    await asyncio.gather(
        *(log.append([("a", "donor", "", "read", f"project:{n} “é”", "compact", '{"b":1,"a":"µ"}', "")])
          for n in range(rows))
    )  # fmt: skip


FORGERIES = {
    "changed": ("update audit set object = 'project:9' where seq = 3", 3, "row 3 was changed"),
    "detail": ("""update audit set detail = '{"a":"µ","b":1}' where seq = 3""", 3, "row 3 was changed"),
    "removed": ("delete from audit where seq = 3", 3, "row 3 is missing"),
    "first": ("delete from audit where seq = 1", 1, "row 1 is missing"),
    "closed": ("delete from audit where seq = 3; update audit set seq = seq - 1 where seq > 3", 3, "not linked"),
    "reordered": (
        "update audit set seq = 99 where seq = 3; update audit set seq = 3 where seq = 4;"
        " update audit set seq = 4 where seq = 99",
        3,
        "not linked",
    ),
    "re-hashed": (
        "update audit set object = 'x', hash = sha256(prev || audit_encoded(seq, at, actor, role, organisation, action,"
        " 'x', class, detail::text, trace)) where seq = 3",
        4,
        "not linked",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_what_the_owner_bends_is_found(stack: Stack, name: str) -> None:
    statement, seq, text = FORGERIES[name]
    fresh = await fresh_database(stack, "notifier")
    async with running(stack, "notifier", fresh) as (service, http):
        await _write(service.database, 6)
        who = {"Authorization": f"Bearer {token(stack, 'operator')}"}
        good = (await http.get("/v1/audit/verification", headers=who)).json()
        assert (good["rows"], good["fault"]) == (6, None)
        head = good["head"]
        assert holds(head["public_key"], head["signature"], signed_text("notifier", 6, head["hash"]))
        await forge(fresh, statement)
        bad = (await http.get("/v1/audit/verification", headers=who)).json()
        assert bad["fault"]["seq"] == seq
        assert text in bad["fault"]["text"]


async def forge(fresh: Fresh, statement: str) -> None:
    """As somebody would who owns the database: the guards are taken away first."""
    owner = await asyncpg.connect(fresh.owner_dsn)
    try:
        await owner.execute(
            f"alter table audit disable trigger user; alter table audit no force row level security; {statement}"
        )
    finally:
        await owner.close()


async def test_many_at_once_make_one_chain(stack: Stack) -> None:
    database = await Database.connect((await fresh_database(stack, "notifier")).run_dsn, "notifier")
    try:
        await asyncio.gather(_write(database, 40), _write(database, 40), _write(database, 40))
        rows = await rows_of(database)

        async def pages() -> AsyncIterator[list[dict[str, Any]]]:
            yield rows

        chain = await check(pages())
        assert (chain.seq, chain.fault) == (120, None)
    finally:
        await database.close()


async def test_nothing_restricted_leaves_before_its_reading_is_kept(stack: Stack) -> None:
    """The order of what happens, and that each record is named once a connection."""
    happened: list[str] = []

    class Kept(Log):
        async def append(self, rows: Any) -> None:
            happened.extend(f"kept {row[4]} {row[5]} {row[6]}" for row in rows)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        audit.by(Principal(subject="s", role="donor"))
        audit.seen("project:1", "compact")
        audit.seen("project:0", "public")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for name in ("project:1", "project:2"):
            audit.seen(name, "owner")
            await send({"type": "http.response.body", "body": name.encode(), "more_body": True})

    async def send(message: Any) -> None:
        happened.append(message["type"].removeprefix("http.response."))

    await Auditing(app, Kept(None))({"type": "http", "method": "GET", "path": "/x"}, None, send)  # type: ignore[arg-type]
    door = '{"door":"/x"}'
    assert happened == [
        f"kept project:1 compact {door}", "start", "body", f"kept project:2 owner {door}", "body",
    ]  # fmt: skip
