"""The stream: resumes where a reader stopped, coalesces, resets instead of losing, ends with the right to read."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from tests.support.gateway import Gateway, figure, heard, message, project, records, serving, someone
from tests.support.waiting import until

from plumbline.stack import Stack
from portal_gateway import handlers
from portal_gateway.domain.watch import KINDS, names_of, watch
from portal_gateway.store import feed
from runtime.access import SYSTEM


async def test_a_change_arrives_with_its_place(gateway: Gateway) -> None:
    async with gateway.listening("secretariat") as events:
        assert (await anext(events)).kind == "ping"
        await gateway.tell(figure(value=649_007))
        (event,) = await heard(events)
        assert event.data["value"] == 649_007
        assert int(event.id) > 0


async def test_a_reader_who_was_away_is_told_the_last_state_of_each_thing_once(gateway: Gateway) -> None:
    await gateway.tell(figure("pillar:P1", 1))
    async with gateway.listening("secretariat", params={"after": 0}) as events:
        (first,) = await heard(events)
    for revision in range(2, 6):
        await gateway.tell(figure("pillar:P1", revision, revision=revision))
    await gateway.tell(figure("pillar:P2", 9))
    async with gateway.listening("secretariat", headers={"Last-Event-ID": first.id}) as events:
        missed = await heard(events, n=2)
    assert [(e.data["scope"], e.data["value"]) for e in missed] == [("pillar:P1", 5), ("pillar:P2", 9)]
    assert int(first.id) < int(missed[0].id) < int(missed[1].id)


async def test_nothing_is_skipped_when_a_writer_commits_late(gateway: Gateway) -> None:
    """The one who writes first commits first: a place in the feed is never filled behind a reader's back."""
    release, begun = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with gateway.database.transaction(SYSTEM) as tx:
            await handlers.on_news(tx, records(figure("pillar:P1", 1)))
            begun.set()
            await release.wait()

    async def fast() -> None:
        await begun.wait()
        await gateway.tell(figure("pillar:P2", 2))

    async with gateway.listening("secretariat", params={"after": 0}) as events:
        writers = asyncio.gather(slow(), fast())
        await begun.wait()
        async with gateway.database.transaction(SYSTEM) as tx:
            assert await feed.last(tx.conn) == 0  # what is not committed has no place yet
        release.set()
        await writers
        found = await heard(events, n=2)
    assert [e.data["scope"] for e in found] == ["pillar:P1", "pillar:P2"]


async def test_a_reader_who_is_to_begin_anew_is_told_to_come_back_at_once(gateway: Gateway) -> None:
    state = gateway.service.app.state
    state.settings = state.settings.model_copy(update={"stream_lifetime_s": 0})
    async with gateway.http.stream("GET", "/api/v1/stream", headers=gateway.bearer("secretariat")) as answer:
        lines = [line async for line in answer.aiter_lines()]
    waits = [int(line.removeprefix("retry: ")) for line in lines if line.startswith("retry: ")]
    assert waits[0] > 5 * waits[-1], "after a fault all wait, here nobody need"
    assert "event: end" not in lines


async def test_fast_changes_of_one_figure_are_sent_once_in_a_window(gateway: Gateway) -> None:
    async with gateway.listening("secretariat") as events:
        assert (await anext(events)).kind == "ping"
        for revision in range(1, 41):
            await gateway.tell(figure("pillar:P1", revision, revision=revision))
        await gateway.tell(figure("pillar:P4", 1))
        values: list[int] = []
        async with asyncio.timeout(60):
            async for event in events:
                if event.kind == "metric" and event.data["scope"] == "pillar:P4":
                    break
                if event.kind == "metric":
                    values.append(event.data["value"])
    assert values[-1] == 40
    assert values == sorted(set(values))
    assert len(values) < 40


async def test_each_reader_is_sent_only_what_is_theirs_to_read(gateway: Gateway) -> None:
    own = {"classification": "owner", "owner": "XM-DEMO-1"}
    await gateway.tell(figure("project:A", 1, **own), message("m1", "focal"), figure("pillar:P1", 3))
    async with gateway.listening("focal", params={"after": 0}) as events:
        theirs = await heard(events, ("metric", "notification"), n=3)
    async with gateway.listening("donor", params={"after": 0}) as events:
        others = await heard(events, ("metric", "notification"), n=1)
        assert [e.data.get("scope") for e in others] == ["pillar:P1"]
        await gateway.tell(figure("project:B", 1, **own), message("m2", "focal"), figure("pillar:P2", 4))
        (live,) = await heard(events, ("metric", "notification"), n=1)
    assert {e.kind for e in theirs} == {"metric", "notification"}
    assert live.data["scope"] == "pillar:P2"


