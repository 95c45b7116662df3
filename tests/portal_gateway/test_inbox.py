"""The inbox as the gateway keeps it: how messages are filed, in whatever order that is heard, and found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import httpx
import pytest
from tests.support.gateway import NOW, Gateway, message, someone, tell

from contracts.notifications import NotificationCreated, NotificationFiled, NotificationRead
from portal_gateway.domain import snooze
from portal_gateway.store import messages
from portal_gateway.store.messages import View, Wanted
from runtime.access import SYSTEM
from runtime.db import Database

ME = someone("secretariat", "me", name="M. E.")
AWAY = datetime(2060, 1, 1, tzinfo=UTC)
DUE = datetime(2026, 10, 1, 8, tzinfo=UTC)


def filed(notification_id: str = "m1", revision: int = 1, subscriber: str = "me", **over: Any) -> NotificationFiled:
    """How a message is filed, as the notifier says it."""
    return NotificationFiled(notification_id=notification_id, subscriber=subscriber, revision=revision, **over)


EVERYTHING = Wanted(view="all")


async def found(database: Database, wanted: Wanted = EVERYTHING, who: str = "me") -> list[dict[str, Any]]:
    async with database.transaction(someone("secretariat", who)) as tx:
        return await messages.page(tx.conn, who, wanted, before=None, limit=50)


@pytest.mark.stack
class TestFiling:
    """The highest revision holds, whatever comes when and how often."""

    async def test_any_order_and_any_repetition_end_the_same(self, database: Database) -> None:
        for n, order in enumerate(permutations(range(4))):
            id_ = f"m{n}"
            events = [
                message(id_, "me"),
                NotificationRead(notification_id=id_, subscriber="me", read_at=NOW),
                filed(id_, 1, read_at=NOW, archived_at=NOW),
                filed(id_, 2, snoozed_until=AWAY),
            ]
            for i in order:
                await tell(database, events[i])
            await tell(database, *[events[i] for i in order])
        rows = await found(database)
        assert len(rows) == 24
        assert {(r["read_at"], r["archived_at"], r["snoozed_until"][:10], r["unread"]) for r in rows} == {
            (None, None, "2060-01-01", False)
        }
        async with database.transaction(SYSTEM) as tx:
            assert await tx.conn.fetchval("select count(*) from filed_ahead") == 0

    async def test_what_is_said_of_another_persons_message_changes_nothing(self, database: Database) -> None:
        await tell(database, message("m1", "me"), filed("m1", 3, "you", archived_at=NOW))
        await tell(database, filed("m2", 3, "you", archived_at=NOW))
        await tell(database, message("m2", "me"))
        assert [row["archived_at"] for row in await found(database)] == [None, None]
        assert await found(database, who="you") == []

    async def test_a_snooze_that_has_ended_is_unread_again_and_stands_first(self, database: Database) -> None:
        read = NOW + timedelta(minutes=5)
        await tell(database, message("old", "me"), message("new", "me", created_at=NOW + timedelta(hours=1)))
        await tell(database, filed("old", 1, read_at=read, snoozed_until=DUE), filed("new", 1, read_at=read))
        rows = await found(database, Wanted(view="inbox"))
        assert [(row["notification_id"], row["unread"]) for row in rows] == [("old", True), ("new", False)]
        await tell(database, filed("old", 2, read_at=DUE, snoozed_until=DUE))
        async with database.transaction(ME) as tx:
            assert await messages.standing(tx.conn, "me") == (0, None)

    async def test_each_view_has_its_own_and_the_count_knows_when_it_changes(self, database: Database) -> None:
        await tell(database, *[message(id_, "me") for id_ in ("fresh", "read", "later", "gone", "later-gone")])
        await tell(
            database,
            filed("read", read_at=NOW),
            filed("later", snoozed_until=AWAY),
            filed("gone", archived_at=NOW),
            filed("later-gone", snoozed_until=AWAY - timedelta(days=1), archived_at=NOW),
        )
        wanted: dict[View, set[str]] = {
            "inbox": {"fresh", "read"},
            "unread": {"fresh"},
            "snoozed": {"later"},
            "archived": {"gone", "later-gone"},
            "all": {"fresh", "read", "later", "gone", "later-gone"},
        }
        for view, ids in wanted.items():
            assert {row["notification_id"] for row in await found(database, Wanted(view=view))} == ids, view
        async with database.transaction(ME) as tx:
            assert await messages.standing(tx.conn, "me") == (1, AWAY)


@pytest.mark.stack
async def test_messages_are_found_by_what_they_are_about(database: Database) -> None:
    await tell(
        database,
        message("a", "me", metric="M4", scope="country:ML", title="Mali rose", body="64.9% known_"),
        message(
            "b", "me", kind="alert", scope="indicator:XM-A-1|I1", project_id="XM-A-1", created_at=NOW + timedelta(1)
        ),
        message("c", "me", kind="receipt", owner="XM-A", created_at=NOW + timedelta(2)),
        message("d", "you", metric="M4", scope="country:ML"),
    )
    for wanted, ids in (
        (Wanted(kind="alert"), "b"),
        (Wanted(metric="M4"), "a"),
        (Wanted(of="country:ML"), "a"),
        (Wanted(of="XM-A-1"), "b"),
        (Wanted(of="XM-A"), "c"),
        (Wanted(words=("ROSE", "mali")), "a"),
        (Wanted(words=("known_",)), "a"),
        (Wanted(words=("%",)), "abc"),
        (Wanted(words=("kno%n",)), ""),
        (Wanted(since=NOW.date() + timedelta(1)), "bc"),
        (Wanted(until=NOW.date()), "a"),
        (Wanted(since=NOW.date() + timedelta(1), until=NOW.date() + timedelta(1)), "b"),
    ):
        assert {row["notification_id"] for row in await found(database, wanted)} == set(ids), wanted
    async with database.transaction(ME) as tx:
        brought = await messages.brought(tx.conn, "me", NOW + timedelta(hours=1))
    assert brought == {"s": (NOW + timedelta(2), 2)}


def digest(notification_id: str, subscriber: str, **over: Any) -> NotificationCreated:
    """A digest of two subscriptions: one fact of the Compact, and one of a State."""
    lines = [
        {"kind": kind, "subscription_id": wish, "title": title, "body": "80.0% known.", "link": link}
        for kind, wish, title, link in (
            ("metric", "s1", "Mali rose", "/metrics/M4?scope=country%3AML"),
            ("alert", "s2", "<b>Off track</b>", "javascript:alert(1)"),
        )
    ]
    fields = {
        "kind": "digest",
        "title": "Your daily digest.",
        "body": "",
        "lines": lines,
        "subscriptions": ["s1", "s2"],
    }
    fields |= {"classification": "state:ML", "also": [{"classification": "compact"}], "subscription_id": "s1"}
    return message(notification_id, subscriber, **fields | over)


@pytest.mark.stack
class TestDigests:
    """One message of several facts: found by each of them, read by who may read all of them."""

    async def test_only_who_may_read_every_fact_of_it_finds_it(self, database: Database) -> None:
        await tell(database, digest("d", "me"), digest("p", "me", classification="public", also=[]))
        for who, ids in (
            (ME, {"d", "p"}),
            (someone("member-state", "me", country="ML"), {"p"}),
            (someone("entity", "me"), {"p"}),
            (someone("secretariat", "you"), set()),
        ):
            async with database.transaction(who) as tx:
                rows = await messages.page(tx.conn, who.subject, EVERYTHING, before=None, limit=9)
                assert {row["notification_id"] for row in rows} == ids, who
                assert (await messages.standing(tx.conn, who.subject))[0] == len(ids)
                assert await tx.conn.fetchval("select count(*) from feed where kind = 'notification'") == len(ids)
                assert not await tx.conn.fetchval("select count(*) from feed where data like '%Mali rose%'")

    async def test_it_is_found_by_its_lines_and_counts_for_each_subscription(self, database: Database) -> None:
        await tell(database, digest("d", "me"), message("m", "me", subscription_id="s2"))
        assert [row["notification_id"] for row in await found(database, Wanted(words=("mali",)))] == ["d"]
        assert [row["notification_id"] for row in await found(database, Wanted(kind="digest"))] == ["d"]
        async with database.transaction(ME) as tx:
            assert await messages.brought(tx.conn, "me", NOW) == {"s1": (NOW, 1), "s2": (NOW, 2)}

    async def test_each_fact_has_its_link_and_each_subscription_its_end(self, gateway: Gateway) -> None:
        await gateway.tell(digest("d", "me"), digest("e", "me", subscriptions=["s3"], subscription_id="s3"))
        cookie = {"Cookie": f"plumbline_session={await gateway.signed_in(ME)}"}
        page = (await gateway.http.get("/inbox", headers=cookie)).text
        assert page.count('<a href="/metrics/M4?scope=country%3AML">Mali rose</a>') == 2
        assert "&lt;b&gt;Off track" in page
        assert "javascript:" not in page
        ends = [page.count(f'formaction="/inbox/subscriptions/{wish}/delete"') for wish in ("s1", "s2", "s3")]
        assert ends == [1, 1, 1]

    async def test_a_message_can_be_told_to_stop(self, gateway: Gateway) -> None:
        await gateway.tell(message("m", "me", subscription_id="one"))
        cookie = {"Cookie": f"plumbline_session={await gateway.signed_in(ME)}"}
        page = (await gateway.http.get("/inbox", headers=cookie)).text
        assert 'formaction="/inbox/subscriptions/one/delete"' in page


@pytest.mark.parametrize(
    ("choice", "day", "zone", "due"),
    [
        ("tomorrow", "", "", "2026-09-15T08:00"),
        ("tomorrow", "", "Africa/Bamako", "2026-09-15T08:00"),
        ("tomorrow", "", "America/New_York", "2026-09-15T12:00"),
        ("tomorrow", "", "Pacific/Kiritimati", "2026-09-15T18:00"),
        ("week", "", "Asia/Jakarta", "2026-09-21T01:00"),
        ("week", "", "No/Where", "2026-09-21T08:00"),
        ("week", "", "../../etc/passwd", "2026-09-21T08:00"),
        ("date", "2026-12-24", "Europe/Vienna", "2026-12-24T07:00"),
        ("date", "2026-09-14", "", None),
        ("date", "2027-09-15", "", None),
        ("date", "soon", "", None),
        ("never", "", "", None),
    ],
)
def test_a_snooze_ends_in_the_morning_where_its_reader_is(choice: str, day: str, zone: str, due: str | None) -> None:
    monday = datetime(2026, 9, 14, 21, 15, tzinfo=UTC)
    expected = datetime.fromisoformat(f"{due}:00+00:00") if due else None
    if zone == "Pacific/Kiritimati":  # where it is Tuesday already
        expected = datetime(2026, 9, 15, 18, tzinfo=UTC)
    assert snooze.due(choice, day, zone, monday) == expected


@pytest.mark.stack
class TestDoors:
    """The pages and the doors for programs, without the notifier behind them."""

    async def _page(self, gateway: Gateway, path: str) -> httpx.Response:
        cookie = {"Cookie": f"plumbline_session={await gateway.signed_in(ME)}"}
        return await gateway.http.get(path, headers=cookie)

    async def test_what_is_wrong_in_the_address_is_not_asked_for(self, gateway: Gateway) -> None:
        await gateway.tell(message("m1", "me"))
        for query in (
            "view=none",
            "kind=eel",
            "from=soon&to=0001-01-01",
            "of=%27",
            "figure=M99999",
            "q=" + "%20x" * 50,
        ):
            page = await self._page(gateway, f"/inbox?{query}")
            assert page.status_code == httpx.codes.OK, query
        assert "Pillar II moved" in (await self._page(gateway, "/inbox?view=none&from=soon")).text

    async def test_a_message_is_said_in_the_language_of_its_reader(self, gateway: Gateway) -> None:
        said = {"title": {"message": "Inbox"}}
        await gateway.tell(message("m1", "me", title="Inbox, in English", said=said))
        page = await self._page(gateway, "/inbox?lang=en")
        assert "Inbox, in English" not in page.text

    async def test_programs_read_views_and_the_count(self, gateway: Gateway) -> None:
        await gateway.tell(message("m1", "focal"), message("m2", "focal"), message("m3", "other"))
        await gateway.tell(filed("m1", 1, "focal", snoozed_until=AWAY))
        standing = (await gateway.get("/api/v1/inbox/count", "focal")).json()
        assert standing == {"unread": 1, "next_due": AWAY.isoformat()}
        for view, ids in (("snoozed", ["m1"]), ("inbox", ["m2"]), ("archived", [])):
            items = (await gateway.get("/api/v1/inbox", "focal", params={"view": view})).json()["items"]
            assert [item["notification_id"] for item in items] == ids, view

    async def test_how_it_is_filed_comes_by_the_stream_and_to_nobody_else(self, gateway: Gateway) -> None:
        await gateway.tell(message("m1", "focal"), message("m2", "donor"))
        async with gateway.listening("focal", params={"after": 0}) as events:
            await gateway.tell(filed("m2", 1, "donor", archived_at=NOW), filed("m1", 1, "focal", archived_at=NOW))
            seen = []
            async for event in events:
                if event.kind == "notification":
                    seen.append((event.data["notification_id"], bool(event.data["archived_at"])))
                    if seen[-1] == ("m1", True):
                        break
        assert {id_ for id_, _ in seen} == {"m1"}

    async def test_a_form_leads_nowhere_else(self, gateway: Gateway) -> None:
        cookie = {
            "Cookie": f"plumbline_session={await gateway.signed_in(ME)}",
            "Origin": gateway.service.settings.gateway_url,
        }
        form = {"csrf": "the-forms-secret", "do": "archive", "next": "https://evil.example/"}
        answer = await gateway.http.post("/inbox/file", data=form, headers=cookie)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        again = {**cookie, "Cookie": cookie["Cookie"] + "; plumbline_done=" + answer.cookies["plumbline_done"]}
        page = await gateway.http.get("/inbox", headers=again)
        assert "Choose messages first." in page.text
        assert 'plumbline_done=""' in page.headers["set-cookie"]

    @pytest.mark.parametrize("cookie", ["x", "e30=", "W10=", "AAAA", "eyJraW5kIjoxfQ==", "%F0%9F"])
    async def test_a_notice_we_did_not_write_is_not_said(self, gateway: Gateway, cookie: str) -> None:
        name = await gateway.signed_in(ME)
        page = await gateway.http.get(
            "/inbox", headers={"Cookie": f"plumbline_session={name}; plumbline_done={cookie}"}
        )
        assert page.status_code == httpx.codes.OK
        assert "note done" not in page.text

    async def test_keys_are_turned_off_in_one_browser(self, gateway: Gateway) -> None:
        cookie = f"plumbline_session={await gateway.signed_in(ME)}"
        form = {"csrf": "the-forms-secret", "keys": "off", "next": "/inbox"}
        headers = {"Cookie": cookie, "Origin": gateway.service.settings.gateway_url}
        answer = await gateway.http.post("/keys", data=form, headers=headers)
        assert answer.headers["location"] == "/inbox"
        assert answer.cookies["plumbline_keys"] == "off"
        page = await gateway.http.get("/keys", headers={"Cookie": f"{cookie}; plumbline_keys=off"})
        assert 'data-keys="off"' in page.text
        assert "Turn them on" in page.text
