"""Nothing leaks: with the application's filter taken away, row-level security still shows only what may be read."""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.support.gateway import figure, message, project, receipt, someone, tell

from contracts.alerts import AlertRaised
from contracts.portfolio import BudgetRevised, IndicatorDefined, ObservationRecorded, TransactionPosted
from portal_gateway.fanout import may_see
from portal_gateway.store import feed
from runtime.access import ROLES, SYSTEM, Principal, may_read
from runtime.db import Database

CLASSES = ("public", "member-states", "compact", "owner", "state:ML", "state:NE")
TABLES = (
    "project",
    "indicator",
    "observation",
    "budget",
    "history",
    "history_class",
    "posting",
    "figure",
    "withheld_figure",
    "alert",
    "receipt",
    "message",
    "filed_ahead",
    "visit",
    "audit",
    "saved_view",
    "session",
    "sign_in",
)
PEOPLE = [
    someone(role, f"{role}-{org}-{country}", organisation=org, country=country)
    for role, org, country in product(ROLES, ("", "XM-A", "XM-B"), ("", "ML"))
    if role != "system"
]


async def _fill(database: Database) -> None:
    """One of everything for each class, owned by XM-A, and a message for each person."""
    payloads: list[Any] = []
    for n, classification in enumerate(CLASSES):
        name = f"XM-A-{n}"
        payloads += [
            project(name, entity="XM-A", classification=classification),
            IndicatorDefined(project_id=name, indicator_id="I", result_id="R", result_type="1", measure="1"),
            ObservationRecorded.model_validate(
                {
                    "project_id": name,
                    "indicator_id": "I",
                    "period": {"start": "2025-01-01", "end": "2025-12-31"},
                    "value": "7",
                }
            ),
            BudgetRevised.model_validate(
                {
                    "project_id": name,
                    "budget": {
                        "period_start": "2025-01-01",
                        "period_end": "2025-12-31",
                        "amount": "1",
                        "currency": "USD",
                        "value_date": "2025-01-01",
                    },
                }
            ),
            TransactionPosted.model_validate(
                {
                    "project_id": name,
                    "transaction_id": "t1",
                    "type": "3",
                    "date": "2025-03-01",
                    "amount": "1",
                    "currency": "USD",
                    "value_date": "2025-03-01",
                }
            ),
            figure(f"project:{name}", classification=classification, owner="XM-A"),
            figure(f"entity-pillar:XM-A|{name}", classification=classification, owner="XM-A", withheld="small-cell"),
            AlertRaised.model_validate(
                {
                    "alert_id": f"A{n}",
                    "kind": "off-track",
                    "scope": f"project:{name}",
                    "project_id": name,
                    "entity": "XM-A",
                    "text": "late",
                    "classification": classification,
                    "raised_at": "2026-09-14T09:00:00Z",
                }
            ),
        ]
    payloads.append(receipt("S-A", "XM-A"))
    payloads += [message(f"m-{p.subject}", p.subject) for p in PEOPLE]
    payloads += [message(f"mo-{p.subject}", p.subject, classification="owner", owner="XM-A") for p in PEOPLE]
    await tell(database, *payloads)


async def test_row_level_security_alone_shows_what_may_be_read_and_no_more(database: Database) -> None:
    """Plain ``select`` without any condition, as a forgotten filter would be."""
    await _fill(database)
    for person in PEOPLE:
        mine = {f"XM-A-{n}" for n, c in enumerate(CLASSES) if may_read(person, c, "XM-A")}
        async with database.transaction(person) as tx:

            async def column(sql: str, tx: Any = tx) -> set[str]:
                return {row[0] for row in await tx.conn.fetch(sql)}

            assert await column("select project_id from project") == mine, person
            assert await column("select project_id from indicator") == mine, person
            assert await column("select project_id from observation") == mine, person
            for table in ("budget", "history", "history_class", "numbered_history", "posting"):
                assert await column(f"select project_id from {table}") == mine, (table, person)
            assert await column("select project_id from alert") == mine, person
            totals = {f"entity-pillar:XM-A|XM-A-{n}" for n in range(len(CLASSES))}
            shown = {f"entity-pillar:XM-A|{name}" for name in mine}
            assert await column("select scope from figure") == shown | {f"project:{name}" for name in mine}, person
            # Of what is withheld from somebody, everybody else is told so: no more, and nobody both.
            assert await column("select scope from withheld_figure") == totals - shown, person
            allowed = person.role in {"secretariat", "operator"} or person.organisation == "XM-A"
            assert await column("select submission_id from receipt") == ({"S-A"} if allowed else set()), person
            own = {f"m-{person.subject}"} | ({f"mo-{person.subject}"} if person.organisation == "XM-A" else set())
            assert await column("select notification_id from message") == own, person
            assert await column("select subject from session") == set()
            assert await column("select state from sign_in") == set()


async def test_the_stream_decides_as_the_database_does(database: Database) -> None:
    """The live half of the stream is sorted out in Python: for everybody and everything it agrees with the view."""
    await _fill(database)
    async with database.transaction(SYSTEM) as tx:
        everything = await feed.after(tx.conn, 0, 1000)
    assert {entry.kind for entry in everything} == {"metric", "notification", "receipt", "alert", "project"}
    for person in PEOPLE:
        async with database.transaction(person) as tx:
            by_database = {entry.seq for entry in await feed.after(tx.conn, 0, 1000)}
        assert by_database == {entry.seq for entry in everything if may_see(person, entry)}, person


async def test_without_a_principal_nothing_is_there(database: Database) -> None:
    await _fill(database)
    async with database.session() as connection:
        for table in (*TABLES, "feed"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0, table


async def test_every_table_is_under_forced_row_level_security(database: Database) -> None:
    """A table added later without a policy is found here, not by its reader."""
    of_the_runtime = {"consumer_offset", "inbox", "outbox", "quarantine", "migration"}
    async with database.session() as connection:
        rows = await connection.fetch(
            "select relname, relrowsecurity and relforcerowsecurity as held from pg_class"
            " where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        assert {row["relname"] for row in rows if row["held"]} == set(TABLES)
        assert {row["relname"] for row in rows if not row["held"]} - of_the_runtime == set()
        role = await connection.fetchrow("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        assert tuple(role) == (False, False)
        assert not await connection.fetchval("select exists (select from pg_tables where tableowner = current_user)")


async def test_a_project_that_becomes_secret_takes_everything_with_it(database: Database) -> None:
    await tell(
        database,
        project("XM-A-1", entity="XM-A"),
        IndicatorDefined(project_id="XM-A-1", indicator_id="I", result_id="R", result_type="1", measure="1"),
    )
    stranger = Principal(subject="d", role="donor")
    async with database.transaction(stranger) as tx:
        assert await tx.conn.fetchval("select count(*) from indicator") == 1
    await tell(database, project("XM-A-1", entity="XM-A", classification="owner"))
    async with database.transaction(stranger) as tx:
        assert await tx.conn.fetchval("select count(*) from indicator") == 0