async def test_a_reader_that_falls_behind_is_told_everything_all_the_same(stack: Stack) -> None:
    async with (
        serving(stack, stream_queue=8, stream_window_ms=400) as gateway,
        gateway.listening("secretariat") as events,
    ):
        assert (await anext(events)).kind == "ping"
        await gateway.tell(figure("global", 1))
        await heard(events)
        countries = [f"country:{a}{b}" for a in "ABCD" for b in "ABCD"]
        await gateway.tell(*(figure(country, 1) for country in countries))
        told = await heard(events, n=len(countries))
        await gateway.tell(figure("global", 2, revision=2))
        (live,) = await heard(events)
    assert sorted(e.data["scope"] for e in told) == countries
    assert [int(e.id) for e in told] == sorted(int(e.id) for e in told)
    assert (live.data["scope"], live.data["value"]) == ("global", 2)


async def test_a_place_from_another_time_is_answered_with_a_reset(gateway: Gateway) -> None:
    async with gateway.listening("secretariat", params={"after": 999_999}) as events:
        assert (await heard(events, ("reset",)))[0].data == {"reason": "unknown-place"}


async def test_the_stream_ends_with_the_session(gateway: Gateway) -> None:
    cookie = await gateway.signed_in(someone(), lasts=timedelta(seconds=1))
    headers = {"Cookie": f"plumbline_session={cookie}"}
    async with gateway.http.stream("GET", "/api/v1/stream", headers=headers) as answer:
        text = "".join([line + "\n" async for line in answer.aiter_lines()])
    assert "event: end" in text


async def test_one_person_cannot_take_every_place(stack: Stack) -> None:
    async with serving(stack, stream_per_person=1) as gateway, gateway.listening("secretariat") as events:
        await anext(events)
        refused = await gateway.get("/api/v1/stream", "secretariat")
        assert refused.status_code == httpx.codes.TOO_MANY_REQUESTS
        assert refused.headers["retry-after"]
        async with gateway.listening("donor") as others:
            assert (await anext(others)).kind == "ping"


async def test_a_reader_who_leaves_is_forgotten(gateway: Gateway) -> None:
    fanout = gateway.service.app.state.fanout
    async with gateway.listening("secretariat") as events:
        await anext(events)
        assert fanout.open == 1

    async def gone() -> bool:
        return bool(fanout.open == 0)

    await until(gone, what="the stream to be closed")


