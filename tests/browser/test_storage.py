"""What a browser holds of the portal while somebody reads: a cookie that no script sees, and nothing else."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser
from tests.support.browser import visiting
from tests.support.gateway import Gateway, someone

pytestmark = pytest.mark.browser

_HELD = """async () => ({
  local: Object.entries(localStorage), session: Object.entries(sessionStorage), cookie: document.cookie,
  databases: (await indexedDB.databases()).map((d) => d.name), caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""


async def test_a_browser_keeps_no_token_and_no_record(browser: Browser, portal: Gateway) -> None:
    async with visiting(browser, portal, someone("secretariat", "keeps-nothing")) as visitor:
        (given,) = [c for c in await visitor.context.cookies() if c["name"] == "plumbline_session"]
        for path in (
            "/",
            "/projects?q=hub",
            "/projects/XM-T-HUB/0417",
            "/metrics/M4?scope=pillar:P2",
            "/inbox",
            "/account",
        ):
            await visitor.open(path)
            held = await visitor.page.evaluate(_HELD)
            assert held == {
                "local": [], "session": [], "cookie": "", "databases": [], "caches": [], "workers": 0,
            }, path  # fmt: skip
            text = await visitor.page.content()
            assert "a-token-of-nobody" not in text, "the access token"
            assert given["value"] not in text, "the session's name"
        for cookie in await visitor.context.cookies():
            assert cookie["httpOnly"], cookie["name"]
            assert cookie["sameSite"] == "Lax", cookie["name"]
