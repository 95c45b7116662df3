"""Which language a page is in: as its reader asks, in the address, by a cookie or by the browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from babel.core import negotiate_locale
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_gateway.api.caller import bound, secure
from portal_gateway.domain.speech.language import SOURCE, speaking
from portal_gateway.web.catalogues import catalogue, spoken

_LANG: Final = "lang"


class Speaking:
    """Every page in the reader's language: as asked for in the address, which is kept in a cookie, or as the browser
    asks. A language that is not spoken yet is passed over.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        chosen = request.query_params.get("lang", "")

        async def remembered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Language"] = code
                if chosen == code:
                    name = bound(request.app.state.settings, _LANG)
                    said = f"{name}={code}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
                    headers.append("Set-Cookie", said + ("; Secure" if secure(request.app.state.settings) else ""))
            await send(message)

        with as_asked(request) as code:
            await self._app(scope, receive, remembered)


@contextmanager
def as_asked(request: Request) -> Iterator[str]:
    """Speak the language this request asks for; its code."""
    chosen = request.query_params.get("lang", "")
    code = chosen if chosen in spoken() else _wanted(request)
    with speaking(code, catalogue(code)):
        yield code


def _wanted(request: Request) -> str:
    kept = request.cookies.get(bound(request.app.state.settings, _LANG), "")
    if kept in spoken():
        return kept
    return negotiate_locale(_preferred(request.headers.get("accept-language", "")), list(spoken()), sep="-") or SOURCE


def _preferred(header: str) -> list[str]:
    """The languages of Accept-Language (RFC 9110 §12.5.4), the most wanted first; what cannot be read is left out."""
    found: list[tuple[float, int, str]] = []
    for part in header[:500].split(","):
        name, _, quality = part.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if name.strip() and weight > 0:
            found.append((-weight, len(found), name.strip()))
    return [name for *_, name in sorted(found)]
