"""A snapshot is made once, signed, and never changed: by later facts, by anybody (M16)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from tests.scoring.test_asof import INDICATOR, g1
from tests.support.scoring_feed import Feed, a_marker, a_project, an_actual, an_indicator
from tests.support.stack import Database as Fresh
from tests.support.stack import fresh_database, settings

from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import unpack
from runtime.service import Service
from runtime.signing import Signer, holds
from scoring.app import build
from scoring.settings import Settings

pytestmark = pytest.mark.stack


@pytest.fixture
async def fresh(stack: Stack) -> Fresh:
    return await fresh_database(stack, "scoring")


@pytest.fixture
async def service(stack: Stack, fresh: Fresh) -> AsyncIterator[Service]:
    """Scoring, wired; its doors open, nothing consumed."""
    given = settings(stack, "scoring", fresh).model_dump()
    key = stack.layout.secrets.path("snapshot-key")
    found = await build(Settings.model_validate(given | {"snapshot_key_file": key}))
    yield found
    await found.verifier.close()
    await found.database.close()


@pytest.fixture
async def feed(service: Service) -> Feed:
    feed = Feed(service.database)
    await g1(feed)
    await g1(feed, "XM-DEMO-2-P1", entity="XM-DEMO-2", classification="owner")
    return feed


class Caller:
    """Somebody with a token at scoring's door."""

    def __init__(self, service: Service, token: str) -> None:
        self.service = service
        headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=service.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://scoring", headers=headers)

    async def make(self, name: str, **query: str) -> dict[str, Any]:
        answer = await self.http.post(f"/v1/snapshots/{name}", params=query)
        assert answer.status_code == 202, answer.text
        await self.service.app.state.jobs.finished("snapshot")
        return await self.get(f"/{name}")

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/snapshots{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def secretariat(service: Service, stack: Stack) -> Caller:
    return Caller(service, stack.tokens.token("secretariat"))


@pytest.fixture
def donor(service: Service, stack: Stack) -> Caller:
    return Caller(service, stack.tokens.token("donor"))


BIENNIAL = {"valid_to": "2019-12-31", "known_to": "2020-02-15"}


async def test_g1s_snapshot_stays(feed: Feed, secretariat: Caller) -> None:
    made = await secretariat.make("2018-2019", **BIENNIAL)
    assert (made["state"], made["projects"], made["valid_to"]) == ("done", 2, "2019-12-31")
    assert (await secretariat.get("/2018-2019/metrics/M1", scope=INDICATOR))["value"] == 500_000
    await feed.say(an_actual("60", end="2019-12-31"), a_project("XM-DEMO-1-P9"), an_indicator("XM-DEMO-1-P9"))
    assert await secretariat.get("/2018-2019") == made
    verified = await secretariat.get("/2018-2019/verification")
    assert (verified["digest_holds"], verified["signature_holds"], verified["key_is_ours"]) == (True, True, True)
    # The same two days give the same digest, whatever came since; the next vintage another.
    again = await secretariat.make("again", **BIENNIAL)
    assert again["sha256"] == made["sha256"]
    later = await secretariat.make("2018-2019-restated", valid_to="2019-12-31", known_to="2020-04-30")
    assert later["sha256"] != made["sha256"]
    assert (await secretariat.get("/2018-2019-restated/metrics/M1", scope=INDICATOR))["value"] == 600_000
    assert (await secretariat.get("/2018-2019/metrics/M4", scope="entity:XM-DEMO-1"))["value"] == 500_000


async def test_a_snapshot_is_made_once_and_said_once(feed: Feed, secretariat: Caller) -> None:
    made = await secretariat.make("one", **BIENNIAL)
    again = await secretariat.http.post("/v1/snapshots/one", params=BIENNIAL)
    assert (again.status_code, again.json()["code"]) == (409, "exists")
    async with feed.database.transaction(SYSTEM) as tx:
        rows = await tx.conn.fetch("select records from outbox order by id")
    said = [r for row in rows for r in unpack(row["records"]) if r[1] == b"snapshot|one"]
    ((topic, _, headers, value, _),) = said
    assert topic == "plumbline.metrics.v1"
    assert (b"org.plumbline.snapshot.published.v1") in dict(headers).values()
    assert json.loads(value or b"")["sha256"] == made["sha256"]


async def test_whoever_changes_a_figure_or_the_manifest_is_found_out(
    feed: Feed, secretariat: Caller, stack: Stack, fresh: Fresh
) -> None:
    await secretariat.make("one", **BIENNIAL)
    admin = await asyncpg.connect(stack.postgres.superuser_dsn().rpartition("/")[0] + f"/{fresh.name}")
    try:
        await admin.execute("update snapshot_figure set value = value + 1 where metric = 'M4' and scope = 'global'")
        found = await secretariat.get("/one/verification")
        assert (found["digest_holds"], found["signature_holds"]) == (False, True)
        await admin.execute("update snapshot_figure set value = value - 1 where metric = 'M4' and scope = 'global'")
        assert (await secretariat.get("/one/verification"))["digest_holds"]
        await admin.execute("update snapshot set manifest = replace(manifest, '2019-12-31', '2019-12-30')")
        assert not (await secretariat.get("/one/verification"))["signature_holds"]
        other = Signer("another secret")
        await admin.execute(
            "update snapshot set signature = $1, public_key = $2",
            other.sign(await admin.fetchval("select manifest from snapshot")),
            other.public_key,
        )
        found = await secretariat.get("/one/verification")
        assert (found["signature_holds"], found["key_is_ours"]) == (True, False)
    finally:
        await admin.close()


async def test_who_may_make_and_read_what(feed: Feed, secretariat: Caller, donor: Caller) -> None:
    assert (await donor.http.post("/v1/snapshots/mine", params=BIENNIAL)).status_code == 403
    await feed.say(a_marker(2))
    await secretariat.make("one", **BIENNIAL)
    assert (await donor.get("/one/metrics/M1", scope=INDICATOR))["value"] == 500_000
    hidden = await donor.http.get("/v1/snapshots/one/metrics/M1", params={"scope": "indicator:XM-DEMO-2-P1|I1"})
    assert (hidden.status_code, hidden.json()["code"]) == (404, "no-figure")
    # A snapshot decides over its own cells what is not public; two projects stand in this one.
    small = await donor.http.get("/v1/snapshots/one/metrics/M4", params={"scope": "global"})
    assert (small.status_code, "fewer than three projects" in small.json()["detail"]) == (404, True)
    assert (await donor.http.get("/v1/snapshots/one/verification")).status_code == 403
    assert [item["id"] for item in (await donor.get(""))["items"]] == ["one"]
    async with feed.database.transaction(SYSTEM) as tx:
        for table in ("snapshot", "snapshot_figure", "snapshot_cells"):
            assert await tx.conn.execute(f"delete from {table}") == "DELETE 0"


@pytest.mark.parametrize(
    ("name", "query", "status", "code"),
    [
        ("a%20b", BIENNIAL, 422, "bad-id"),
        ("one", {"valid_to": "2199-12-31"}, 422, "in-the-future"),
        ("one", {"valid_to": "2019-12-31", "known_to": "soon"}, 422, "not-a-day"),
    ],
)
async def test_what_cannot_be_made_says_why(
    feed: Feed, secretariat: Caller, name: str, query: dict[str, str], status: int, code: str
) -> None:
    answer = await secretariat.http.post(f"/v1/snapshots/{name}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await secretariat.http.get("/v1/snapshots/none")).json()["code"] == "no-snapshot"


def test_a_signature_is_of_one_text_by_one_key() -> None:
    signer = Signer("a secret")
    signature = signer.sign("text")
    assert holds(signer.public_key, signature, "text")
    assert not holds(signer.public_key, signature, "another")
    assert not holds(Signer("b").public_key, signature, "text")
    assert not holds(signer.public_key, "no base64 at all", "text")
