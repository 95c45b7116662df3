"""What operators ask of every service alike: quarantine, health and the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from portal_gateway.clients.upstream import Upstream, UpstreamError


class Others:
    """The other services by name."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._upstreams = dict(upstreams)

    @property
    def names(self) -> list[str]:
        """Their names."""
        return list(self._upstreams)

    async def ask(self, service: str, method: str, path: str, token: str, **params: Any) -> Any:
        """One question. Raises UpstreamError, and KeyError for a service there is not."""
        wanted = {name: str(value) for name, value in params.items() if value is not None}
        return await self._upstreams[service].ask(method, path, token, params=wanted)

    async def ask_all(self, path: str, token: str, **params: Any) -> dict[str, Any]:
        """One question to all of them at once: the answer, or the UpstreamError, by service."""
        answers = await asyncio.gather(
            *(self.ask(name, "GET", path, token, **params) for name in self._upstreams), return_exceptions=True
        )
        found: dict[str, Any] = {}
        for name, answer in zip(self._upstreams, answers, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, UpstreamError):
                raise answer
            found[name] = answer
        return found
