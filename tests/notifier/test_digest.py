"""What waits: told in one message each morning or week, or when the hours of quiet end; once, to those who may read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notifier.test_telling import (
    DONOR,
    FOCAL,
    OTHER,
    a_figure,
    a_receipt,
    a_record,
    an_alert,
    deliver,
    said,
    subscribe,
)

from contracts.notifications import NotificationCreated
from notifier import telling, usecases
from notifier.domain.errors import HoursRefused
from notifier.domain.hours import Hours, Quiet, asked, shown
from notifier.names import areas
from runtime.access import SYSTEM, Principal
from runtime.db import Database

NOW = datetime(2026, 7, 1, 9, 15, 27, tzinfo=UTC)  # a Wednesday
NEXT_MORNING = datetime(2026, 7, 2, 7, tzinfo=UTC)
MONDAY = datetime(2026, 7, 6, 7, tzinfo=UTC)
NAMES = areas()
NIGHT = {"from": "22:00", "to": "06:30", "days": [1, 2, 3, 4, 5, 6, 7]}


@pytest.fixture
def database(database: Database) -> Database:
    """At nine on a Wednesday."""
    database.clock = lambda: NOW
    return database


async def tell_next(database: Database) -> bool:
    async with database.transaction(SYSTEM) as tx:
        return await telling.tell_next(tx, NAMES, now=tx.clock())


async def at(database: Database, now: datetime) -> None:
    """Let it be that time, and tell what is due."""
    database.clock = lambda: now
    while await tell_next(database):
        pass


async def inbox(database: Database, caller: Principal = FOCAL) -> list[dict[str, Any]]:
    """The caller's messages, the oldest first."""
    async with database.transaction(caller) as tx:
        return (await usecases.inbox(tx, caller, unread=False, before=None, limit=99, now=tx.clock()))[::-1]


async def preview(database: Database, caller: Principal = FOCAL) -> list[str]:
    """The lines of the digest that waits."""
    async with database.transaction(caller) as tx:
        found = await telling.waiting(tx, caller, NAMES, now=tx.clock())
    return [line.title for line in found[1].lines] if found else []


async def keep_hours(database: Database, **fields: Any) -> None:
    async with database.transaction(FOCAL) as tx:
        await usecases.keep_hours(tx, FOCAL, fields, now=tx.clock())


def lines(message: dict[str, Any]) -> list[str]:
    return [line["title"] for line in message["lines"]]


