"""Every version is kept once, in any order, and read by whoever may read the project now and might have then."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote

import httpx
from tests.portal_gateway.test_pages import _page
from tests.support.gateway import Gateway, figure, project, receipt, records, someone
from tests.support.portfolio import HUB, everything

from contracts.alerts import AlertRaised
from contracts.base import Payload
from contracts.portfolio import (
    BudgetRevised,
    IndicatorDefined,
    ObservationCorrected,
    ObservationRecorded,
    ObservationRetracted,
    ProjectWithdrawn,
    TransactionPosted,
    TransactionReversed,
)
from portal_gateway import handlers
from portal_gateway.store import feed, history
from runtime.access import SYSTEM
from runtime.db import Database

YEAR = {"start": "2025-01-01", "end": "2025-12-31"}


def _story() -> list[Payload]:
    """A project from its first state to its withdrawal, one of everything that makes a version."""
    own = {"project_id": "XM-T-1"}
    actual = own | {"indicator_id": "days", "period": YEAR}
    line = {"period_start": "2026-01-01", "period_end": "2026-12-31", "currency": "USD", "value_date": "2026-01-01"}
    bank = own | {"transaction_id": "t1", "type": "3", "date": "2025-03-01", "currency": "USD"}
    return [
        project("XM-T-1", title={"en": "Courts"}),
        IndicatorDefined.model_validate(
            own
            | {"indicator_id": "days", "result_id": "1", "result_type": "2", "measure": "1", "title": {"en": "Days"}}
            | {"targets": [{"period_start": "2025-01-01", "period_end": "2025-12-31", "value": "12"}]}
        ),
        ObservationRecorded.model_validate(actual | {"value": "84"}),
        ObservationCorrected.model_validate(actual | {"value": "90", "reason": "Counted twice"}),
        ObservationRetracted.model_validate(actual),
        BudgetRevised.model_validate(own | {"budget": line | {"amount": "1900000"}}),
        BudgetRevised.model_validate(own | {"budget": line | {"amount": "2300000"}}),
        TransactionPosted.model_validate(bank | {"amount": "100.10", "value_date": "2025-03-01"}),
        TransactionPosted.model_validate(
            bank | {"transaction_id": "t2", "amount": "-0.05", "value_date": "2025-03-01"}
        ),
        TransactionReversed.model_validate(own | {"transaction_id": "t1"}),
        project("XM-T-1", title={"en": "Courts and judges"}, status="4"),
        ProjectWithdrawn.model_validate(own),
    ]


async def _told(database: Database) -> tuple[list[dict[str, Any]], list[tuple[int, str, str, str]]]:
    async with database.transaction(someone()) as tx:
        rows = await history.page(tx.conn, "XM-T-1", kinds=[], offset=0, limit=100)
        return rows, await history.money(tx.conn, "XM-T-1")


async def test_any_order_and_any_repetition_tell_the_same_history(database: Database) -> None:
    told = records(*_story())
    async with database.transaction(SYSTEM) as tx:
        await handlers.on_portfolio(tx, told)
    wanted = await _told(database)
    assert wanted[1] == [(2025, "3", "USD", "-0.05")]
    chance = random.Random(5)
    for _ in range(3):
        async with database.transaction(SYSTEM) as tx:
            await tx.conn.execute("delete from history")
            await tx.conn.execute("delete from posting")
        mixed = [*told, *chance.sample(told, 6)]
        chance.shuffle(mixed)
        for one in range(0, len(mixed), 4):
            async with database.transaction(SYSTEM) as tx:
                await handlers.on_portfolio(tx, mixed[one : one + 4])
        assert await _told(database) == wanted


async def test_what_changed_is_said_in_words_with_its_cause(gateway: Gateway) -> None:
    await gateway.tell(*_story()[:-1])
    items = (await gateway.get("/api/v1/projects/XM-T-1/history", "secretariat")).json()["items"]
    said = {
        (
            i["what"],
            i["cause"],
            *(f"{c['what']}: {c['before'] or 'none'} → {c['after'] or 'none'}" for c in i["changes"]),
        )
        for i in items
    }
    assert said == {
        ("Project record", "NEW_DATA", ": none → First reported"),
        ("Days", "NEW_DATA", ": none → First reported"),
        ("Days, 2025", "LATE_DATA", "Value: none → 84"),
        ("Days, 2025", "CORRECTION", "Value: 84 → 90", "Reason: none → Counted twice"),
        ("Days, 2025", "RETRACTION", "Value: 90 → none", "Source: Self-report → none", "Reason: Counted twice → none"),
        ("Budget 2026", "NEW_DATA", ": none → USD 1,900,000"),
        ("Budget 2026", "NEW_DATA", ": USD 1,900,000 → USD 2,300,000"),
        ("Project record", "CORRECTION", "Title: Courts → Courts and judges", "Status: Implementing → Closed"),
    }
    assert [i["number"] for i in items] == list(range(8, 0, -1))


async def test_a_version_keeps_the_class_it_had(gateway: Gateway) -> None:
    """What was the owner's alone stays so when the project is opened, in every list, number and comparison."""
    actual = {"project_id": "XM-T-1", "indicator_id": "days", "period": YEAR}
    await gateway.tell(
        project("XM-T-1", title={"en": "A secret name"}, classification="owner"),
        IndicatorDefined(project_id="XM-T-1", indicator_id="days", result_id="R", result_type="1", measure="1"),
        ObservationRecorded.model_validate(actual | {"value": "777.25"}),
        project("XM-T-1", title={"en": "Courts"}),
        ObservationCorrected.model_validate(actual | {"value": "12"}),
    )
    for user in ("donor", "secretariat", "XM-DEMO-1"):
        items = (await gateway.get("/api/v1/projects/XM-T-1/history", user)).json()["items"]
        assert [i["number"] for i in items] == [2, 1], user
        assert "777.25" not in str(items)
        assert "secret name" not in str(items)
        shown = (await gateway.get("/api/v1/projects/XM-T-1", user)).json()["indicators"][0]["observations"]
        assert [(row["data"]["value"], row["replaced"]) for row in shown] == [("12", [])], user
    part = quote(items[0]["part"])
    owner = someone("entity", "owner", organisation="XM-T")
    for path in ("/projects/XM-T-1", "/projects/XM-T-1/history", f"/projects/XM-T-1/versions?part={part}"):
        page = (await _page(gateway, path, someone("donor"))).text
        assert "777.25" not in page
        assert "secret name" not in page
        assert "777.25" in (await _page(gateway, path, owner)).text
    cause = {"event_id": "e", "type": "org.plumbline.observation.recorded.v1", "project_id": "XM-T-1", "entity": "XM-T"}
    await gateway.tell(_alert(), figure(cause=cause))
    assert "oskavent" in (await _page(gateway, "/", someone("donor"))).text
    assert (await gateway.get("/api/v1/metrics/M4?scope=pillar:P2", "donor")).json()["cause"] == cause
    await gateway.tell(project("XM-T-1", classification="owner"))
    told = {"event_id": "e", "type": "org.plumbline.observation.recorded.v1"}
    assert (await gateway.get("/api/v1/metrics/M4?scope=pillar:P2", "donor")).json()["cause"] == told
    async with gateway.database.transaction(someone("donor")) as tx:
        assert "XM-T-1" not in str(await feed.after(tx.conn, 0, 100))
    for path in ("/history", "/versions?part=project", "/related"):
        assert (await _page(gateway, f"/projects/XM-T-1{path}", someone("donor"))).status_code == httpx.codes.NOT_FOUND
    # An alert was for everybody when it was raised; a project that is closed since takes its past with it.
    assert "oskavent" not in (await _page(gateway, "/", someone("donor"))).text
    assert "oskavent" in (await _page(gateway, "/", owner)).text


