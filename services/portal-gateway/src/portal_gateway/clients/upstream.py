"""One way to ask another service: with the caller's token and trace, a time limit, and words for a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from opentelemetry import propagate

from portal_gateway.domain.heard import ended, heard
from portal_gateway.domain.speech.language import _


class UpstreamError(Exception):
    """Another service refused or did not answer; ``status`` is None where there was no answer.

    ``problem`` is its problem document, if it sent one.
    """

    def __init__(self, service: str, status: int | None, problem: dict[str, Any] | None = None) -> None:
        self.service, self.status, self.problem = service, status, problem or {}
        super().__init__(self.said)

    @property
    def said(self) -> str:
        """What to tell the reader, in the language of the page as far as it is known there."""
        if self.status is None:
            return _("The %(service)s service does not answer.", service=self.service)
        title = str(self.problem.get("title") or "")
        parts = (
            heard(title) if title else _("The %(service)s service answered %(n)s", service=self.service, n=self.status),
            heard(str(self.problem.get("detail", ""))),
            _("; ").join(heard(str(one.get("message", ""))) for one in self.problem.get("errors", [])),
        )
        return " ".join(ended(part) for part in parts if part)


class Upstream:
    """A service's HTTP API; no redirects, no proxy from the environment."""

    def __init__(self, service: str, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.service = service
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"), timeout=5, follow_redirects=False, trust_env=False, transport=transport
        )

    async def ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: Mapping[str, str | list[str]] | None = None,
        json: Any = None,
    ) -> Any:
        """The answer's JSON, None for an empty one. Raises UpstreamError for everything but success."""
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        propagate.inject(headers)
        try:
            answer = await self._client.request(method, path, headers=headers, params=params, json=json)
        except httpx.HTTPError as error:
            raise UpstreamError(self.service, None) from error
        except ValueError as error:  # a number that JSON has no word for, though Python reads it
            problem = {"code": "not-json", "title": "The body is not JSON", "detail": str(error)}
            raise UpstreamError(self.service, 422, problem) from None
        if not answer.is_success:
            raise UpstreamError(self.service, answer.status_code, _problem(answer))
        return answer.json() if answer.content else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
