"""The notifier's doors, with real tokens of the stack's own issuer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.stack import fresh_database, settings

from notifier.app import build
from notifier.settings import Settings
from plumbline.stack import Stack
from runtime.service import Service

pytestmark = pytest.mark.stack


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    """The notifier, wired; its doors open, nothing consumed."""
    database = await fresh_database(stack, "notifier")
    found = await build(Settings.model_validate(settings(stack, "notifier", database).model_dump()))
    yield found
    await found.verifier.close()
    await found.database.close()


@pytest.fixture
async def focal(service: Service, stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """The focal point of XM-DEMO-1, signed in."""
    async with a_client(service, stack.tokens.token("focal")) as found:
        yield found


@pytest.fixture
async def donor(service: Service, stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A donor, signed in."""
    async with a_client(service, stack.tokens.token("donor")) as found:
        yield found


def a_client(service: Service, token: str | None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=service.app)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=transport, base_url="http://notifier", headers=headers)


async def test_subscriptions_are_made_listed_and_deleted(focal: httpx.AsyncClient) -> None:
    wish = {"about": "metric", "metric": "M4", "scope": "country:ML", "min_change": 5000}
    made = await focal.post("/v1/subscriptions", json=wish)
    assert made.status_code == 201
    assert made.json().items() >= wish.items()
    assert made.headers["location"] == f"/v1/subscriptions/{made.json()['id']}"
    again = await focal.post("/v1/subscriptions", json=wish)
    assert (again.status_code, again.json()) == (200, made.json())
    assert (await focal.get("/v1/subscriptions")).json() == {"items": [made.json()]}
    assert (await focal.delete(made.headers["location"])).status_code == 204
    assert (await focal.get("/v1/subscriptions")).json() == {"items": []}
    gone = await focal.delete(made.headers["location"])
    assert (gone.status_code, gone.json()["code"]) == (404, "not-found")


async def test_a_bad_request_names_every_fault_with_its_remedy(focal: httpx.AsyncClient) -> None:
    answer = await focal.post("/v1/subscriptions", json={"about": "metric", "metric": "M99", "scope": 7, "who": "me"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid-subscription"
    assert {error["place"] for error in problem["errors"]} == {"metric", "scope", "who"}


@pytest.mark.parametrize("body", [b"[]", b'"M4"', b"{", b"\xff"])
async def test_a_body_that_is_no_object_is_a_problem_document(focal: httpx.AsyncClient, body: bytes) -> None:
    answer = await focal.post("/v1/subscriptions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_receipts_of_another_entity_are_refused(focal: httpx.AsyncClient, donor: httpx.AsyncClient) -> None:
    own = await focal.post("/v1/subscriptions", json={"about": "receipts", "entity": "XM-DEMO-1"})
    assert own.status_code == 201
    for caller, entity in ((focal, "XM-DEMO-2"), (donor, "XM-DEMO-1")):
        answer = await caller.post("/v1/subscriptions", json={"about": "receipts", "entity": entity})
        assert (answer.status_code, answer.json()["code"]) == (403, "receipts-of-others")


async def test_nobody_sees_the_subscriptions_of_another(focal: httpx.AsyncClient, donor: httpx.AsyncClient) -> None:
    made = await focal.post("/v1/subscriptions", json={"about": "alert"})
    assert (await donor.get("/v1/subscriptions")).json() == {"items": []}
    assert (await donor.delete(made.headers["location"])).status_code == 404
    assert len((await focal.get("/v1/subscriptions")).json()["items"]) == 1


@pytest.mark.parametrize("token", [None, "not a token", "a.b.c"])
async def test_without_a_valid_token_every_door_is_closed(service: Service, token: str | None) -> None:
    async with a_client(service, token) as stranger:
        for method, path in (
            ("GET", "/v1/subscriptions"),
            ("POST", "/v1/subscriptions"),
            ("DELETE", "/v1/subscriptions/x"),
            ("GET", "/v1/inbox"),
            ("POST", "/v1/inbox/x/read"),
            ("POST", "/v1/inbox/filed"),
            ("POST", "/v1/inbox/read-all"),
            ("PATCH", "/v1/subscriptions/x"),
        ):
            answer = await stranger.request(method, path, json=None if method in {"GET", "DELETE"} else {})
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_inbox_has_pages_and_is_empty_for_a_newcomer(focal: httpx.AsyncClient) -> None:
    assert (await focal.get("/v1/inbox")).json() == {"items": [], "next": None}
    assert (await focal.get("/v1/inbox", params={"after": "nonsense"})).json()["code"] == "bad-cursor"
    assert (await focal.post("/v1/inbox/01JD/read")).json()["code"] == "not-found"


async def test_a_subscription_is_changed_and_messages_are_filed(focal: httpx.AsyncClient) -> None:
    made = await focal.post("/v1/subscriptions", json={"about": "project", "project_id": "XM-DEMO-1-7"})
    changed = await focal.patch(made.headers["location"], json={"min_change": 9000})
    assert (changed.status_code, changed.json()) == (200, made.json() | {"min_change": 9000})
    refused = await focal.patch(made.headers["location"], json={"project_id": "X"})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "project_id")
    assert (await focal.post("/v1/inbox/filed", json={"ids": ["x"], "do": "archive"})).json() == {"items": []}
    assert (await focal.post("/v1/inbox/read-all")).json() == {"items": []}
    bad = await focal.post("/v1/inbox/filed", json={"ids": ["x"], "do": "snooze"})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid-filing")


async def test_the_doors_are_described(focal: httpx.AsyncClient) -> None:
    document = (await focal.get("/openapi.json")).json()
    assert {"/v1/subscriptions", "/v1/inbox", "/v1/inbox/{message}/read"} <= document["paths"].keys()


async def test_a_person_says_when_they_are_told(focal: httpx.AsyncClient, donor: httpx.AsyncClient) -> None:
    assert (await focal.get("/v1/hours")).json() == {"zone": "", "quiet": None}
    wanted = {"zone": "Africa/Bamako", "quiet": {"from": "20:00", "to": "07:00", "days": [1, 2, 3]}}
    assert (await focal.put("/v1/hours", json=wanted)).json() == wanted
    assert (await focal.get("/v1/hours")).json() == wanted
    assert (await donor.get("/v1/hours")).json() == {"zone": "", "quiet": None}
    refused = await focal.put("/v1/hours", json={"zone": "Mars/Olympus"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-hours")
    assert [error["place"] for error in refused.json()["errors"]] == ["zone"]
    assert (await focal.get("/v1/digest")).json() == {"digest": None}


async def test_how_often_a_subscription_tells_is_asked_and_changed(focal: httpx.AsyncClient) -> None:
    wish = {"about": "alert", "pace": "weekly"}
    made = await focal.post("/v1/subscriptions", json=wish)
    assert made.json().items() >= wish.items()
    again = await focal.post("/v1/subscriptions", json={"about": "alert"})
    assert (again.status_code, again.json()) == (200, made.json())
    changed = await focal.patch(made.headers["location"], json={"pace": "daily"})
    assert changed.json() == made.json() | {"pace": "daily"}
    refused = await focal.patch(made.headers["location"], json={"pace": "hourly"})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "pace")