def _alert() -> AlertRaised:
    return AlertRaised.model_validate(
        {
            "alert_id": "A-1",
            "kind": "off-track",
            "scope": "project:XM-T-1",
            "project_id": "XM-T-1",
            "entity": "XM-T",
            "text": "oskavent",
            "raised_at": "2026-09-14T09:00:00Z",
        }
    )


async def test_a_value_that_is_withheld_now_was_never_there(gateway: Gateway) -> None:
    actual = {"project_id": "XM-T-1", "indicator_id": "days", "period": YEAR}
    await gateway.tell(
        *_story()[:2],
        ObservationRecorded.model_validate(actual | {"value": "0.481516", "comment": "0.481516 of them"}),
        ObservationCorrected.model_validate(actual | {"value": "0.481517", "withheld": True}),
    )
    owner = someone("entity", "owner", organisation="XM-T")
    for path in ("/projects/XM-T-1", "/projects/XM-T-1/history"):
        page = (await _page(gateway, path, owner)).text
        assert "withheld by its owner" in page
        assert "0.481516" not in page
        assert "0.481517" not in page
    for path in ("", "/history"):
        answer = await gateway.get(f"/api/v1/projects/XM-T-1{path}", "secretariat")
        assert "0.481516" not in answer.text
        assert "0.481517" not in answer.text


async def test_history_is_paged_filtered_and_compared(gateway: Gateway) -> None:
    await gateway.tell(*everything(), receipt("S-HUB"))
    hub = quote(HUB, safe="")
    page = (await _page(gateway, f"/projects/{hub}/history?kind=observation")).text
    assert "105" in page
    assert "Budget 2024" not in page
    assert "/receipts/S-HUB" in (await _page(gateway, f"/projects/{hub}/history?kind=project")).text
    first = (await gateway.get(f"/api/v1/projects/{hub}/history?limit=3", "secretariat")).json()
    rest = (await gateway.get(f"/api/v1/projects/{hub}/history?cursor={first['next']}", "secretariat")).json()
    numbers = [i["number"] for i in first["items"] + rest["items"]]
    assert numbers == list(range(len(numbers), 0, -1))
    corrected = next(i for i in rest["items"] + first["items"] if i["cause"] == "CORRECTION")
    sides = (await _page(gateway, f"/projects/{hub}/versions?part={quote(corrected['part'])}")).text
    assert "<del>90</del>" in sides
    assert "<ins>105</ins>" in sides
