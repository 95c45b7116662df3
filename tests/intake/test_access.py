"""Row-level security of intake: what an entity may not see, it cannot see even when the application forgets to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.intake.test_events import a_project, an_indicator, an_observation, receive
from tests.support.stack import fresh_database

from intake.store import entities, sources, uploads
from plumbline.stack import Stack
from runtime.access import SYSTEM, Principal
from runtime.db import Database

OWNER = Principal(subject="a", role="entity", organisation="XM-A")
OTHER = Principal(subject="b", role="entity", organisation="XM-B")
SECRETARIAT = Principal(subject="s", role="secretariat")
DONOR = Principal(subject="d", role="donor")
STATE = Principal(subject="m", role="member-state", country="ML")
TABLES = ("submission", "finding", "source", "project", "fact", "upload")


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    opened = await Database.connect((await fresh_database(stack, "intake")).run_dsn, "intake")
    async with opened.transaction(SYSTEM) as tx:
        await entities.save(tx.conn, "XM-A", "A", [])
        await entities.save(tx.conn, "XM-B", "B", [])
    (refused,) = await receive(opened, a_project(classification="owner", status="9"))
    assert refused.refused
    (item,) = await receive(opened, a_project(classification="owner"))
    async with opened.transaction(SYSTEM) as tx:
        await sources.add(tx.conn, item.submission.id, "XM-A", [("XM-A-1", "owner", 1, b"x")])
        await uploads.add(tx.conn, item.submission.id, 0, b"x")
    yield opened
    await opened.close()


async def counts(database: Database, someone: Principal) -> dict[str, int]:
    """Rows of each table without any filter of the application's."""
    async with database.transaction(someone) as tx:
        return {table: await tx.conn.fetchval(f"select count(*) from {table}") for table in TABLES}


async def test_without_a_filter_nothing_leaks(database: Database) -> None:
    everything = await counts(database, SYSTEM)
    assert all(everything.values()), everything
    assert await counts(database, OWNER) == {**everything, "fact": 0, "upload": 0}
    nothing = dict.fromkeys(TABLES, 0)
    assert await counts(database, OTHER) == nothing
    assert await counts(database, DONOR) == nothing
    assert await counts(database, STATE) == nothing
    seen = await counts(database, SECRETARIAT)
    assert seen["submission"] == everything["submission"]
    assert seen["source"] == 0  # the content of a restricted project is its owner's


async def test_the_run_role_owns_nothing_and_cannot_look_past_the_policies(database: Database) -> None:
    async with database.transaction(SYSTEM) as tx:
        role = await tx.conn.fetchrow("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        owned = await tx.conn.fetchval("select count(*) from pg_tables where tableowner = current_user")
        unprotected = await tx.conn.fetch(
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
            " where c.relkind = 'r' and a.attname in ('entity', 'submission_id', 'project_id')"
            " and c.relnamespace = 'public'::regnamespace and not (c.relrowsecurity and c.relforcerowsecurity)"
        )
    assert dict(role) == {"rolsuper": False, "rolbypassrls": False}
    assert owned == 0
    assert [row["relname"] for row in unprotected] == []


async def test_the_lines_of_a_file_follow_the_project_as_it_stands_today(database: Database) -> None:
    """Who closes a project closes what was received of it; a value withheld today is in no line for others."""

    async def readers(project: str) -> list[bool]:
        found = []
        for someone in (OWNER, OTHER, SECRETARIAT, DONOR):
            async with database.transaction(someone) as tx:
                found.append(await sources.one(tx.conn, "S1", project) is not None)
        return found

    mine = {"project_id": "XM-A-3"}
    await receive(database, a_project("XM-A-2"), a_project("XM-A-3"), an_indicator(**mine), an_observation(**mine))
    async with database.transaction(SYSTEM) as tx:
        await sources.add(tx.conn, "S1", "XM-A", [(name, "public", 1, b"x") for name in ("XM-A-2", "XM-A-3")])
    assert [await readers("XM-A-2"), await readers("XM-A-3")] == [[True] * 4] * 2
    await receive(database, a_project("XM-A-2", classification="owner"))
    await receive(database, an_observation(withheld=True, **mine))
    assert [await readers("XM-A-2"), await readers("XM-A-3")] == [[True, False, False, False]] * 2
