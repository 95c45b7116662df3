"""The stack's doors as a command uses them: addresses, tokens, answers, and errors that name the remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx

from plumbline.output import NoStack, Refused
from plumbline.session import Session, open_session

if TYPE_CHECKING:
    from contracts.envelope import Envelope

Service = Literal["portal_gateway", "intake", "scoring", "notifier"]


class Client:
    """HTTP calls to the services of one stack, as one user."""

    def __init__(self, data_dir: Path, user: str, *, headers: Mapping[str, str] | None = None) -> None:
        self.session: Session = open_session(data_dir)
        self._token = self.session.token(user)
        self._http = httpx.Client(timeout=60, trust_env=False, headers=dict(headers or {}))

    def get(self, service: Service, path: str, **query: Any) -> Any:
        """The JSON answer of a GET; parameters that are None are left out."""
        return self.call("GET", service, path, params={k: v for k, v in query.items() if v is not None}).json()

    def tell(self, event: Envelope) -> dict[str, Any]:
        """Send one event to intake; its receipt."""
        answer = self.call(
            "POST",
            "intake",
            "/v1/events",
            content=json.dumps(event.to_structured()).encode(),
            headers={"Content-Type": "application/cloudevents+json"},
        )
        receipt: dict[str, Any] = answer.json()["receipts"][0]
        return receipt

    def call(
        self,
        method: str,
        service: Service,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        content: bytes | Iterable[bytes] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One call. Raises NoStack where nothing answers, Refused with the server's own words for a problem."""
        try:
            answer = self._http.request(
                method,
                self.session.address(service) + path,
                params=params,
                content=content,
                json=json,
                headers={"Authorization": f"Bearer {self._token}", **(headers or {})},
            )
        except httpx.HTTPError as error:
            raise NoStack(
                f"{service} does not answer ({error or type(error).__name__})", "See: plumbline status"
            ) from None
        if answer.is_success:
            return answer
        raise self._refusal(answer)

    @staticmethod
    def _refusal(answer: httpx.Response) -> Refused:
        try:
            problem = answer.json()
        except ValueError:
            problem = {"title": f"The answer was {answer.status_code}"}
        lines = [
            f"{e.get('path') or e.get('place') or ''}: {e.get('message', '')} {e.get('remedy', '')}".strip(": ")
            for e in problem.get("errors", [])
        ]
        remedy = "\n  ".join([problem.get("detail", ""), *lines]).strip()
        return Refused(str(problem.get("title")), remedy, details=problem)
