"""When a person was last here: a reload takes nothing away, a pause ends a visit, and nobody reads another's."""

from __future__ import annotations

from datetime import timedelta

from tests.support.gateway import Gateway, project, receipt, someone, tell

from portal_gateway.store import freshness, visits
from runtime.access import SYSTEM, Principal
from runtime.db import Database

READER = someone("member-state", "reader", country="ML")


async def _page(database: Database, who: Principal, seq: int) -> visits.Visit | None:
    async with database.transaction(who) as tx:
        return await visits.note(tx.conn, who.subject, seq)


async def _passes(database: Database, pause: timedelta) -> None:
    async with database.transaction(SYSTEM) as tx:
        await tx.conn.execute("update visit set seen_at = seen_at - $1::interval", pause)


async def test_a_visit_ends_with_a_pause_and_a_reload_takes_nothing_away(database: Database) -> None:
    assert await _page(database, READER, 5) is None
    await _passes(database, timedelta(minutes=5))
    assert await _page(database, READER, 7) is None  # the same visit goes on
    await _passes(database, timedelta(hours=3))
    second = await _page(database, READER, 20)
    assert second is not None
    assert second.seq == 7
    await _passes(database, timedelta(minutes=2))
    assert await _page(database, READER, 30) == second
    other = someone("donor", "another")
    assert await _page(database, other, 30) is None
    async with database.transaction(other) as tx:
        assert await tx.conn.fetchval("select count(*) from visit") == 1


async def test_what_came_and_went_since_is_told(database: Database) -> None:
    await tell(database, project("XM-T-1"))
    await _page(database, READER, 1)
    await _passes(database, timedelta(hours=3))
    visit = await _page(database, READER, 2)
    assert visit is not None
    async with database.transaction(SYSTEM) as tx:
        await tx.conn.execute("update project set first_at = $1", visit.at - timedelta(days=1))
    await tell(database, project("XM-T-2"), project("XM-T-3", classification="owner"))
    async with database.transaction(READER) as tx:
        count, rows = await visits.came(tx.conn, visit.at, 5)
    assert (count, [name for name, _at in rows]) == (1, ["XM-T-2"])


async def test_submissions_are_known_to_those_who_may_read_them_and_changes_to_all(gateway: Gateway) -> None:
    await gateway.tell(project("XM-T-1"), receipt())
    for who, knows in (
        (someone("secretariat", "s"), True),
        (someone("entity", "own", organisation="XM-T"), True),
        (someone("entity", "other", organisation="XM-U"), False),
        (READER, False),
    ):
        async with gateway.database.transaction(who) as tx:
            (found,) = await freshness.by_entity(tx.conn)
        assert (found.entity, found.received_at is not None) == ("XM-T", knows)
        assert found.changed_at is not None
