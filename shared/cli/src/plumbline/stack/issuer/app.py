"""The endpoints: discovery, keys, authorization with PKCE, tokens, sign-out."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlencode, urlsplit

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from plumbline.stack.issuer import keys, page, registry
from plumbline.stack.issuer.registry import Client, Registry, Subject
from plumbline.stack.layout import Layout

CODE_SECONDS: Final = 60
_SIGN_IN_SECONDS: Final = 600
_MOST_WAITING: Final = 1000  # sign-ins under way; the oldest makes room
_COOKIE: Final = "plumbline_issuer"
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A sign-in under way: what the client asked for, and the browser that asks."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    scope: str
    challenge: str
    browser: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A code, good once."""

    asked: Waiting
    user: str
    at: int
    until: float


class TokenError(Exception):
    """A refusal of the token endpoint (RFC 6749 §5.2)."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code, self.description, self.status = code, description, status


class Issuer:
    """State of one issuer process. Sign-ins and codes live in memory: a restart makes people sign in again."""

    def __init__(self, layout: Layout, *, clock: Clock = time.time) -> None:
        self._layout, self._clock = layout, clock
        self._registry: tuple[int, Registry] | None = None
        self._keys: tuple[int, list[keys.Key]] | None = None
        self._waiting: dict[str, Waiting] = {}
        self._codes: dict[str, Granted] = {}

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.jwks),
                Route("/authorize", self.authorize, methods=["GET"]),
                Route("/sign-in", self.sign_in, methods=["POST"]),
                Route("/token", self.token, methods=["POST"]),
                Route("/end-session", self.end_session),
                Route("/style.css", self.style),
                Route("/health/ready", self.ready),
            ]
        )

    # Both files are read again when they change: adding an entity or rotating keys needs no restart.

    @property
    def registry(self) -> Registry:
        """Clients and users as they are on disk."""
        changed = registry.file_of(self._layout).stat().st_mtime_ns
        if self._registry is None or self._registry[0] != changed:
            self._registry = (changed, registry.load(self._layout))
        return self._registry[1]

    @property
    def keys(self) -> list[keys.Key]:
        """Published keys as they are on disk, the signing one first."""
        changed = self._layout.secrets.path(keys.FILE).stat().st_mtime_ns
        if self._keys is None or self._keys[0] != changed:
            self._keys = (changed, keys.load(self._layout.secrets))
        return self._keys[1]

    async def ready(self, _: Request) -> Response:
        """Ready once keys and registry can be read."""
        return JSONResponse({"keys": len(self.keys), "clients": len(self.registry.clients)})

    async def style(self, _: Request) -> Response:
        """The sign-in page's only other file."""
        return PlainTextResponse(page.STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    async def discovery(self, _: Request) -> Response:
        """OpenID Connect Discovery 1.0."""
        issuer = self.registry.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks",
                "end_session_endpoint": f"{issuer}/end-session",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [keys.ALGORITHM],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile"],
                "claims_supported": ["sub", "name", "plumbline_role", "plumbline_organisation", "plumbline_country"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def jwks(self, _: Request) -> Response:
        """Public keys (RFC 7517)."""
        return JSONResponse({"keys": [key.public_jwk() for key in self.keys]})

    async def authorize(self, request: Request) -> Response:
        """Start a sign-in (RFC 6749 §4.1.1, RFC 7636): the page, or a refusal."""
        asked = request.query_params
        client = self.registry.clients.get(asked.get("client_id", ""))
        uri = asked.get("redirect_uri", "")
        # Before the client and its address are known to be right, nobody is sent anywhere.
        if client is None or "authorization_code" not in client.grants:
            return page.message("This sign-in cannot go on", "The program that asks is not known here.", 400)
        if not client.may_return_to(uri):
            return page.message(
                "This sign-in cannot go on", f"{client.name} is not registered to return to {uri}.", 400
            )
        if (refusal := _faults(asked.get)) is not None:
            return self._back(uri, asked.get("state", ""), error=refusal[0], error_description=refusal[1])
        browser = request.cookies.get(_COOKIE) or secrets.token_urlsafe(32)
        name = secrets.token_urlsafe(24)
        self._forget_old()
        self._waiting[name] = Waiting(
            client_id=asked["client_id"],
            redirect_uri=uri,
            state=asked.get("state", ""),
            nonce=asked.get("nonce", ""),
            scope=asked.get("scope", "openid"),
            challenge=asked["code_challenge"],
            browser=browser,
            until=self._clock() + _SIGN_IN_SECONDS,
        )
        answer = page.sign_in(name, client.name, _origin(uri))
        # Binds the form to this browser, so that nobody can be signed in by a link of somebody else's.
        answer.set_cookie(_COOKIE, browser, max_age=_SIGN_IN_SECONDS, httponly=True, samesite="lax")
        return answer

    async def sign_in(self, request: Request) -> Response:
        """The form comes back: a code for the client, or the form again."""
        form = await request.form()
        name, user, password = (str(form.get(field, "")) for field in ("request", "user", "password"))
        self._forget_old()
        asked = self._waiting.get(name)
        if asked is None or not registry.same(request.cookies.get(_COOKIE, ""), asked.browser):
            return page.message(
                "This sign-in is over",
                "It took too long, or was begun in another browser. Go back and begin anew.",
                400,
            )
        user = user.strip()
        if not self._password_fits(user, password):
            client = self.registry.clients[asked.client_id]
            return page.sign_in(name, client.name, _origin(asked.redirect_uri), user=user, wrong=True)
        del self._waiting[name]
        code = secrets.token_urlsafe(32)
        now = self._clock()
        self._codes[code] = Granted(asked=asked, user=user, at=int(now), until=now + CODE_SECONDS)
        return self._back(asked.redirect_uri, asked.state, code=code)

    async def token(self, request: Request) -> Response:
        """Exchange a code, or a client's own secret, for tokens."""
        try:
            form = {key: str(value) for key, value in (await request.form()).items()}
            client_id, client = self._client(request, form)
            match form.get("grant_type"):
                case "authorization_code" if "authorization_code" in client.grants:
                    answer = self._by_code(client_id, form)
                case "client_credentials" if client.subject is not None:
                    answer = self._tokens(client_id, client_id, client.subject, "")
                case "authorization_code" | "client_credentials":
                    raise TokenError("unauthorized_client", f"{client_id} may not use this grant")
                case _:
                    raise TokenError("unsupported_grant_type", "authorization_code or client_credentials")
        except TokenError as error:
            headers = {**_NO_STORE, **({"WWW-Authenticate": "Basic"} if error.status == 401 else {})}
            return JSONResponse(
                {"error": error.code, "error_description": error.description}, error.status, headers=headers
            )
        return JSONResponse(answer, headers=_NO_STORE)

    async def end_session(self, request: Request) -> Response:
        """Sign-out (OpenID Connect RP-Initiated Logout): there is no session here, so only the way back."""
        asked = request.query_params
        client_id = asked.get("client_id", "")
        if hint := asked.get("id_token_hint"):
            client_id = self._audience_of(hint) or client_id
        client = self.registry.clients.get(client_id)
        uri = asked.get("post_logout_redirect_uri", "")
        if uri and client is not None and uri in client.after_sign_out:
            return RedirectResponse(_with_query(uri, {"state": asked.get("state", "")}), 303)
        return page.message("Signed out", "You can close this window.", 200)

    def _client(self, request: Request, form: dict[str, str]) -> tuple[str, Client]:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except ValueError:
                raise TokenError("invalid_client", "the Authorization header cannot be read", 401) from None
            name, secret = unquote(name), unquote(secret)
        client = self.registry.clients.get(name)
        if client is None:
            raise TokenError("invalid_client", "the client is not known", 401)
        if not client.public and not registry.same(secret, self._secret(registry.client_secret(name))):
            raise TokenError("invalid_client", "the client's secret is not right", 401)
        return name, client

    def _by_code(self, client_id: str, form: dict[str, str]) -> dict[str, Any]:
        # Taken away before it is looked at: a code works once, whatever comes of it.
        granted = self._codes.pop(form.get("code", ""), None)
        if granted is None or granted.until < self._clock():
            raise TokenError("invalid_grant", "the code is not known, used or over")
        asked = granted.asked
        if asked.client_id != client_id or asked.redirect_uri != form.get("redirect_uri"):
            raise TokenError("invalid_grant", "the code was given to another client or address")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if not registry.same(_base64url(digest), asked.challenge):
            raise TokenError("invalid_grant", "the code verifier does not fit the challenge (PKCE)")
        subject = self.registry.users.get(granted.user)
        if subject is None:
            raise TokenError("invalid_grant", "the user is not known any more")
        answer = self._tokens(client_id, granted.user, subject, asked.scope)
        now = int(self._clock())
        identity = {
            "iss": self.registry.issuer,
            "sub": granted.user,
            "aud": client_id,
            "iat": now,
            "exp": now + self.registry.access_token_seconds,
            "auth_time": granted.at,
            **subject.claims(),
            **({"nonce": asked.nonce} if asked.nonce else {}),
        }
        return {**answer, "id_token": self.keys[0].sign(identity, "JWT")}

    def _tokens(self, client_id: str, sub: str, subject: Subject, scope: str) -> dict[str, Any]:
        now, seconds = int(self._clock()), self.registry.access_token_seconds
        claims = {
            "iss": self.registry.issuer,
            "sub": sub,
            "aud": registry.AUDIENCE,
            "client_id": client_id,
            "iat": now,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(16),
            **subject.claims(),
            **({"scope": scope} if scope else {}),
        }
        token = self.keys[0].sign(claims, "at+jwt")  # RFC 9068: an identity token is not accepted in its place
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": scope}

    def _password_fits(self, user: str, password: str) -> bool:
        known = user in self.registry.users
        # An unknown user costs the same time as a wrong password.
        expected = self._secret(registry.user_secret(user)) if known else secrets.token_hex(22)
        return registry.same(password, expected) and known

    def _secret(self, name: str) -> str:
        return self._layout.secrets.read(name)

    def _audience_of(self, id_token: str) -> str | None:
        for key in self.keys:
            try:
                claims = jwt.decode(
                    id_token,
                    key.private.public_key(),
                    algorithms=[keys.ALGORITHM],
                    options={"verify_aud": False, "verify_exp": False},
                )
                return str(claims.get("aud", ""))
            except jwt.PyJWTError:
                continue
        return None

    def _back(self, uri: str, state: str, **values: str) -> Response:
        query = {**values, "state": state, "iss": self.registry.issuer}
        return RedirectResponse(_with_query(uri, query), 303, headers=_NO_STORE)

    def _forget_old(self) -> None:
        now = self._clock()
        self._waiting = {name: item for name, item in self._waiting.items() if item.until > now}
        self._codes = {code: item for code, item in self._codes.items() if item.until > now}
        while len(self._waiting) >= _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]


def _faults(asked: Callable[[str, str], str]) -> tuple[str, str] | None:
    """What is wrong with an authorization request of a known client, if anything."""
    if asked("response_type", "") != "code":
        return "unsupported_response_type", "only response_type=code is served"
    if "openid" not in asked("scope", "").split():
        return "invalid_scope", "scope must contain openid"
    if asked("code_challenge_method", "") != "S256" or len(asked("code_challenge", "")) != 43:
        return "invalid_request", "PKCE is required: code_challenge with code_challenge_method=S256"
    if asked("prompt", "") == "none":
        return "login_required", "there is no session to use without asking"
    return None


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def _with_query(uri: str, values: dict[str, str]) -> str:
    given = {key: value for key, value in values.items() if value}
    return uri + ("&" if urlsplit(uri).query else "?") + urlencode(given) if given else uri


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
