"""What the gateway asks of scoring, intake and the notifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from contracts.envelope import Envelope
from portal_gateway.clients.upstream import Upstream


class Scoring:
    """Explanations of figures, figures of the past, and pairs of projects."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def explanation(self, token: str, metric: str, scope: str, **wanted: str) -> dict[str, Any]:
        """The tree from a figure to the places its facts came from, as far as the caller may read."""
        path = f"/v1/explanations/{quote(metric, safe='')}"
        found: dict[str, Any] = await self._upstream.ask("GET", path, token, params={"scope": scope, **wanted})
        return found

    async def figure(self, token: str, metric: str, scope: str, **when: str) -> dict[str, Any]:
        """A figure as of two days (M16): ``known_as_of``, ``valid_as_of``, ``method_version``."""
        path = f"/v1/metrics/{quote(metric, safe='')}"
        found: dict[str, Any] = await self._upstream.ask("GET", path, token, params={"scope": scope, **when})
        return found

    async def revisions(self, token: str, metric: str, scope: str, **between: str) -> dict[str, Any]:
        """What was revised ``from`` one day ``to`` another, each with its cause and effect."""
        path = f"/v1/revisions/{quote(metric, safe='')}"
        found: dict[str, Any] = await self._upstream.ask("GET", path, token, params={"scope": scope, **between})
        return found

    async def series(self, token: str, metric: str, scope: str, **wanted: str) -> dict[str, Any]:
        """A figure over time, ``by`` what was known or what was valid."""
        path = f"/v1/series/{quote(metric, safe='')}"
        found: dict[str, Any] = await self._upstream.ask("GET", path, token, params={"scope": scope, **wanted})
        return found

    async def trends(self, token: str, metric: str, scopes: list[str]) -> dict[str, Any]:
        """The figures of several scopes over one time, as they had been published by the end of its steps."""
        found: dict[str, Any] = await self._upstream.ask(
            "GET", f"/v1/trends/{quote(metric, safe='')}", token, params={"scope": scopes}
        )
        return found

    async def then(self, token: str, metric: str, scopes: list[str], known_as_of: str) -> list[dict[str, Any]]:
        """The figures of several scopes as they had been published by an instant."""
        params: dict[str, str | list[str]] = {"scope": scopes, "known_as_of": known_as_of}
        found = await self._upstream.ask("GET", f"/v1/then/{quote(metric, safe='')}", token, params=params)
        return list(found["items"])

    async def snapshots(self, token: str) -> list[dict[str, Any]]:
        """Every snapshot that was made, with the days it is of."""
        found = await self._upstream.ask("GET", "/v1/snapshots", token)
        return list(found["items"])

    async def method(self, token: str) -> dict[str, Any]:
        """The version of the method in force, those to come and those that were, and every parameter."""
        found: dict[str, Any] = await self._upstream.ask("GET", "/v1/method", token)
        return found

    async def national(self, token: str, country: str) -> dict[str, Any]:
        """What a Member State itself allots to the pillars, by year."""
        found: dict[str, Any] = await self._upstream.ask("GET", f"/v1/national/{quote(country, safe='')}", token)
        return found

    async def dialect(self, token: str, entity: str, readings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """How a publisher is read, what its figures suggest, and what ``readings`` or the proposed ones change."""
        asked: dict[str, str | list[str]] = {}
        for name, value in (readings or {}).items():
            if isinstance(value, Mapping):
                asked[name] = [f"{code}:{pillar}" for code, pillar in value.items()]
            else:
                asked[name] = str(value).lower() if isinstance(value, bool) else str(value)
        found: dict[str, Any] = await self._upstream.ask(
            "GET", f"/v1/dialects/{quote(entity, safe='')}", token, params=asked
        )
        return found

    async def duplicates(self, token: str, wanted: Mapping[str, list[str]]) -> dict[str, Any]:
        """Pairs of projects that may be one, or may work together, with their evidence (M12)."""
        found: dict[str, Any] = await self._upstream.ask("GET", "/v1/duplicates", token, params=wanted)
        return found


class Intake:
    """Files as they were received, how much of them can be used, who reports, and facts that a person says here."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def source(self, token: str, submission_id: str, project_id: str, line: int) -> list[dict[str, Any]]:
        """Lines of the file around the one a fact was read from: ``line``, ``text``, ``mark``."""
        path = f"/v1/submissions/{quote(submission_id, safe='')}/source"
        params = {"project_id": project_id, "line": str(line)}
        found = await self._upstream.ask("GET", path, token, params=params)
        return list(found["lines"])

    async def tell(self, token: str, event: Envelope) -> dict[str, Any]:
        """Submit one event under the caller's token; its receipt."""
        found = await self._upstream.ask("POST", "/v1/events", token, json=event.to_structured())
        receipt: dict[str, Any] = found["receipts"][0]
        return receipt

    async def entities(self, token: str) -> dict[str, str]:
        """Names of every registered entity, by its reference."""
        found = await self._upstream.ask("GET", "/v1/entities", token)
        return {entity["ref"]: entity["name"] for entity in found["items"]}

    async def quality(self, token: str, entity: str) -> dict[str, Any]:
        """How many of an entity's indicators can be scored, and why the others cannot."""
        found: dict[str, Any] = await self._upstream.ask("GET", "/v1/quality", token, params={"entity": entity})
        return found

    async def quality_by_entity(self, token: str) -> dict[str, tuple[int, int]]:
        """Indicators that can be scored, and all, by entity."""
        found = await self._upstream.ask("GET", "/v1/quality/entities", token)
        return {row["entity"]: (row["scorable"], row["indicators"]) for row in found["items"]}


class Notifier:
    """Subscriptions and what was read."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def subscriptions(self, token: str) -> list[dict[str, Any]]:
        """The caller's subscriptions, the oldest first."""
        found = await self._upstream.ask("GET", "/v1/subscriptions", token)
        return list(found["items"])

    async def subscribe(self, token: str, wish: dict[str, Any]) -> dict[str, Any]:
        """Ask to be told; returns the subscription."""
        found: dict[str, Any] = await self._upstream.ask("POST", "/v1/subscriptions", token, json=wish)
        return found

    async def unsubscribe(self, token: str, subscription_id: str) -> None:
        """Ask not to be told any more."""
        await self._upstream.ask("DELETE", f"/v1/subscriptions/{quote(subscription_id, safe='')}", token)

    async def change(self, token: str, subscription_id: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Change how often a subscription tells, or how much it lets through."""
        path = f"/v1/subscriptions/{quote(subscription_id, safe='')}"
        found: dict[str, Any] = await self._upstream.ask("PATCH", path, token, json=fields)
        return found

    async def hours(self, token: str) -> dict[str, Any]:
        """The caller's time zone and hours of quiet: ``zone``, ``quiet`` with ``from``, ``to`` and ``days``."""
        found: dict[str, Any] = await self._upstream.ask("GET", "/v1/hours", token)
        return found

    async def keep_hours(self, token: str, hours: dict[str, Any]) -> None:
        """Say when the caller is told."""
        await self._upstream.ask("PUT", "/v1/hours", token, json=hours)

    async def waiting(self, token: str) -> dict[str, Any] | None:
        """The caller's next digest as it would be now, with ``due_at``; None where nothing waits."""
        found: dict[str, Any] | None = (await self._upstream.ask("GET", "/v1/digest", token))["digest"]
        return found

    async def read(self, token: str, notification_id: str) -> None:
        """Note that the caller has read a message."""
        await self._upstream.ask("POST", f"/v1/inbox/{quote(notification_id, safe='')}/read", token)

    async def file(self, token: str, wish: dict[str, Any]) -> list[dict[str, Any]]:
        """File messages: ``ids``, ``do``, ``until``; returns those that changed, each with how it is filed now."""
        found = await self._upstream.ask("POST", "/v1/inbox/filed", token, json=wish)
        return list(found["items"])

    async def read_all(self, token: str) -> list[dict[str, Any]]:
        """Read what waits, 500 at a time; returns those that changed."""
        found = await self._upstream.ask("POST", "/v1/inbox/read-all", token)
        return list(found["items"])
