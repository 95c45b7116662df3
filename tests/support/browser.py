"""A real browser at the portal's door: signed in, and listening for everything a strict policy would refuse."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright, expect
from tests.support.gateway import Gateway

from plumbline.stack.issuer.registry import user_secret
from plumbline.stack.layout import Secrets
from runtime.access import Principal

expect.set_options(timeout=30_000)  # a wait ends as soon as it may; Playwright's five seconds tell of the machine

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """The system's Chromium or Chrome; Playwright's own where there is none."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path,
            args=["--disable-lcd-text", *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])],
        )
        yield browser
        await browser.close()


class Visitor:
    """One person in one window. ``complaints`` is what the browser refused or could not do."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context, self.page, self.address = context, page, address
        self.complaints: list[str] = []
        self._has_axe = False
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", self._said)

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"} and "favicon" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.complaints.append(f"another origin: {request.url}")

    async def open(self, path: str) -> None:
        """Go to a page of the portal."""
        await self.page.goto(self.address + path, wait_until="load")

    async def picture(self, name: str) -> None:
        """Keep a picture of the whole page where PLUMBLINE_SHOTS names a folder."""
        folder = os.environ.get("PLUMBLINE_SHOTS")
        if folder:
            await self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)

    async def counting(self) -> Counter[str]:
        """How many bytes each answer takes from now on as it goes over the wire, by path; nothing is from a cache."""
        sent: Counter[str] = Counter()
        paths: dict[str, str] = {}
        session = await self.context.new_cdp_session(self.page)
        session.on("Network.requestWillBeSent", lambda e: paths.update({e["requestId"]: e["request"]["url"]}))
        session.on(
            "Network.loadingFinished",
            lambda e: sent.update({paths[e["requestId"]].removeprefix(self.address): round(e["encodedDataLength"])}),
        )
        await session.send("Network.enable")
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        return sent

    async def accessibility_faults(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 A and AA and good practice; it is served from the portal's origin."""
        if not self._has_axe:
            await self.context.route(
                "**/axe.min.js", lambda route: route.fulfill(body=_axe(), content_type="text/javascript")
            )
            self._has_axe = True
        await self.page.add_script_tag(url=f"{self.address}/axe.min.js")
        found = await self.page.evaluate(
            """axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
                        resultTypes: ['violations']})"""
        )
        return [
            f"{v['id']}: {v['help']}: " + "; ".join(node["html"][:120] for node in v["nodes"][:3])
            for v in found["violations"]
        ]

    async def sideways(self) -> int:
        """How many px the page is wider than its window."""
        wide, window = await self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        return int(wide - window)


@asynccontextmanager
async def visiting(
    browser: Browser, gateway: Gateway, who: Principal | None, *, width: int = 1440, **more: Any
) -> AsyncIterator[Visitor]:
    """A window of a person who is signed in, or of a stranger."""
    context = await browser.new_context(viewport={"width": width, "height": 900}, **more)
    if who is not None:
        name = await gateway.signed_in(who)
        await context.add_cookies(
            [{"name": "plumbline_session", "value": name, "url": gateway.address, "httpOnly": True, "sameSite": "Lax"}]
        )
    yield Visitor(context, await context.new_page(), gateway.address)
    await context.close()


async def sign_in(page: Page, address: str, user: str, secrets: Secrets) -> None:
    """Sign in at the issuer's own page, as a person of the embedded stack does; lands at ``address``'s path."""
    await page.goto(address)
    await page.locator("main form button").click()
    await page.locator("input[name=user]").fill(user)
    await page.locator("input[name=password]").fill(secrets.read(user_secret(user)))
    await page.get_by_role("button").first.click()
    await page.wait_for_url(address)


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
