"""A total that is not public: whoever may not read it is told so in words, at every door, and no number of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.gateway import Gateway, figure, heard, someone

WORDS = {
    "small-cell": "Withheld: fewer than three projects or two entities",
    "complementary": "Withheld so that another figure cannot be worked out",
}
SCOPE = "country:ML"
NUMBERS = ("649007", "495826", "731849", "123456", "764")
"""Numbers of the hidden figure; none may be told."""


def _hidden(why: str = "small-cell", **over: Any) -> Any:
    return figure(
        SCOPE,
        **{
            "classification": "compact",
            "withheld": why,
            "flags": ["SMALL_CELL"],
            "parts": {"by_budget": 123_456},
            "projects": 2,
            "previous": None,
            "cause": {"event_id": "E-SECRET", "type": "observation.recorded.v1", "project_id": "XM-SECRET-1"},
            **over,
        },
    )


def _tells_nothing(text: str) -> None:
    assert not [n for n in (*NUMBERS, "XM-SECRET", "E-SECRET", "compact") if n in text], text


@pytest.mark.parametrize("why", sorted(WORDS))
@pytest.mark.parametrize("reader", ["donor", "member-state", "operator"])
async def test_a_reader_beyond_its_class_is_told_that_it_is_withheld_and_why(
    gateway: Gateway, why: str, reader: str
) -> None:
    """Detail, list and what a stream's reader missed say the same."""
    await gateway.tell(_hidden(why), figure("country:KE", 500_000))
    detail = (await gateway.get("/api/v1/metrics/M4", reader, params={"scope": SCOPE})).json()
    listed = (await gateway.get("/api/v1/metrics", reader, params={"kind": "country"})).json()["items"]
    async with gateway.listening(reader, params={"after": 0}) as events:
        told = [event.data for event in await heard(events, n=2)]
    for found in (detail, *(f for f in listed if f["scope"] == SCOPE), *(f for f in told if f["scope"] == SCOPE)):
        assert (found["value"], found["withheld"]) == (None, why)
        _tells_nothing(json.dumps({**found, "known_as_of": "", "updated_at": "", "seq": 0}))
    assert [f["scope"] for f in listed] == ["country:KE", SCOPE]
    assert {f["scope"] for f in told} == {"country:KE", SCOPE}


async def test_whoever_may_read_it_reads_it_and_nothing_beside_it(gateway: Gateway) -> None:
    await gateway.tell(_hidden())
    for reader in ("secretariat", "XM-DEMO-1"):
        detail = (await gateway.get("/api/v1/metrics/M4", reader, params={"scope": SCOPE})).json()
        assert (detail["value"], detail["projects"]) == (649_007, 2)
        listed = (await gateway.get("/api/v1/metrics", reader, params={"kind": "country"})).json()["items"]
        assert [f["value"] for f in listed] == [649_007]
        async with gateway.listening(reader, params={"after": 0}) as events:
            assert [event.data["value"] for event in await heard(events)] == [649_007]


async def test_the_live_stream_says_once_that_a_figure_is_withheld_and_not_that_it_moves(gateway: Gateway) -> None:
    async with gateway.listening("donor") as events:
        assert (await anext(events)).kind == "ping"
        await gateway.tell(figure(SCOPE, 600_000))
        await gateway.tell(_hidden(revision=2))
        for revision in range(3, 6):
            await gateway.tell(_hidden(value=649_007 + revision, revision=revision))
        await gateway.tell(figure(SCOPE, 700_000, revision=6))
        await gateway.tell(figure("country:KE", 1))
        seen: list[Any] = []
        while not seen or seen[-1].data["scope"] != "country:KE":
            seen += await heard(events)
    ours = [event.data for event in seen if event.data["scope"] == SCOPE]
    values = [found["value"] for found in ours]
    # Fast changes are sent once; what is sent is in order, and what was withheld came once at most.
    assert values[-1] == 700_000
    assert values in ([600_000, None, 700_000], [600_000, 700_000], [None, 700_000], [700_000])
    for found in ours:
        if found["value"] is None:
            _tells_nothing(json.dumps({**found, "known_as_of": "", "updated_at": "", "seq": 0}))


async def test_a_figure_is_shown_again_once_it_is_public(gateway: Gateway) -> None:
    await gateway.tell(_hidden())
    await gateway.tell(figure(SCOPE, 700_000, revision=2))
    assert (await gateway.get("/api/v1/metrics/M4", "donor", params={"scope": SCOPE})).json()["value"] == 700_000
    listed = (await gateway.get("/api/v1/metrics", "donor", params={"kind": "country"})).json()["items"]
    assert [f["value"] for f in listed] == [700_000]
    # What comes late changes nothing.
    await gateway.tell(_hidden())
    assert (await gateway.get("/api/v1/metrics/M4", "donor", params={"scope": SCOPE})).json()["value"] == 700_000


async def test_without_a_reason_nothing_is_told(gateway: Gateway) -> None:
    """A total over restricted projects alone: that it exists would tell that they do."""
    await gateway.tell(_hidden(None))
    assert (await gateway.get("/api/v1/metrics/M4", "donor", params={"scope": SCOPE})).status_code == 404
    assert (await gateway.get("/api/v1/metrics", "donor", params={"kind": "country"})).json()["items"] == []


@pytest.mark.parametrize("why", sorted(WORDS))
async def test_pages_say_it_in_words_and_never_leave_a_blank(gateway: Gateway, why: str) -> None:
    await gateway.tell(_hidden(why))
    for role, told in (("donor", True), ("secretariat", False)):
        cookie = await gateway.signed_in(someone(role, f"{role}-reader"))
        for path in (f"/metrics/M4?scope={SCOPE}", "/metrics?metric=M4&kind=country"):
            answer = await gateway.http.get(path, headers={"Cookie": f"plumbline_session={cookie}"})
            page = answer.text.partition("<main")[2]
            assert (WORDS[why] in page) is told, (role, path)
            assert ("64.9" in page) is not told, (role, path)
            assert ("% known" in page) is (not told and path.startswith("/metrics/")), (role, path)