@pytest.mark.stack
class TestDigest:
    async def test_it_tells_the_net_change_in_the_morning_the_largest_first(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", pace="daily")
        await subscribe(database, FOCAL, about="alert", pace="daily")
        await subscribe(database, FOCAL, about="receipts", entity="XM-DEMO-1", pace="daily")
        await deliver(
            database,
            a_record(a_figure(previous=649_000, value=655_000)),
            a_record(a_figure(previous=655_000, value=652_000)),
            a_record(a_figure(metric="M2", previous=500_000, value=900_000)),
            a_record(a_figure(metric="M1", previous=400_000, value=410_000)),
            a_record(a_figure(metric="M1", previous=410_000, value=400_000)),
            a_record(an_alert()),
            a_record(a_receipt()),
        )
        await at(database, NEXT_MORNING - timedelta(seconds=1))
        assert await inbox(database) == []
        told = [
            "Days to answer a request is off track.",
            "Pace, Mali: 90.0%, was 50.0%",
            "Project effectiveness, Mali: 65.2%, was 64.9%",
            "portfolio.xml: accepted",
        ]
        assert await preview(database) == told
        await at(database, NEXT_MORNING)
        (message,) = await inbox(database)
        assert (message["kind"], message["title"]) == (
            "digest",
            "Your daily digest. Alerts: 1. Figures that changed: 2. Receipts: 1.",
        )
        assert lines(message) == told
        assert [line["link"] for line in message["lines"]] == [
            "/projects/XM-DEMO-1-7",
            "/metrics/M2?scope=country%3AML",
            "/metrics/M4?scope=country%3AML",
            "/receipts/S1",
        ]
        assert message["lines"][1]["body"] == "80.0% known."
        (event,) = await said(database)
        payload = NotificationCreated.model_validate_json(event.data)
        assert [line.title for line in payload.lines] == told
        assert len(payload.subscriptions) == 3
        assert payload.lines[1].said["title"]["values"]["metric"] == {"message": "Pace"}

        # The next begins where this one ended; where nothing is new there is none.
        await at(database, NEXT_MORNING + timedelta(days=1))
        await deliver(database, a_record(a_figure(previous=652_000, value=660_000)))
        await at(database, NEXT_MORNING + timedelta(days=2))
        assert [lines(m) for m in await inbox(database)][1:] == [["Project effectiveness, Mali: 66.0%, was 65.2%"]]
        await at(database, NEXT_MORNING + timedelta(days=9))
        assert len(await inbox(database)) == 2

    async def test_a_threshold_is_of_the_net_change_and_small_days_add_up(self, database: Database) -> None:
        await subscribe(
            database, FOCAL, about="metric", metric="M4", scope="country:ML", min_change=5_000, pace="daily"
        )
        for day in range(4):
            value = 600_000 + 2_000 * day
            await deliver(database, a_record(a_figure(previous=value, value=value + 2_000)))
            await at(database, NEXT_MORNING + timedelta(days=day))
        assert [lines(m) for m in await inbox(database)] == [["Project effectiveness, Mali: 60.6%, was 60.0%"]]

    async def test_what_there_is_no_room_for_is_counted(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert", pace="weekly")
        await deliver(database, *[a_record(an_alert(alert_id=f"A{n}", text=f"Alert {n:02}")) for n in range(23)])
        await at(database, MONDAY - timedelta(seconds=1))
        assert await inbox(database) == []
        await at(database, MONDAY)
        (message,) = await inbox(database)
        assert message["title"] == "Your weekly digest. Alerts: 23."
        assert (len(message["lines"]), message["body"]) == (20, "Not listed here: 3.")

    async def test_a_fact_told_at_once_is_not_told_again_and_a_digest_only_once(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", min_change=50_000)
        await subscribe(database, FOCAL, about="metric", metric="M4", pace="daily", scope="country:ML")
        await subscribe(database, FOCAL, about="alert", pace="daily")
        await deliver(database, a_record(a_figure(previous=600_000, value=700_000)), a_record(an_alert()))
        assert [m["kind"] for m in await inbox(database)] == ["metric"]
        await at(database, NEXT_MORNING)
        assert [lines(m) for m in await inbox(database)][1:] == [["Days to answer a request is off track."]]
        await subscribe(database, FOCAL, about="alert", kind="off-track")
        await deliver(database, a_record(an_alert()))
        await at(database, NEXT_MORNING + timedelta(days=1))
        assert len(await inbox(database)) == 2

    async def test_a_weekly_wish_is_not_told_early_by_a_daily_one_that_has_no_news(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", min_change=50_000, pace="daily")
        await subscribe(database, FOCAL, about="metric", metric="M4", scope="country:ML", pace="weekly")
        await deliver(database, a_record(a_figure()))
        await at(database, NEXT_MORNING)
        assert await inbox(database) == []
        await at(database, MONDAY)
        assert [m["title"] for m in await inbox(database)] == ["Your weekly digest. Figures that changed: 1."]

    async def test_two_at_work_and_one_that_is_killed_tell_it_once(self, database: Database) -> None:
        for caller in (FOCAL, OTHER):
            await subscribe(database, caller, about="alert", pace="daily")
        await deliver(database, a_record(an_alert()))
        database.clock = lambda: NEXT_MORNING

        async def killed() -> None:
            async with database.transaction(SYSTEM) as tx:
                assert await telling.tell_next(tx, NAMES, now=NEXT_MORNING)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await killed()
        assert await said(database) == []
        await asyncio.gather(*[tell_next(database) for _ in range(4)])
        assert [len(await inbox(database, caller)) for caller in (FOCAL, OTHER)] == [1, 1]
        assert len(await said(database)) == 2

    async def test_what_comes_while_a_digest_is_told_is_in_this_one_or_the_next(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", pace="daily")
        await deliver(database, a_record(a_figure(previous=600_000, value=610_000)))
        database.clock = lambda: NEXT_MORNING
        await asyncio.gather(
            tell_next(database),
            deliver(database, a_record(a_figure(previous=610_000, value=620_000))),
            tell_next(database),
        )
        await at(database, NEXT_MORNING + timedelta(days=1))
        found = [lines(m)[0].split(": ")[1] for m in await inbox(database)]
        assert found in (["62.0%, was 60.0%"], ["61.0%, was 60.0%", "62.0%, was 61.0%"])


@pytest.mark.stack
class TestAccess:
    async def test_what_was_withheld_before_it_was_told_is_not_told(self, database: Database) -> None:
        for caller in (FOCAL, DONOR):
            await subscribe(database, caller, about="metric", scope="country:ML", pace="daily")
        await deliver(
            database,
            a_record(a_figure(previous=600_000, value=650_000)),
            a_record(a_figure(value=412_000, previous=None, classification="compact", withheld="complementary")),
        )
        assert await preview(database, DONOR) == []
        await at(database, NEXT_MORNING)
        assert await inbox(database, DONOR) == []
        assert "41.2%" in lines((await inbox(database, FOCAL))[0])[0]

    async def test_a_role_taken_away_before_it_is_due_leaves_nothing_of_it(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", pace="daily")
        await deliver(
            database,
            a_record(a_figure(classification="compact")),
            a_record(a_figure(metric="M2", previous=1, value=500_000)),
        )
        now_donor = Principal(subject="focal", role="donor")
        assert len(await preview(database, FOCAL)) == 2
        assert len(await preview(database, now_donor)) == 1
        await at(database, NEXT_MORNING)
        (message,) = await inbox(database, now_donor)
        assert lines(message) == ["Pace, Mali: 50.0%, was 0.0%"]
        assert message["title"] == "Your daily digest. Figures that changed: 1."

    async def test_only_who_may_read_every_fact_of_a_digest_reads_it(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", pace="daily")
        closed = {"M2": ("compact", None), "M4": ("owner", "XM-DEMO-1"), "M1": ("public", None)}
        await deliver(
            database,
            *[a_record(a_figure(metric=m, classification=c, owner=o)) for m, (c, o) in closed.items()],
        )
        await at(database, NEXT_MORNING)
        (message,) = await inbox(database)
        assert len(message["lines"]) == 3
        payload = NotificationCreated.model_validate_json((await said(database))[0].data)
        assert (payload.classification, payload.owner) == ("owner", "XM-DEMO-1")
        assert [(a.classification, a.owner) for a in payload.also] == [("compact", None)]
        for elsewhere in (
            Principal(subject="focal", role="donor", organisation="XM-DEMO-1"),
            Principal(subject="focal", role="entity", organisation="XM-DEMO-2"),
            OTHER,
        ):
            assert await inbox(database, elsewhere) == []

    async def test_what_waits_is_its_subscribers_own(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", pace="daily")
        await deliver(database, a_record(a_figure()))
        for caller, own in ((FOCAL, 1), (OTHER, 0), (Principal(subject="", role="entity"), 0)):
            async with database.transaction(caller) as tx:
                assert await tx.conn.fetchval("select count(*) from held") == own


@pytest.mark.stack
class TestQuiet:
    async def test_what_comes_in_the_hours_of_quiet_is_told_together_when_they_end(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        await subscribe(database, FOCAL, about="metric", scope="country:ML")
        await keep_hours(database, zone="Africa/Nairobi", quiet=NIGHT)  # UTC+3: 19:00 to 03:30 UTC
        await deliver(database, a_record(an_alert(alert_id="A0")))
        assert len(await inbox(database)) == 1
        database.clock = lambda: NOW.replace(hour=19, minute=0)
        await deliver(
            database,
            a_record(an_alert()),
            a_record(a_figure(previous=600_000, value=610_000)),
            a_record(an_alert(alert_id="A2", kind="security", text="A key was used from elsewhere.")),
        )
        await deliver(database, a_record(a_figure(previous=610_000, value=620_000)))
        assert [m["title"] for m in await inbox(database)][1:] == ["A key was used from elsewhere."]
        await at(database, datetime(2026, 7, 2, 3, 29, tzinfo=UTC))
        assert len(await inbox(database)) == 2
        await at(database, datetime(2026, 7, 2, 3, 30, tzinfo=UTC))
        message = (await inbox(database))[-1]
        assert message["title"] == "What waited for you. Alerts: 1. Figures that changed: 1."
        assert lines(message)[1] == "Project effectiveness, Mali: 62.0%, was 60.0%"

    async def test_what_waits_follows_a_change_of_pace_and_of_hours(self, database: Database) -> None:
        wish = await subscribe(database, FOCAL, about="alert", pace="weekly")
        await deliver(database, a_record(an_alert()))
        async with database.transaction(FOCAL) as tx:
            await usecases.change(tx, FOCAL, wish.id, {"pace": "daily"}, now=NOW)
        await keep_hours(database, zone="Africa/Nairobi")
        await at(database, NEXT_MORNING - timedelta(hours=3, seconds=1))
        assert await inbox(database) == []
        await at(database, NEXT_MORNING - timedelta(hours=3))
        assert len(await inbox(database)) == 1

    async def test_unsubscribing_takes_what_waits_along(self, database: Database) -> None:
        wish = await subscribe(database, FOCAL, about="alert", pace="daily")
        await deliver(database, a_record(an_alert()))
        async with database.transaction(FOCAL) as tx:
            await usecases.unsubscribe(tx, FOCAL, wish.id, now=NOW)
        await at(database, NEXT_MORNING)
        assert await inbox(database) == []


class TestHours:
    @pytest.mark.parametrize(
        ("zone", "pace", "now", "due"),
        [
            ("", "daily", "2026-07-01T06:59:59", "2026-07-01T07:00"),
            ("", "daily", "2026-07-01T07:00:00", "2026-07-02T07:00"),
            ("", "weekly", "2026-07-06T06:59:59", "2026-07-06T07:00"),
            ("", "weekly", "2026-07-06T07:00:00", "2026-07-13T07:00"),
            ("America/New_York", "daily", "2026-07-01T09:15:27", "2026-07-01T11:00"),
            ("America/New_York", "daily", "2026-12-01T11:30:00", "2026-12-01T12:00"),
            ("Pacific/Kiritimati", "weekly", "2026-07-05T16:00:00", "2026-07-05T17:00"),
            ("Europe/Vienna", "daily", "2026-10-24T06:00:00", "2026-10-25T06:00"),  # the clock went back that night
            ("Europe/Vienna", "daily", "2026-03-28T07:00:00", "2026-03-29T05:00"),
            ("Africa/Bamako", "instant", "2026-07-01T09:15:27", "2026-07-01T09:15:27"),
        ],
    )
    def test_a_digest_comes_in_the_morning_where_its_reader_is(self, zone: str, pace: Any, now: str, due: str) -> None:
        found = Hours(zone).due(pace, datetime.fromisoformat(now).replace(tzinfo=UTC))
        assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)

    @given(
        begin=st.times(), end=st.times(), days=st.frozensets(st.integers(1, 7), min_size=1, max_size=6),
        now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
        zone=st.sampled_from(["", "Africa/Bamako", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]),
    )  # fmt: skip
    def test_quiet_ends_and_what_is_told_is_told_outside_it(
        self, begin: time, end: time, days: frozenset[int], now: datetime, zone: str
    ) -> None:
        hours = Hours(zone, Quiet(begin.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0), days))
        for pace in ("instant", "daily", "weekly"):
            due = hours.due(pace, now)  # type: ignore[arg-type]
            assert now <= due <= now + timedelta(days=15)
            assert hours.quiet_until(due) == due
        local = now.astimezone(ZoneInfo(zone or "UTC"))
        if not {local.isoweekday(), (local - timedelta(days=1)).isoweekday()} & days:
            assert hours.quiet_until(now) == now

    def test_a_morning_in_the_hours_of_quiet_waits_for_their_end(self) -> None:
        weekend = Hours("", Quiet(time(0), time(0), frozenset({6, 7})))
        friday = datetime(2026, 7, 3, 12, tzinfo=UTC)
        assert weekend.due("daily", friday) == datetime(2026, 7, 6, 0, tzinfo=UTC)
        assert weekend.due("instant", friday) == friday

    def test_hours_are_read_as_they_are_shown_and_every_fault_is_named(self) -> None:
        wanted = {"zone": "Asia/Kathmandu", "quiet": NIGHT}
        assert shown(asked(wanted)) == wanted
        assert shown(asked({})) == {"zone": "", "quiet": None}
        for fields, places in (
            ({"zone": "../etc/passwd", "mood": 1}, {"zone", "mood"}),
            ({"zone": 7, "quiet": "night"}, {"zone", "quiet"}),
            ({"quiet": {"from": "late", "to": None, "days": [0]}}, {"quiet/from", "quiet/to", "quiet/days"}),
            ({"quiet": {"from": "08:00", "to": "08:00"}}, {"quiet/to"}),
        ):
            with pytest.raises(HoursRefused) as caught:
                asked(fields)
            assert {place for place, _ in caught.value.faults} == places