async def test_a_stream_is_for_those_who_are_signed_in(gateway: Gateway) -> None:
    answer = await gateway.http.get("/api/v1/stream")
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert answer.headers["www-authenticate"].startswith("Bearer")
    bad = await gateway.get("/api/v1/stream", "secretariat", headers={"Last-Event-ID": "x'; select 1"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad-event-id")


async def test_a_project_is_announced_and_not_told(gateway: Gateway) -> None:
    """The stream says that a project changed; its content has an address of its own."""
    async with gateway.listening("secretariat", params={"after": 0}) as events:
        await gateway.tell(project("XM-T-9"))
        (event,) = await heard(events, ("project",))
    assert set(event.data) == {"project_id", "withdrawn", "updated_at"}


async def test_an_older_revision_changes_nothing(gateway: Gateway) -> None:
    await gateway.tell(figure(value=2, revision=2))
    await gateway.tell(figure(value=1, revision=1))
    found = (await gateway.get("/api/v1/metrics/M4", "donor", params={"scope": "pillar:P2"})).json()
    assert (found["value"], found["revision"]) == (2, 2)


MOVING = ("pillar:P1", "pillar:P2", "country:ML", "country:FJ", "indicator:A|1", "indicator:A|2", "indicator:B|1")


async def test_a_stream_carries_what_its_reader_watches(gateway: Gateway) -> None:
    """Alike what was missed and what comes; what nobody narrowed comes as before."""
    figures = ["M4|pillar:P2", "M4|country:*", "M1|indicator:A|*", "*|global"]
    expected = {("M4", "pillar:P2"), ("M4", "country:ML"), ("M4", "country:FJ"), ("M1", "indicator:A|1"),
                ("M1", "indicator:A|2"), ("M1", "global"), ("M4", "global")}  # fmt: skip

    async def move(revision: int) -> None:
        moved = [figure(scope, 1, metric=m, revision=revision) for m in ("M1", "M4") for scope in (*MOVING, "global")]
        await gateway.tell(*moved, message(f"m{revision}", "secretariat"), project(f"XM-T-{revision}"))
        await gateway.tell(project("XM-T-LAST", title={"en": f"The {revision}th"}))

    async def told(events: object) -> set[tuple[str, str]]:
        found = await heard(events, ("metric", "notification", "project"), n=len(expected) + 2)  # type: ignore[arg-type]
        (last,) = (e for e in found if e.kind == "project")
        assert last.data["project_id"] == "XM-T-LAST"
        assert sum(e.kind == "notification" for e in found) == 1
        return {(e.data["metric"], e.data["scope"]) for e in found if e.kind == "metric"}

    await move(1)
    params = {"figure": figures, "project": ["XM-T-LAST"], "after": 0}
    async with gateway.listening("secretariat", params=params) as events:
        assert await told(events) == expected
        await move(2)
        assert await told(events) == expected
    async with gateway.listening("secretariat", params={"kind": ["notification", "receipt"], "after": 0}) as events:
        (first, second) = await heard(events, KINDS, n=2)
        assert (first.kind, second.kind) == ("notification", "notification")


async def test_a_watched_figure_is_found_alike_in_memory_and_in_the_database(gateway: Gateway) -> None:
    """Names of figures have two twins, and both follow the grammar."""
    await gateway.tell(*(figure(scope, 1, metric=m) for m in ("M1", "M14") for scope in (*MOVING, "global")))
    asked = ["M1|pillar:P1", "*|pillar:P1", "M1|pillar:*", "M1|*", "*|*", "M1|indicator:A|1", "M1|indicator:A|*",
             "*|indicator:A|*", "*|indicator:*", "*|country:*", "M14|global", "M1|theme:*", "M1|country:M"]  # fmt: skip
    async with gateway.database.transaction(SYSTEM) as tx:
        everything = await feed.after(tx.conn, 0, 1000)
        for one in (*([name] for name in asked), asked[:3]):
            wanted = watch([], one, [])
            by_database = {entry.key for entry in await feed.after(tx.conn, 0, 1000, wanted)}
            assert by_database == {
                entry.key for entry in everything if not set(names_of(entry.kind, entry.key)).isdisjoint(wanted.names())
            }, one
            assert bool(by_database) == (one[0] not in {"M1|theme:*", "M1|country:M"}), one


@pytest.mark.parametrize(
    ("params", "status", "code", "remedy"),
    [
        ({"figure": "M4"}, 400, "invalid-figure", "M4|pillar:P2"),
        ({"figure": "m4|global"}, 400, "invalid-figure", "METRIC|SCOPE"),
        ({"figure": "M4|pillar:P9"}, 400, "invalid-scope", "pillar:P1 to pillar:P4"),
        ({"figure": "M4|country:ZZ"}, 200, "", ""),  # there is none, and so nothing comes
        ({"figure": "M4|planet:*"}, 400, "invalid-scope", "entity:<organisation>"),
        ({"figure": "M4|pillar-country:P9|*"}, 400, "invalid-scope", "pillar-country:P3|ML"),
        ({"figure": ["M4|global"] * 401}, 422, "invalid-request", "at most 400"),
        ({"project": ["P"] * 401}, 422, "invalid-request", "at most 400"),
        ({"kind": "weather"}, 422, "invalid-request", "'metric'"),
    ],
)
async def test_what_cannot_be_watched_is_answered_with_the_remedy(
    gateway: Gateway, params: dict[str, str | list[str]], status: int, code: str, remedy: str
) -> None:
    headers = gateway.bearer("secretariat")
    async with gateway.http.stream("GET", "/api/v1/stream", params=params, headers=headers) as answer:
        assert answer.status_code == status
        if status != httpx.codes.OK:
            found = await answer.aread()
            assert f'"code":"{code}"' in found.decode()
            assert remedy in found.decode()


async def test_a_ping_says_how_far_the_reader_has_come(stack: Stack) -> None:
    """Whoever watches what seldom changes does not come back from far behind."""
    async with (
        serving(stack, stream_ping_s=1) as gateway,
        gateway.listening("secretariat", params={"figure": "M4|pillar:P2"}) as events,
    ):
        assert (await anext(events)).id == ""
        await gateway.tell(figure("pillar:P1", 1))
        async with gateway.database.transaction(SYSTEM) as tx:
            newest = await feed.last(tx.conn)

        async def come() -> bool:
            return (await anext(events)).id == str(newest)

        await until(come, what="a ping with the newest place")
