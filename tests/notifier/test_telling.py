"""From an event to inboxes: once a fact, to those who asked and may read it, with reason and link."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.alerts import AlertRaised
from contracts.base import Payload
from contracts.envelope import PREFIX, Envelope, from_headers
from contracts.metrics import Coverage, MetricUpdated
from contracts.notifications import NotificationCreated, NotificationFiled
from contracts.receipts import SubmissionProcessed
from notifier import usecases
from notifier.domain.errors import NotFound, ReceiptsOfOthers, SameSubscription, TooManySubscriptions
from notifier.domain.subscription import Subscription
from notifier.handlers import telling
from notifier.names import areas
from runtime.access import SYSTEM, Principal
from runtime.db import Database, new_id, unpack
from runtime.delivery import Record

pytestmark = pytest.mark.stack

NOW = datetime(2026, 7, 1, 9, 15, 27, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FOCAL = Principal(subject="focal", role="entity", organisation="XM-DEMO-1")
OTHER = Principal(subject="other", role="entity", organisation="XM-DEMO-2")
STATE = Principal(subject="state", role="member-state", country="ML")
DONOR = Principal(subject="donor", role="donor")
SECRETARIAT = Principal(subject="secretariat", role="secretariat")
EVERYBODY = (FOCAL, OTHER, STATE, DONOR, SECRETARIAT)

handle = telling(areas())


def a_figure(**over: Any) -> MetricUpdated:
    """M4 of Mali rose from 64.9 to 65.5 per cent."""
    fields: dict[str, Any] = {
        "metric": "M4",
        "scope": "country:ML",
        "value": 655_000,
        "previous": 649_000,
        "state": "PUBLISHED",
        "coverage": Coverage(observed=8, expected=10),
        "valid_as_of": date(2026, 7, 1),
        "known_as_of": NOW,
        "method_version": "1.0.0",
        "revision": 1,
        "updated_at": NOW,
    }
    return MetricUpdated(**fields | over)


def an_alert(**over: Any) -> AlertRaised:
    """An indicator of a demonstration project went off track."""
    fields: dict[str, Any] = {
        "alert_id": "A1",
        "kind": "off-track",
        "scope": "project:XM-DEMO-1-7",
        "project_id": "XM-DEMO-1-7",
        "entity": "XM-DEMO-1",
        "text": "Days to answer a request is off track.",
        "raised_at": NOW,
    }
    return AlertRaised(**fields | over)


def a_receipt(**over: Any) -> SubmissionProcessed:
    """A file of three activities, all accepted."""
    fields: dict[str, Any] = {
        "submission_id": "S1",
        "entity": "XM-DEMO-1",
        "channel": "file",
        "outcome": "accepted",
        "received_at": NOW,
        "processed_at": NOW,
        "file": "portfolio.xml",
        "activities": 3,
        "accepted": 3,
    }
    return SubmissionProcessed(**fields | over)


def a_record(payload: Payload, *, event_id: str | None = None, offset: int = 0) -> Record:
    """The payload as Kafka would bring it."""
    envelope = Envelope(
        id=event_id or new_id(),
        source="/svc/scoring",
        type=PREFIX + payload.TYPE,
        data=payload.model_dump_json(by_alias=True, exclude_none=True).encode(),
        correlationid="C1",
        traceparent=TRACE,
    )
    return Record("plumbline.metrics.v1", 0, offset, b"key", envelope, None)


async def subscribe(database: Database, caller: Principal, **fields: object) -> Subscription:
    async with database.transaction(caller) as tx:
        wish, _ = await usecases.subscribe(tx, caller, fields, now=NOW)
    return wish


async def deliver(database: Database, *records: Record) -> None:
    async with database.transaction(SYSTEM) as tx:
        await handle(tx, records)


async def inbox(database: Database, caller: Principal) -> list[dict[str, Any]]:
    async with database.transaction(caller) as tx:
        return await usecases.inbox(tx, caller, unread=False, before=None, limit=100, now=NOW)


async def said(database: Database) -> list[Envelope]:
    """What waits in the outbox, in order."""
    async with database.transaction(SYSTEM) as tx:
        rows = await tx.conn.fetch("select records from outbox order by id")
    records = [record for row in rows for record in unpack(row["records"])]
    return [
        from_headers({name: value.decode() for name, value in headers}, value or b"")
        for _, _, headers, value, _ in records
    ]


async def titles(database: Database, callers: Sequence[Principal]) -> dict[str, list[str]]:
    """The titles in each inbox that is not empty, newest first."""
    found = {caller.subject: [m["title"] for m in await inbox(database, caller)] for caller in callers}
    return {subject: messages for subject, messages in found.items() if messages}


class TestOnce:
    """A fact is told once to one person, whatever arrives how often."""

    async def test_the_same_event_twice_is_one_message(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", metric="M4", scope="country:ML")
        record = a_record(a_figure())
        await deliver(database, record)
        await deliver(database, record)
        await deliver(database, record, record)
        assert len(await inbox(database, FOCAL)) == 1
        assert len(await said(database)) == 1

    async def test_an_alert_sent_again_under_another_event_id_is_one_message(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        await deliver(database, a_record(an_alert(), event_id="1"))
        await deliver(database, a_record(an_alert(), event_id="2"))
        assert len(await inbox(database, FOCAL)) == 1

    async def test_two_deliveries_at_the_same_time_are_one_message(self, database: Database) -> None:
        """A consumer that lost its partition may still be busy when the next one begins."""
        await subscribe(database, FOCAL, about="alert")
        record = a_record(an_alert())
        await asyncio.gather(deliver(database, record), deliver(database, record))
        assert len(await inbox(database, FOCAL)) == 1
        assert len(await said(database)) == 1

    async def test_several_matching_subscriptions_are_one_message_that_counts_them(self, database: Database) -> None:
        first = await subscribe(database, FOCAL, about="metric", metric="M4", scope="country:ML")
        await subscribe(database, FOCAL, about="metric", scope="country:ML")
        await subscribe(database, FOCAL, about="metric", scope="country:ML", min_change=1)
        await deliver(database, a_record(a_figure()))
        (message,) = await inbox(database, FOCAL)
        assert message["reason"] == ("You asked for project effectiveness of Mali. 2 more of your subscriptions match.")
        (event,) = await said(database)
        assert NotificationCreated.model_validate_json(event.data).subscription_id == first.id

    async def test_each_subscriber_gets_their_own(self, database: Database) -> None:
        for caller in EVERYBODY:
            await subscribe(database, caller, about="metric", scope="country:ML")
        await deliver(database, a_record(a_figure()))
        assert set(await titles(database, EVERYBODY)) == {caller.subject for caller in EVERYBODY}

    async def test_a_rolled_back_delivery_leaves_nothing(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML")

        async def fail() -> None:
            async with database.transaction(SYSTEM) as tx:
                await handle(tx, [a_record(a_figure())])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert await inbox(database, FOCAL) == []
        assert await said(database) == []


class TestWhatIsTold:
    """Reason, link, cause."""

    async def test_a_message_has_words_reason_and_link(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", metric="M4", scope="country:ML")
        await deliver(database, a_record(a_figure(demonstration=True)))
        (message,) = await inbox(database, FOCAL)
        assert message["title"] == "Project effectiveness, Mali: 65.5%, was 64.9%"
        assert message["body"] == "Demonstration data. 80.0% known."
        assert message["reason"] == "You asked for project effectiveness of Mali."
        assert message["link"] == "/metrics/M4?scope=country%3AML"
        assert message["read_at"] is None

    async def test_the_notification_says_what_caused_it_and_stays_in_its_trace(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML")
        record = a_record(a_figure(classification="member-states"))
        await deliver(database, record)
        (event,) = await said(database)
        assert event.type == "org.plumbline.notification.created.v1"
        assert event.partitionkey == "focal"
        assert event.causationid == record.envelope.id
        assert event.correlationid == "C1"
        assert event.traceparent == TRACE
        assert event.dataclassification == "member-states"
        payload = NotificationCreated.model_validate_json(event.data)
        assert payload.subscriber == "focal"
        assert payload.notification_id == event.subject == (await inbox(database, FOCAL))[0]["id"]

    async def test_a_project_brings_its_figure_and_its_alerts(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="project", project_id="XM-DEMO-1-7")
        await deliver(
            database,
            a_record(a_figure(scope="project:XM-DEMO-1-7", owner="XM-DEMO-1", classification="owner")),
            a_record(a_figure(scope="project:XM-DEMO-1-8")),
            a_record(an_alert()),
        )
        assert await titles(database, [FOCAL]) == {
            "focal": [
                "Days to answer a request is off track.",
                "Project effectiveness, project XM-DEMO-1-7: 65.5%, was 64.9%",
            ]
        }

    async def test_receipts_reach_the_entity(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="receipts", entity="XM-DEMO-1", only_problems=True)
        await deliver(
            database,
            a_record(a_receipt()),
            a_record(a_receipt(submission_id="S2", outcome="partly-quarantined", accepted=2, quarantined=1)),
        )
        (message,) = await inbox(database, FOCAL)
        assert message["title"] == "portfolio.xml: 1 of 3 activities quarantined"
        assert message["link"] == "/receipts/S2"

    async def test_a_type_that_is_nobodys_news_is_passed_over(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        strange = a_record(an_alert())
        strange.envelope = replace(strange.envelope, type="org.plumbline.snapshot.published.v1", data=b"{}")
        await deliver(database, strange)
        assert await inbox(database, FOCAL) == []

    async def test_a_payload_that_cannot_be_read_is_rejected_and_the_next_one_passes(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        broken = a_record(an_alert())
        broken.envelope = replace(broken.envelope, data=b'{"alert_id": "A1", "kind": "Not A Kind"}')
        async with database.transaction(SYSTEM) as tx:
            await handle(tx, [broken, a_record(an_alert(alert_id="A2"))])
            ((record, code, _, problems),) = tx.rejected
        assert record is broken
        assert code == "PAYLOAD"
        assert {"kind", "scope", "text", "raised_at"} <= {place for place, _ in problems}
        assert len(await inbox(database, FOCAL)) == 1


class TestThreshold:
    """Not every wiggle is news."""

    async def test_small_steps_are_told_when_they_add_up(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", metric="M4", scope="country:ML", min_change=5_000)
        value = 600_000
        for step in range(8):
            figure = a_figure(previous=value, value=value + 2_000, revision=step + 1)
            value += 2_000
            await deliver(database, a_record(figure))
        assert await titles(database, [FOCAL]) == {
            "focal": [
                "Project effectiveness, Mali: 61.2%, was 60.6%",
                "Project effectiveness, Mali: 60.6%, was 60.0%",
            ]
        }

    async def test_the_steps_of_one_batch_add_up_too(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", metric="M4", scope="country:ML", min_change=5_000)
        figures = [a_figure(previous=600_000 + 2_000 * n, value=602_000 + 2_000 * n) for n in range(8)]
        await deliver(database, *map(a_record, figures))
        assert len(await inbox(database, FOCAL)) == 2

    async def test_a_figure_published_again_unchanged_is_no_news(self, database: Database) -> None:
        """As after a rebuild: new events, the same figures."""
        await subscribe(database, FOCAL, about="metric", scope="country:ML")
        await deliver(database, a_record(a_figure()))
        await deliver(database, a_record(a_figure(previous=None, revision=2)))
        assert len(await inbox(database, FOCAL)) == 1

    async def test_a_threshold_is_each_subscribers_own(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML", min_change=10_000)
        await subscribe(database, OTHER, about="metric", scope="country:ML", min_change=1_000)
        await deliver(database, a_record(a_figure()))
        assert set(await titles(database, [FOCAL, OTHER])) == {"other"}

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cuts=st.lists(st.integers(1, 11), max_size=4))
    async def test_batches_do_not_matter(self, database: Database, cuts: list[int]) -> None:
        """Twelve steps are told alike however Kafka cuts them into batches."""
        reader = Principal(subject=new_id(), role="donor")
        scope = f"theme:{reader.subject}"
        await subscribe(database, reader, about="metric", metric="M4", scope=scope, min_change=3_000)
        steps = [1_500, -500, 2_500, 0, 4_000, -4_000, 100, 100, 2_900, 50, 50, -9_000]
        values = [500_000]
        for step in steps:
            values.append(values[-1] + step)
        records = [a_record(a_figure(scope=scope, previous=before, value=after)) for before, after in pairwise(values)]
        edges = sorted({0, *cuts, len(records)})
        for start, end in pairwise(edges):
            await deliver(database, *records[start:end])
        told = [message["title"].split(": ")[1] for message in await inbox(database, reader)]
        assert told[::-1] == [
            "50.4%, was 50.0%", "50.8%, was 50.4%", "50.4%, was 50.8%", "50.7%, was 50.4%", "49.8%, was 50.7%",
        ]  # fmt: skip


class TestAccess:
    """The same policy as everywhere, when a fact arrives and when it is read."""

    @pytest.mark.parametrize(
        ("classification", "owner", "readers"),
        [
            ("public", None, {"focal", "other", "state", "donor", "secretariat"}),
            ("member-states", None, {"focal", "other", "state", "secretariat"}),
            ("compact", None, {"focal", "other", "secretariat"}),
            ("state:ML", None, {"state", "secretariat"}),
            ("state:NE", "XM-DEMO-1", {"focal", "secretariat"}),
            ("owner", "XM-DEMO-1", {"focal"}),
            ("a class of tomorrow", None, set()),
        ],
    )
    async def test_only_who_may_read_is_told(
        self, database: Database, classification: str, owner: str | None, readers: set[str]
    ) -> None:
        for caller in EVERYBODY:
            await subscribe(database, caller, about="metric", scope="country:ML")
        await deliver(database, a_record(a_figure(classification=classification, owner=owner)))
        async with database.transaction(SYSTEM) as tx:
            rows = await tx.conn.fetch("select subscriber from message")
        assert {row["subscriber"] for row in rows} == readers
        assert set(await titles(database, EVERYBODY)) == readers

    async def test_a_role_that_was_taken_away_tells_nothing_more_and_closes_what_it_opened(
        self, database: Database
    ) -> None:
        await subscribe(database, FOCAL, about="metric", scope="country:ML")
        await deliver(database, a_record(a_figure(classification="compact")))
        assert len(await inbox(database, FOCAL)) == 1
        now_donor = Principal(subject="focal", role="donor")
        assert await inbox(database, now_donor) == []  # and this call says what they are now
        await deliver(database, a_record(a_figure(classification="compact", value=700_000, previous=655_000)))
        async with database.transaction(SYSTEM) as tx:
            assert await tx.conn.fetchval("select count(*) from message") == 1

    async def test_a_total_that_is_withheld_is_told_to_its_readers_and_never_as_what_a_figure_was(
        self, database: Database
    ) -> None:
        """Too few stand in it, or it would give such a one away; then it is public again (ADR 0079)."""
        for caller in (FOCAL, DONOR):
            await subscribe(database, caller, about="metric", scope="country:ML")
        hidden = {"classification": "compact", "withheld": "complementary", "previous": None}
        await deliver(database, a_record(a_figure(value=650_000)))
        await deliver(database, a_record(a_figure(value=412_000, **hidden)))
        await deliver(database, a_record(a_figure(value=700_000, previous=None)))
        told = await titles(database, (FOCAL, DONOR))
        assert ["41.2" in title for title in told["focal"]].count(True) >= 1
        assert told["donor"]
        assert not [title for title in told["donor"] if "41.2" in title]

    @pytest.mark.parametrize("caller", [OTHER, STATE, DONOR])
    async def test_receipts_of_others_are_refused(self, database: Database, caller: Principal) -> None:
        with pytest.raises(ReceiptsOfOthers):
            await subscribe(database, caller, about="receipts", entity="XM-DEMO-1")

    async def test_without_the_applications_filter_nothing_leaks(self, database: Database) -> None:
        """Row-level security alone: every table, read whole, by a stranger and by nobody."""
        await subscribe(database, FOCAL, about="metric", scope="country:ML")
        await deliver(database, a_record(a_figure(classification="owner", owner="XM-DEMO-1")))
        nobody = Principal(subject="", role="entity")
        for caller, own in ((FOCAL, 1), (OTHER, 0), (SECRETARIAT, 0), (nobody, 0)):
            async with database.transaction(caller) as tx:
                seen = {
                    table: await tx.conn.fetchval(f"select count(*) from {table}")
                    for table in ("subscriber", "subscription", "message", "told_figure")
                }
            assert seen == {"subscriber": own, "subscription": own, "message": own, "told_figure": 0}

    @pytest.mark.parametrize(
        "statement",
        [
            "insert into subscriber values ('focal', 'secretariat', '', '', now())",
            "insert into subscription (id, subscriber, about, created_at) values ('x', 'focal', 'alert', now())",
            "insert into message values ('x', 'other', 'f', 's', 'metric', null, '', '', '', '', 'public', null,"
            " false, now(), null)",
        ],
    )
    async def test_nobody_writes_for_somebody_else(self, database: Database, statement: str) -> None:
        await subscribe(database, FOCAL, about="alert")
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UniqueViolationError)):
            async with database.transaction(OTHER) as tx:
                await tx.conn.execute(statement)

    async def test_a_message_of_somebody_else_cannot_be_changed(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        await deliver(database, a_record(an_alert()))
        async with database.transaction(OTHER) as tx:
            assert await tx.conn.execute("update message set read_at = now()") == "UPDATE 0"
            assert await tx.conn.execute("delete from message") == "DELETE 0"


class TestWishes:
    """Subscriptions are kept, found again, limited and forgotten."""

    async def test_the_same_wish_twice_is_one_subscription(self, database: Database) -> None:
        first = await subscribe(database, FOCAL, about="alert", kind="off-track")
        async with database.transaction(FOCAL) as tx:
            again, new = await usecases.subscribe(tx, FOCAL, {"about": "alert", "kind": "off-track"}, now=NOW)
        assert again == first
        assert not new

    async def test_there_is_a_limit(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(usecases, "LIMIT", 2)
        await subscribe(database, FOCAL, about="alert")
        await subscribe(database, FOCAL, about="alert", kind="off-track")
        with pytest.raises(TooManySubscriptions):
            await subscribe(database, FOCAL, about="alert", kind="security")

    async def test_after_unsubscribing_nothing_more_comes_and_what_came_stays(self, database: Database) -> None:
        wish = await subscribe(database, FOCAL, about="alert")
        await deliver(database, a_record(an_alert()))
        async with database.transaction(FOCAL) as tx:
            await usecases.unsubscribe(tx, FOCAL, wish.id, now=NOW)
        await deliver(database, a_record(an_alert(alert_id="A2")))
        assert len(await inbox(database, FOCAL)) == 1

    async def test_a_wish_of_somebody_else_is_not_found(self, database: Database) -> None:
        wish = await subscribe(database, FOCAL, about="alert")
        with pytest.raises(NotFound):
            async with database.transaction(OTHER) as tx:
                await usecases.unsubscribe(tx, OTHER, wish.id, now=NOW)

    async def test_reading_is_said_once(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        await deliver(database, a_record(an_alert()))
        (message,) = await inbox(database, FOCAL)
        for _ in range(2):
            async with database.transaction(FOCAL) as tx:
                found = await usecases.read(tx, FOCAL, message["id"], now=NOW)
            assert found["read_at"] == NOW
        assert [event.type.removeprefix(PREFIX) for event in await said(database)] == [
            "notification.created.v1",
            "notification.filed.v1",
        ]

    async def test_filing_says_all_of_how_a_message_is_filed_and_only_changes(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        await deliver(database, a_record(an_alert()), a_record(an_alert(alert_id="A2")))
        ids = [message["id"] for message in await inbox(database, FOCAL)]
        due = NOW + timedelta(days=1)
        for do, until, who in (
            ("snooze", due.isoformat(), FOCAL),
            ("snooze", due.isoformat(), FOCAL),
            ("read", None, OTHER),
            ("archive", None, FOCAL),
            ("unarchive", None, FOCAL),
        ):
            async with database.transaction(who) as tx:
                await usecases.file(tx, who, [*ids, "of-nobody"], do, until, now=NOW)
        async with database.transaction(FOCAL) as tx:
            read = await usecases.read_all(tx, FOCAL, now=NOW)
        filed = [json.loads(e.data) for e in await said(database) if e.type == PREFIX + NotificationFiled.TYPE]
        assert {f["notification_id"] for f in filed} == set(ids) == read.keys()
        mine = [f for f in filed if f["notification_id"] == ids[0]]
        assert [f["revision"] for f in mine] == [1, 2, 3, 4]
        assert [bool(f.get("snoozed_until")) for f in mine] == [True, False, False, False]
        assert [bool(f.get("archived_at")) for f in mine] == [False, True, False, False]
        assert [bool(f.get("read_at")) for f in mine] == [False, False, False, True]
        assert {f["subscriber"] for f in filed} == {"focal"}

    async def test_what_is_snoozed_is_no_news_until_due(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        await deliver(database, a_record(an_alert()))
        (message,) = await inbox(database, FOCAL)
        due = NOW + timedelta(days=1)

        async def unread(now: datetime) -> list[dict[str, Any]]:
            async with database.transaction(FOCAL) as tx:
                return await usecases.inbox(tx, FOCAL, unread=True, before=None, limit=9, now=now)

        async with database.transaction(FOCAL) as tx:
            await usecases.read(tx, FOCAL, message["id"], now=NOW)
            await usecases.file(tx, FOCAL, [message["id"]], "snooze", due.isoformat(), now=NOW)
        assert await unread(NOW) == []
        assert [m["id"] for m in await unread(due)] == [message["id"]]

    async def test_a_changed_subscription_is_nobody_elses_and_no_second_one(self, database: Database) -> None:
        calm = await subscribe(database, FOCAL, about="metric", metric="M4", min_change=20_000)
        wish = await subscribe(database, FOCAL, about="metric", metric="M4")
        for who, fields, fault in (
            (OTHER, {"min_change": 1}, NotFound),
            (FOCAL, {"min_change": calm.min_change}, SameSubscription),
        ):
            with pytest.raises(fault):
                async with database.transaction(who) as tx:
                    await usecases.change(tx, who, wish.id, fields, now=NOW)
        async with database.transaction(FOCAL) as tx:
            changed = await usecases.change(tx, FOCAL, wish.id, {"min_change": 5_000}, now=NOW)
            assert changed in await usecases.subscriptions(tx, FOCAL, now=NOW)

    async def test_a_message_of_somebody_else_is_not_found(self, database: Database) -> None:
        await subscribe(database, FOCAL, about="alert")
        await deliver(database, a_record(an_alert()))
        (message,) = await inbox(database, FOCAL)
        with pytest.raises(NotFound):
            async with database.transaction(OTHER) as tx:
                await usecases.read(tx, OTHER, message["id"], now=NOW)
