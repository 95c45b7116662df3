"""The running system as its users meet it: entities' systems that publish, and people who read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Self
from uuid import uuid4

import httpx
from tests.support import kafka
from tests.support.waiting import until

from contracts.envelope import Envelope
from contracts.streams import inbound
from plumbline.demo import DemoUser
from plumbline.stack import Stack

Role = Literal["member-state", "secretariat", "donor", "operator"]
PERIOD = {"start": "2025-01-01", "end": "2025-12-31"}


@cache
def token(stack: Stack, user: str) -> str:
    """A user's or an entity's access token; it outlives the tests."""
    return stack.tokens.token(user)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody with a token, at the doors of the services."""

    stack: Stack
    user: str
    http: httpx.AsyncClient

    @classmethod
    def appear(cls, stack: Stack, http: httpx.AsyncClient, role: Role, country: str = "") -> Self:
        """A new person, who may sign in."""
        user = f"{role}-{uuid4().hex[:8]}"
        stack.issuer.add_users([DemoUser(user, f"{user} (demonstration)", role, country=country)])
        return cls(stack, user, http)

    async def call(self, method: str, part: str, path: str, **more: Any) -> httpx.Response:
        """One call to a service, whatever it answers."""
        headers = {"Authorization": f"Bearer {token(self.stack, self.user)}", **more.pop("headers", {})}
        return await self.http.request(method, self.stack.parts[part].address + path, headers=headers, **more)

    async def get(self, part: str, path: str, **query: Any) -> Any:
        """The JSON of an answer that must be good."""
        answer = await self.call("GET", part, path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    async def figure(self, metric: str, scope: str) -> dict[str, Any] | None:
        """A figure as the portal gives it, None where there is none for this person."""
        answer = await self.call("GET", "portal-gateway", f"/api/v1/metrics/{metric}", params={"scope": scope})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def figure_of(self, metric: str, scope: str, value: int | None) -> dict[str, Any]:
        """The figure, once it has this value."""
        return await self.figure_where(metric, scope, lambda found: found["value"] == value, f"to be {value}")

    async def figure_where(
        self, metric: str, scope: str, holds: Callable[[dict[str, Any]], bool], what: str = "to be what it should"
    ) -> dict[str, Any]:
        """The figure, once this holds of it."""

        async def there() -> dict[str, Any] | None:
            found = await self.figure(metric, scope)
            return found if found is not None and holds(found) else None

        try:
            return await until(there, what=f"{metric} of {scope} {what}")  # type: ignore[return-value]
        except AssertionError:
            raise AssertionError(f"waited for {metric} of {scope} {what}: {await self.figure(metric, scope)}") from None

    async def inbox(self) -> list[dict[str, Any]]:
        """The person's messages on the portal, newest first."""
        found: list[dict[str, Any]] = (await self.get("portal-gateway", "/api/v1/inbox", limit=200))["items"]
        return found

    async def subscribe(self, **wish: Any) -> None:
        """Ask to be told."""
        answer = await self.call("POST", "portal-gateway", "/api/v1/subscriptions", json=wish)
        assert answer.is_success, answer.text

    async def explanation(self, metric: str, scope: str, **query: Any) -> dict[str, Any] | None:
        """The tree below a figure, None where there is none for this person, or it is withheld."""
        path = f"/api/v1/explanations/{metric}"
        answer = await self.call("GET", "portal-gateway", path, params={"scope": scope, **query})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code == httpx.codes.FORBIDDEN and answer.json()["code"] == "withheld":
            return None
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def receipts(self, *, event: str) -> list[dict[str, Any]]:
        """What intake answered to one event."""
        found: list[dict[str, Any]] = (await self.get("intake", "/v1/submissions", event_id=event))["items"]
        return found

    async def receipt(self, *, event: str) -> dict[str, Any]:
        """The whole receipt of one event, once there is one."""
        items = await until(lambda: self.receipts(event=event), what=f"the receipt of event {event}")
        found: dict[str, Any] = await self.get("intake", f"/v1/submissions/{items[0]['submission_id']}")
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Entity(Person):
    """An entity's system: a token for HTTP, and a user of its own on Kafka."""

    said: list[Envelope] = field(default_factory=list)
    """Every project it described."""

    @property
    def topic(self) -> str:
        """Its inbound topic."""
        return inbound(self.user).topic

    @classmethod
    async def register(cls, stack: Stack, http: httpx.AsyncClient) -> Self:
        """A new entity, known to Kafka, to the issuer and to intake."""
        ref = kafka.an_entity(stack)
        secretariat = Person(stack, "secretariat", http)
        answer = await secretariat.call("POST", "intake", "/v1/entities", json={"ref": ref, "name": f"Test {ref}"})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return cls(stack, ref, http)

    def publish(self, *events: Envelope) -> None:
        """Write events to Kafka under the entity's own user, and wait until the broker has them."""
        kafka.send(self.stack, self.user, self.topic, [(project_of(e), e.data or None, e.to_headers()) for e in events])

    async def post(self, events: Envelope | Sequence[Envelope], **more: Any) -> httpx.Response:
        """Send events by HTTP: one in structured mode, several as a batch."""
        if isinstance(events, Envelope):
            content, kind = json.dumps(events.to_structured()), "application/cloudevents+json"
        else:
            content, kind = json.dumps([e.to_structured() for e in events]), "application/cloudevents-batch+json"
        headers = {"Content-Type": kind, **more.pop("headers", {})}
        return await self.call("POST", "intake", "/v1/events", content=content, headers=headers, **more)

    async def upload(self, content: Any, name: str = "file.xml", **more: Any) -> httpx.Response:
        """Send a file."""
        return await self.call("POST", "intake", "/v1/files", params={"name": name}, content=content, **more)

    async def judged(self, submission: str) -> dict[str, Any]:
        """The receipt of a file, once it was read to its end."""

        async def done() -> dict[str, Any] | None:
            found: dict[str, Any] = await self.get("intake", f"/v1/submissions/{submission}")
            return found if found["state"] == "done" else None

        return await until(done, seconds=60, what=f"file {submission} to be judged")  # type: ignore[return-value]

    async def retire(self) -> None:
        """Withdraw every project, so that no figure of another test rests on one of them."""
        projects = {project_of(event) for event in self.said}
        gone = [kafka.an_event(self.user, {"project_id": p}, "project.withdrawn.v1") for p in sorted(projects)]
        if gone:
            await self.post(gone)

    # What an entity says.

    def project(self, name: str = "P1", **over: Any) -> Envelope:
        """A project under way, in one country and one pillar, with a budget of one million dollars."""
        data = {
            "project_id": f"{self.user}-{name}",
            "entity": self.user,
            "title": {"en": f"Border management {name}"},
            "status": "2",
            "dates": {"planned_start": "2024-01-01", "planned_end": "2027-12-31"},
            "allocations": [
                {"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000},
                {"dim": "PILLAR", "code": "P2", "ppm": 1_000_000},
            ],
            "budgets": [
                {
                    "period_start": "2025-01-01", "period_end": "2025-12-31", "type": "1", "status": "2",
                    "amount": "1000000", "currency": "USD", "value_date": "2025-01-01",
                }
            ],
            **over,
        }  # fmt: skip
        event = kafka.an_event(self.user, data, "project.submitted.v1")
        self.said.append(event)
        return event

    def indicator(self, name: str = "P1", indicator: str = "I1", **over: Any) -> Envelope:
        """An output indicator from 0 to 100."""
        data = {
            "project_id": f"{self.user}-{name}",
            "indicator_id": indicator,
            "result_id": "R1",
            "result_type": "1",
            "title": {"en": "Officers trained"},
            "measure": "1",
            "ascending": True,
            "baselines": [{"year": 2024, "value": "0"}],
            "targets": [{"period_start": PERIOD["start"], "period_end": PERIOD["end"], "value": "100"}],
            **over,
        }
        return kafka.an_event(self.user, data, "indicator.defined.v1")

    def observation(
        self,
        value: str,
        name: str = "P1",
        indicator: str = "I1",
        *,
        type_: str = "observation.recorded.v1",
        **over: Any,
    ) -> Envelope:
        """An actual of the indicator."""
        attributes = {k: over.pop(k) for k in ("id", "traceparent", "source", "dataschema") if k in over}
        data = {
            "project_id": f"{self.user}-{name}", "indicator_id": indicator, "period": PERIOD, "value": value, **over,
        }  # fmt: skip
        return kafka.an_event(self.user, data, type_, **attributes)

    def says(self, type_: str, name: str = "P1", **data: Any) -> Envelope:
        """Any other fact of one of its projects."""
        return kafka.an_event(self.user, {"project_id": f"{self.user}-{name}", **data}, type_)


def project_of(event: Envelope) -> str:
    """The Kafka key of an event: its project, so that a project's events keep their order."""
    try:
        return str(json.loads(event.data)["project_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return uuid4().hex


@dataclass(frozen=True, slots=True)
class Heard:
    """One server-sent event."""

    kind: str
    id: str
    data: Any


@asynccontextmanager
async def listening(person: Person, **query: Any) -> AsyncIterator[AsyncIterator[Heard]]:
    """The portal's stream, open: leaves the first event, which says that it is, unread."""
    headers = {"Authorization": f"Bearer {token(person.stack, person.user)}", "Accept": "text/event-stream"}
    address = person.stack.parts["portal-gateway"].address + "/api/v1/stream"
    async with person.http.stream("GET", address, params=query, headers=headers, timeout=30) as answer:
        assert answer.status_code == httpx.codes.OK, await answer.aread()
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[Heard]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = fields.get(name, "") + value.removeprefix(" ")
        elif fields:
            yield Heard(fields.get("event", "message"), fields.get("id", ""), json.loads(fields.get("data") or "null"))
            fields = {}


async def next_figure(heard: AsyncIterator[Heard], metric: str, scope: str, seen: list[Heard]) -> dict[str, Any]:
    """Listen until this figure comes by; what came before it is kept in ``seen``."""
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            async for event in heard:
                seen.append(event)
                if event.kind == "metric" and (event.data["metric"], event.data["scope"]) == (metric, scope):
                    return dict(event.data)
    told = [(e.data["metric"], e.data["scope"], e.data["value"]) for e in seen if e.kind == "metric"]
    raise AssertionError(f"no {metric} of {scope} came; the stream told {told}")
