"""Who calls: OpenID Connect access tokens, verified the same way for every issuer (RFC 9068, RFC 8725)."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import httpx
import jwt
from fastapi import Request

from runtime import audit
from runtime.access import ROLES, Principal
from runtime.http import Problem

ALGORITHMS: Final = ("RS256", "ES256", "PS256")
"""What a signature may be made with; never read from the token."""

LEEWAY: Final = 30  # seconds of clock skew allowed
_FRESH: Final = 300.0  # seconds a key set is used without asking again
_COOLDOWN: Final = 10.0  # seconds between look-ups for unknown keys: nobody can make us hammer the issuer
_STALE: Final = 24 * 3600.0  # seconds an old key set still serves while the issuer is away


class Verifier:
    """Verifies access tokens of one issuer for one audience; keys come from discovery and rotate."""

    def __init__(self, issuer: str, audience: str, *, client: httpx.AsyncClient | None = None) -> None:
        self.issuer = issuer
        self.audience = audience
        self._client = client or httpx.AsyncClient(timeout=5, follow_redirects=False, trust_env=False)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_STALE
        self._tried = -_STALE
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Close the connection to the issuer."""
        await self._client.aclose()

    async def verify(self, token: str) -> Principal:
        """The principal of a valid access token. Raises Problem 401 with the reason for any other."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise _refused("is not a JSON Web Token") from None
        if header.get("alg") not in ALGORITHMS:
            raise _refused(f"is signed with {str(header.get('alg'))[:20]!r}, which is not allowed")
        if str(header.get("typ", "")).lower() not in {"at+jwt", "application/at+jwt"}:
            raise _refused("is not an access token (typ at+jwt)")
        key = await self._key(str(header.get("kid", "")))
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=list(ALGORITHMS),
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.ExpiredSignatureError:
            raise _refused("has expired; get a new one") from None
        except jwt.InvalidAudienceError:
            raise _refused(f"is not meant for {self.audience!r}") from None
        except jwt.InvalidIssuerError:
            raise _refused("comes from another issuer") from None
        except jwt.PyJWTError as error:
            raise _refused(f"is not valid: {error}") from None
        role = claims.get("plumbline_role")
        if role not in ROLES or role == "system":
            raise Problem(403, "no-role", "The account has no Plumbline role", "Ask the secretariat to assign one.")
        return Principal(
            subject=str(claims["sub"]),
            role=role,
            organisation=str(claims.get("plumbline_organisation") or ""),
            country=str(claims.get("plumbline_country") or ""),
            name=str(claims.get("name") or ""),
        )

    async def _key(self, kid: str) -> jwt.PyJWK:
        now = time.monotonic()
        if kid not in self._keys or now - self._fetched > _FRESH:
            async with self._lock:
                now = time.monotonic()
                stale = now - self._fetched > _FRESH
                if (kid not in self._keys or stale) and now - self._tried > _COOLDOWN:
                    self._tried = now
                    await self._fetch(now)
        try:
            return self._keys[kid]
        except KeyError:
            raise _refused("is signed with a key the issuer does not publish") from None

    async def _fetch(self, now: float) -> None:
        try:
            answer = await self._client.get(f"{self.issuer}/.well-known/openid-configuration")
            answer.raise_for_status()
            document = answer.json()
            if document.get("issuer") != self.issuer:
                raise ValueError("discovery names another issuer")
            answer = await self._client.get(document["jwks_uri"])
            answer.raise_for_status()
            keys = {k["kid"]: jwt.PyJWK(k) for k in answer.json()["keys"] if k.get("use", "sig") == "sig"}
        except (httpx.HTTPError, ValueError, KeyError, jwt.PyJWTError) as error:
            if now - self._fetched > _STALE:
                raise Problem(
                    503,
                    "issuer-unavailable",
                    "The sign-in service does not answer",
                    f"{type(error).__name__}; try again.",
                ) from None
            return
        self._keys, self._fetched = keys, now


async def principal(request: Request) -> Principal:
    """FastAPI dependency: the caller, from ``Authorization: Bearer``; 401 without a valid token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(
            401,
            "no-token",
            "A token is needed",
            "Send Authorization: Bearer <token>; plumbline token --as USER prints one.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    verifier: Verifier = request.app.state.verifier
    found = await verifier.verify(token.strip())
    audit.by(found)
    return found


def _refused(reason: str) -> Problem:
    return Problem(
        401,
        "token-refused",
        "The token is refused",
        f"The token {reason}.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )
