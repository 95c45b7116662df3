"""The policy is one: what SQL decides and what Python decides are the same, for every case."""

from __future__ import annotations

from itertools import product

from tests.support.stack import fresh_database

from plumbline.stack import Stack
from runtime.access import ROLES, Principal, may_read
from runtime.db import Database

CLASSES = ("public", "member-states", "compact", "support", "owner", "state:ML", "state:NE", "", "secret", "state:")


async def test_sql_and_python_decide_alike(stack: Stack) -> None:
    database = await Database.connect((await fresh_database(stack, "notifier")).run_dsn, "notifier")
    readable = 0
    try:
        for role, org, country in product(ROLES, ("", "XM-A", "XM-B"), ("", "ML")):
            someone = Principal(subject="s", role=role, organisation=org, country=country)
            async with database.transaction(someone) as tx:
                for classification, owner in product(CLASSES, (None, "", "XM-A")):
                    by_sql = await tx.conn.fetchval("select may_read($1, $2)", classification, owner)
                    by_python = may_read(someone, classification, owner)
                    assert bool(by_sql) == by_python, (someone, classification, owner)
                    readable += by_python
    finally:
        await database.close()
    assert readable > 50  # the table is not all refusals


async def test_without_a_principal_nothing_is_readable(stack: Stack) -> None:
    database = await Database.connect((await fresh_database(stack, "notifier")).run_dsn, "notifier")
    try:
        async with database.session() as connection:
            for classification in CLASSES:
                assert not await connection.fetchval("select may_read($1, 'XM-A')", classification)
    finally:
        await database.close()
