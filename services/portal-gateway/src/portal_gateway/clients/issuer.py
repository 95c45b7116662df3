"""The portal as an OpenID Connect client: code with PKCE, state and nonce; tokens never reach the browser."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import jwt

from portal_gateway.domain.speech.language import _

_FRESH: Final = 300.0  # seconds a discovery document and its keys are used without asking again
_ALGORITHMS: Final = ("RS256", "ES256", "PS256")
_LEEWAY: Final = 30


class SignInError(Exception):
    """The issuer did not answer, or what it answered must not be trusted."""


class SignInRefused(SignInError):
    """The issuer answered, and refused: the person is no longer known there, or the token was used before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a code or a refresh token was exchanged for."""

    access_token: str
    refresh_token: str | None
    id_token: str | None
    expires_at: datetime


class Issuer:
    """One issuer, one confidential client."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.issuer = issuer
        self._id, self._secret = client_id, client_secret
        self._client = httpx.AsyncClient(timeout=5, follow_redirects=False, trust_env=False, transport=transport)
        self._document: dict[str, Any] = {}
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_FRESH

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def authorize(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """The address where the person signs in."""
        document = await self._discover()
        digest = hashlib.sha256(verifier.encode()).digest()
        return f"{document['authorization_endpoint']}?" + urlencode(
            {
                "response_type": "code",
                "client_id": self._id,
                "redirect_uri": redirect_uri,
                "scope": "openid profile",
                "state": state,
                "nonce": nonce,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )

    async def exchange(self, code: str, redirect_uri: str, verifier: str, nonce: str) -> Tokens:
        """Tokens for a code; the identity token must be for this client and this sign-in."""
        tokens = await self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
            }
        )
        if tokens.id_token is None:
            raise SignInError(_("The sign-in service sent no identity token"))
        claims = await self._identity(tokens.id_token)
        if not secrets.compare_digest(str(claims.get("nonce", "")), nonce):
            raise SignInError(_("The identity token belongs to another sign-in"))
        return tokens

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens while the issuer's own session lasts."""
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def sign_out(self, id_token: str | None, back_to: str) -> str | None:
        """Where to send the browser so that the issuer's session ends too; None where it has no such place."""
        endpoint = (await self._discover()).get("end_session_endpoint")
        if not endpoint:
            return None
        asked = {"client_id": self._id, "post_logout_redirect_uri": back_to}
        if id_token:
            asked["id_token_hint"] = id_token
        return f"{endpoint}?{urlencode(asked)}"

    async def _token(self, form: dict[str, str]) -> Tokens:
        document = await self._discover()
        try:
            answer = await self._client.post(
                document["token_endpoint"], data=form, auth=httpx.BasicAuth(self._id, self._secret)
            )
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise SignInError(
                _("The sign-in service does not answer (%(fault)s)", fault=type(error).__name__)
            ) from None
        if not answer.is_success or "access_token" not in found:
            kind = SignInRefused if answer.status_code in {400, 401, 403} else SignInError
            raise kind(f"The sign-in service refused: {str(found.get('error', answer.status_code))[:80]}")
        return Tokens(
            access_token=found["access_token"],
            refresh_token=found.get("refresh_token"),
            id_token=found.get("id_token"),
            expires_at=datetime.now(UTC) + timedelta(seconds=int(found.get("expires_in", 300))),
        )

    async def _identity(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid", "")
            if kid not in self._keys:
                self._fetched = -_FRESH
                await self._discover()
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys[kid].key,
                algorithms=list(_ALGORITHMS),
                audience=self._id,
                issuer=self.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise SignInError(_("The identity token is not valid (%(fault)s)", fault=type(error).__name__)) from None
        return claims

    async def _discover(self) -> dict[str, Any]:
        if time.monotonic() - self._fetched < _FRESH:
            return self._document
        try:
            answer = await self._client.get(f"{self.issuer}/.well-known/openid-configuration")
            answer.raise_for_status()
            document: dict[str, Any] = answer.json()
            if document.get("issuer") != self.issuer:
                raise SignInError(_("The sign-in service names another issuer"))
            answer = await self._client.get(document["jwks_uri"])
            answer.raise_for_status()
            self._keys = {k["kid"]: jwt.PyJWK(k) for k in answer.json()["keys"] if k.get("use", "sig") == "sig"}
        except (httpx.HTTPError, ValueError, KeyError, jwt.PyJWTError) as error:
            raise SignInError(
                _("The sign-in service does not answer (%(fault)s)", fault=type(error).__name__)
            ) from None
        self._document, self._fetched = document, time.monotonic()
        return document
