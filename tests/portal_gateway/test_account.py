"""My account, the audit log behind every door, and the operators' pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgpack
from tests.support.gateway import Gateway, figure, message, project, receipt, someone

from contracts.alerts import AlertRaised
from runtime import audit
from runtime.access import SYSTEM, Principal

HIDDEN = "XM-T-HIDDEN"
MARK = "Zwoelfton"
"""A word that stands in restricted records only."""

ENTITY = someone("entity", "reader", organisation="XM-OTHER", name="A. Reader")
OPERATOR = someone("operator", "keeper", name="O. Keeper")


async def _rows(gateway: Gateway, action: str | None = None) -> list[dict[str, Any]]:
    async with gateway.database.transaction(SYSTEM) as tx:
        return (await audit.latest(tx.conn, action=action, limit=5000))[::-1]


async def _get(gateway: Gateway, path: str, who: Principal, **more: Any) -> httpx.Response:
    cookie = await gateway.signed_in(who)
    headers = {"Cookie": f"plumbline_session={cookie}", "Accept": "text/html"}
    answer = await gateway.http.get(path, headers=headers, **more)
    gateway.http.cookies.clear()
    return answer


def _doors(routes: Any) -> Iterator[str]:
    """Every address of the gateway that may be read."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _doors(route.original_router.routes)
        elif "GET" in (getattr(route, "methods", None) or ()):
            yield route.path


async def test_no_door_shows_a_restricted_record_that_is_not_in_the_log(gateway: Gateway) -> None:
    scope = f"project:{HIDDEN}"
    await gateway.tell(
        project(HIDDEN, title={"en": MARK}, classification="compact", entity="XM-T"),
        project("XM-T-OPEN", title={"en": "Open"}),
        figure(scope, 500_001, classification="compact", owner="XM-T", flags=[MARK]),
        AlertRaised.model_validate(
            {"alert_id": "a1", "kind": "off-track", "title": MARK, "text": MARK, "project_id": HIDDEN,
             "metric": "M2", "scope": scope, "entity": "XM-T", "classification": "compact", "raised_at":
             "2026-09-14T09:15:27Z"}
        ),
        receipt("S1", entity="XM-OTHER", file=MARK),
        message("m1", "reader", title=MARK, classification="compact", owner="XM-T"),
    )  # fmt: skip
    names = {"project_id": HIDDEN, "metric": "M4", "submission_id": "S1", "notification_id": "m1", "entity": "XM-T",
             "ref": "XM-T", "code": "P2", "country": "ML", "pillar": "P2"}  # fmt: skip
    shown = []
    for template in sorted(set(_doors(gateway.service.app.routes))):
        if template in {"/api/v1/stream", "/callback", "/login"} or template.startswith(("/static", "/health")):
            continue
        path = re.sub(r"\{(\w+)(?::path)?\}", lambda m: names.get(m[1], "x"), template)
        before = len(await _rows(gateway))
        answer = await _get(gateway, path, ENTITY, params={"scope": scope, "metric": "M4"})
        if MARK in answer.text and not template.startswith(("/account", "/api/v1/account")):
            shown.append(template)
            kept = (await _rows(gateway))[before:]
            assert [row for row in kept if row["action"] == "read" and row["actor"] == "reader"], template
    assert len(shown) >= 6, shown
    rows = await _rows(gateway, "read")
    named = {row["object"] for row in rows} | {
        name for row in rows for name in re.findall(r'\["([^"]+)"', row["detail"])
    }
    assert {f"project:{HIDDEN}", f"M4 {scope}", "receipt:S1", "message:m1", "alert:a1"} <= named
    assert not [name for name in named if "XM-T-OPEN" in name]
    assert all(row["class"] in {"compact", "support", "compact,support"} for row in rows)


async def test_the_stream_names_a_record_once_a_connection(gateway: Gateway) -> None:
    def moved(value: int, revision: int) -> Any:
        return figure("project:A", value, classification="compact", owner="XM-T", revision=revision)

    await gateway.tell(moved(1, 1))
    async with gateway.listening("secretariat", params={"after": "0"}) as events:
        async for event in events:
            if event.kind == "metric":
                break
        for n in range(2, 5):
            await gateway.tell(moved(n, n))
            async for event in events:
                if event.kind == "metric" and event.data["revision"] == n:
                    break
        await gateway.tell(figure("project:B", 1, classification="compact", owner="XM-T"))
        async for event in events:
            if event.kind == "metric" and event.data["scope"] == "project:B":
                break
    assert [row["object"] for row in await _rows(gateway)] == ["M4 project:A", "M4 project:B"]


