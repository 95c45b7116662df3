"""Access tokens of the stack's own users, by the same doors everybody uses."""

from __future__ import annotations

import base64
import hashlib
import secrets
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from plumbline.stack.errors import AccessRefused, NotRunning, StackError
from plumbline.stack.issuer import registry
from plumbline.stack.issuer.registry import CLI_CLIENT
from plumbline.stack.layout import HOST, Layout


class Tokens:
    """Signs in as a user (authorization code with PKCE) or as an entity's system (client credentials)."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def names(self) -> list[str]:
        """Everybody a token can be had for."""
        known = self._registry()
        return [*known.users, *(name for name, client in known.clients.items() if client.subject is not None)]

    def token(self, who: str) -> str:
        """An access token. Raises AccessRefused for an unknown name, NotRunning where nothing answers."""
        known = self._registry()
        secret = self._layout.secrets.read
        try:
            with httpx.Client(base_url=known.issuer, timeout=10, trust_env=False) as http:
                if who in known.users:
                    return sign_in(http, who, secret(registry.user_secret(who)))
                client = known.clients.get(who)
                if client is None or client.subject is None:
                    raise AccessRefused(f"There is no user called {who!r}", f"Known: {', '.join(self.names())}")
                form = {"grant_type": "client_credentials"}
                answer = http.post("/token", data=form, auth=(who, secret(registry.client_secret(who))))
                return str(_checked(answer)["access_token"])
        except httpx.TransportError:
            raise NotRunning("The sign-in service does not answer", "plumbline up starts it") from None

    def _registry(self) -> registry.Registry:
        try:
            return registry.load(self._layout)
        except FileNotFoundError:
            raise NotRunning(
                f"There is no stack in {self._layout.root}", "plumbline up makes one; --data-dir names another place"
            ) from None


def sign_in(http: httpx.Client, user: str, password: str) -> str:
    """The whole walk a browser makes, without a browser. The client's base address is the issuer."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    state = secrets.token_urlsafe(16)
    back = f"http://{HOST}/callback"
    asked = {
        "response_type": "code",
        "client_id": CLI_CLIENT,
        "redirect_uri": back,
        "scope": "openid profile",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page = http.get("/authorize", params=asked)
    form = _Form()
    form.feed(page.text)
    if "request" not in form.hidden:
        raise StackError(f"The sign-in page cannot be read (HTTP {page.status_code})")
    answer = http.post("/sign-in", data={**form.hidden, "user": user, "password": password})
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise AccessRefused(f"The password of {user} was refused")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    if query.get("state") != [state] or "code" not in query:
        raise StackError("The sign-in service answered something that was not asked")
    exchange = {
        "grant_type": "authorization_code",
        "client_id": CLI_CLIENT,
        "redirect_uri": back,
        "code": query["code"][0],
        "code_verifier": verifier,
    }
    return str(_checked(http.post("/token", data=exchange))["access_token"])


def _checked(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    if not answer.is_success:
        raise AccessRefused(f"The sign-in service refused: {found.get('error_description', found.get('error'))}")
    return found


class _Form(HTMLParser):
    """The hidden fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.hidden[found.get("name") or ""] = found.get("value") or ""