async def test_the_account_says_who_one_is_what_one_may_read_and_what_was_done(gateway: Gateway) -> None:
    await gateway.tell(project(HIDDEN, title={"en": MARK}, classification="compact"))
    await _get(gateway, f"/projects/{HIDDEN}", ENTITY)
    await _get(gateway, f"/projects/{HIDDEN}", someone("secretariat", "other"))
    page = (await _get(gateway, "/account", ENTITY)).text
    for text in ("A. Reader", "Entity of the Compact", "XM-OTHER", "This one", f"project:{HIDDEN}",
                 "scoring does not answer"):  # fmt: skip
        assert text in page, text
    assert page.count(f"project:{HIDDEN}") == 1
    reads = re.findall(r"<b>You read it</b>|You do not read it", page)
    assert len(reads) == 7
    assert len([r for r in reads if "<b>" in r]) == 5  # not another State's, not operations
    assert f"project:{HIDDEN}" not in (await _get(gateway, "/account?day=2020-01-01", ENTITY)).text
    assert "is no day" in (await _get(gateway, "/account?day=yesterday", ENTITY)).text
    assert f"project:{HIDDEN}" not in (await _get(gateway, "/account?kind=command", ENTITY)).text
    file = await _get(gateway, "/account/export.csv", ENTITY)
    assert file.headers["content-type"].startswith("text/csv")
    assert f"project:{HIDDEN},compact" in file.text
    twin = (await gateway.get("/api/v1/account/audit", "focal")).json()
    assert twin["rows"] == []
    assert (await gateway.get("/api/v1/account", "focal")).json()["subject"] == "focal"


async def test_operations_do_not_exist_for_anybody_else(gateway: Gateway) -> None:
    for role in ("entity", "member-state", "secretariat", "donor"):
        for path in ("/operations", "/operations/audit", "/operations/quarantine/portal-gateway/1"):
            answer = await _get(gateway, path, someone(role, f"a-{role}"))
            assert answer.status_code == 404, (role, path)
    # A page that is nowhere says the same.
    assert (await _get(gateway, "/operators", ENTITY)).status_code == 404


async def _quarantine(gateway: Gateway, **fields: Any) -> int:
    async with gateway.database.transaction(SYSTEM) as tx:
        return int(
            await tx.conn.fetchval(
                'insert into quarantine (consumer, topic, partition, "offset", key, headers, value, code, message,'
                " problems, service_version, traceparent) values ($1, $2, 0, $3, 'k', $4, $5, $6, $7, $8, '1', $9)"
                " returning id",
                fields.get("consumer", "portal-gateway"),
                fields.get("topic", "plumbline.metrics.v1"),
                fields.get("offset", 1),
                msgpack.packb([("ce_type", b"metric.updated.v1")]),
                fields.get("value", b'{"metric": "<script>"}'),
                fields.get("code", "PAYLOAD"),
                "Not a figure the portal can read",
                '[["value", "is missing <b>"]]',
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            )
        )


async def test_an_operator_sees_what_is_quarantined_and_replays_it(gateway: Gateway) -> None:
    held = await _quarantine(gateway)
    await _quarantine(gateway, offset=2, code="OTHER", consumer="gone", value=b"\xff\x00")
    page = (await _get(gateway, "/operations", OPERATOR)).text
    for text in ("PAYLOAD", "OTHER", "intake does not answer", "Not a figure the portal can read", "starting"):
        assert text in page, text
    assert "PAYLOAD" not in (await _get(gateway, "/operations?code=OTHER", OPERATOR)).text
    assert "Nothing is quarantined" in (await _get(gateway, "/operations?stream=plumbline.alerts.v1", OPERATOR)).text
    path = f"/operations/quarantine/portal-gateway/{held}"
    whole = (await _get(gateway, path, OPERATOR)).text
    for text in ("ce_type", "&lt;script&gt;", "is missing &lt;b&gt;", "4bf92f3577b34da6a3ce929d0e0e4736"):
        assert text in whole, text
    assert "/w" in (await _get(gateway, f"/operations/quarantine/portal-gateway/{held + 1}", OPERATOR)).text
    cookie = await gateway.signed_in(OPERATOR)
    headers = {"Cookie": f"plumbline_session={cookie}", "Origin": gateway.service.settings.gateway_url,
               "Accept": "text/html"}  # fmt: skip
    for record, status in ((held, 409), (held + 1, 409), (held + 9, 404)):
        answer = await gateway.http.post(
            f"/operations/quarantine/portal-gateway/{record}/replay", data={"csrf": "the-forms-secret"}, headers=headers
        )
        assert answer.status_code == status, answer.text
    assert [row["action"] for row in await _rows(gateway, "command")] == [
        "POST /operations/quarantine/{service}/{record}/replay"
    ] * 3
    assert "quarantine:" in " ".join(row["object"] for row in await _rows(gateway, "read"))


async def test_an_operator_reads_the_log_and_has_it_verified(gateway: Gateway) -> None:
    await gateway.tell(project(HIDDEN, title={"en": MARK}, classification="compact"))
    await _get(gateway, f"/projects/{HIDDEN}", ENTITY)
    page = (await _get(gateway, "/operations/audit?verify=true", OPERATOR)).text
    assert "Whole: every hash was made again" in page
    assert f"project:{HIDDEN}" in page
    assert f"project:{HIDDEN}" not in (await _get(gateway, "/operations/audit?actor=nobody", OPERATOR)).text
