"""Every page in every language: nothing refused by the policy, nothing axe-core finds, no sideways scroll, light."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect
from tests.support.browser import Visitor, visiting
from tests.support.gateway import Gateway, someone
from tests.support.portfolio import HUB

from portal_gateway.web.catalogues import spoken

pytestmark = pytest.mark.browser

READER = someone("secretariat", "reader", name="A. Reader")
OPERATOR = someone("operator", "operator", name="An Operator")
HEAVIEST = 100_000
"""Bytes of a first view as they go over the wire: the page, its style, scripts and drawings."""
_HUB = quote(HUB, safe="")
PAGES = {
    "overview": "/",
    "metrics": "/metrics",
    "metrics-list": "/metrics?metric=M4&kind=pillar&q=Pillar",
    "metric-dates": "/metrics/M4?scope=pillar:P2&than_known=2026-06-30",
    "metric": "/metrics/M4?scope=pillar:P2",
    "metric-withheld": "/metrics/M4?scope=pillar:P4",
    "metric-m1": f"/metrics/M1?scope={quote(f'indicator:{HUB}|days', safe='')}",
    "metric-m7": "/metrics/M7?scope=global",
    "projects": "/projects",
    "projects-found": "/projects?q=judicail",
    "projects-none": "/projects?q=zzzz",
    "projects-narrowed": "/projects?status=2&region=002&ids=XM-T-2%0AXM-T-404&view=table",
    "projects-timeline": "/projects?view=timeline",
    "projects-map": "/projects?view=map",
    "project": f"/projects/{_HUB}",
    "project-empty": "/projects/XM-T-3",
    "project-history": f"/projects/{_HUB}/history",
    "project-versions": f"/projects/{_HUB}/versions?part=observation%7Cdays%7C2024-01-01%7C2024-12-31%7C1%7C",
    "project-beside": f"/projects/{_HUB}/beside?other=XM-T-2",
    "map": "/map",
    "entities": "/entities",
    "entity": "/entities/XM-T",
    "countries": "/countries?region=011",
    "country": "/countries/ML",
    "region": "/regions/011",
    "pillar": "/pillars/P2",
    "inbox": "/inbox",
    "inbox-none": "/inbox?view=archived&q=nothing",
    "subscriptions": "/inbox/subscriptions",
    "keys": "/keys",
    "receipts": "/receipts",
    "receipt": "/receipts/S-HUB",
    "account": "/account",
    "about": "/about",
    "docs": "/api/v1/docs",
    "nothing": "/projects/nowhere",
}
LOOK = frozenset({"overview", "projects-found", "project", "metric", "entity"})
"""The pages that differ most from one language to another; a long run reads them all by axe-core in each."""
_HIDDEN_PLACES = """[...document.querySelectorAll('.nav a')].filter(a => {
  const b = a.getBoundingClientRect(); return b.left < 0 || b.right > innerWidth; }).map(a => a.textContent)"""
OPERATORS = {"operations": "/operations", "audit": "/operations/audit"}


@pytest.mark.parametrize("language", spoken())
async def test_every_page_is_sound(browser: Browser, portal: Gateway, language: str) -> None:
    assert await _faulty(browser, portal, language, by_axe=None if language == "en" else LOOK) == {}


@pytest.mark.long
@pytest.mark.parametrize("language", spoken())
async def test_every_page_is_read_by_axe(browser: Browser, portal: Gateway, language: str) -> None:
    assert await _faulty(browser, portal, language, by_axe=None) == {}


async def _faulty(
    browser: Browser, portal: Gateway, language: str, by_axe: frozenset[str] | None
) -> dict[str, list[str]]:
    async with visiting(browser, portal, READER) as visitor:
        faults = await _faults(visitor, PAGES, language, by_axe)
    async with visiting(browser, portal, OPERATOR) as visitor:
        return faults | await _faults(visitor, OPERATORS, language, by_axe)


async def _faults(
    visitor: Visitor, pages: dict[str, str], language: str, by_axe: frozenset[str] | None
) -> dict[str, list[str]]:
    """What is wrong with each page: read wide by axe-core (all, or those named), then looked at in a narrow window."""
    found: dict[str, list[str]] = {}
    sent = await visitor.counting()
    await visitor.open(f"/about?lang={language}")
    for name, path in pages.items():
        visitor.complaints.clear()
        sent.clear()
        await visitor.page.set_viewport_size({"width": 1440, "height": 900})
        await visitor.open(path)
        faults = [f"{sum(sent.values()):,} bytes: {sent}"] if sum(sent.values()) > HEAVIEST else []
        heads = await visitor.page.locator("h1").count()
        spoke = await visitor.page.evaluate("[document.documentElement.lang, document.dir]")
        if heads != 1 or spoke != [language, "rtl" if language == "ar" else "ltr"]:
            faults.append(f"{heads} h1, speaks {spoke}")
        await visitor.picture(f"{name}-{language}")
        if by_axe is None or name in by_axe:
            faults += await visitor.accessibility_faults()
        wide = await visitor.sideways()
        await visitor.page.set_viewport_size({"width": 320, "height": 900})
        hidden = await visitor.page.evaluate(_HIDDEN_PLACES)
        if hidden:
            faults.append(f"out of view at 320: {hidden}")
        narrow = await visitor.sideways()
        if max(wide, narrow) > 0:
            faults.append(f"{wide} px too wide at 1440, {narrow} at 320")
        await visitor.picture(f"{name}-{language}-narrow")
        faults += [c for c in visitor.complaints if not (name == "nothing" and "404" in c)]
        if faults:
            found[name] = faults
    return found


@pytest.mark.parametrize("name", ["overview", "metric", "project", "receipt"])
async def test_a_page_is_sound_in_the_dark(browser: Browser, portal: Gateway, name: str) -> None:
    async with visiting(browser, portal, READER, color_scheme="dark") as visitor:
        await visitor.open(PAGES[name])
        await visitor.picture(f"{name}-dark")
        assert await visitor.accessibility_faults() == []
        assert visitor.complaints == []


@pytest.mark.parametrize("name", ["overview", "metric", "project", "receipt", "inbox"])
async def test_a_page_can_be_read_without_a_script(browser: Browser, portal: Gateway, name: str) -> None:
    async with visiting(browser, portal, READER, java_script_enabled=False) as visitor:
        await visitor.open(PAGES[name])
        text = await visitor.page.locator("main").inner_text()
        wanted = {
            "overview": ["58.3", "Withheld", "41.2% known", "USD 77.5 m"],
            "metric": ["64.9", "76.4% known", "worst case", "By budget: 58.7"],
            "project": ["72.8", "Median days", "lower is better", "Due, not reported", "3.38", "Bureau of Tests"],
            "receipt": ["31 of 126", "iati:6.6.2", "line 1,482", "Keep one of the two"],
            "inbox": ["64.9%, was 65.5%", "Mark read"],
        }[name]
        assert [part for part in wanted if part not in text] == []


async def test_the_sign_in_page_is_sound(browser: Browser, portal: Gateway) -> None:
    async with visiting(browser, portal, None) as visitor:
        await visitor.open("/metrics")
        await expect(visitor.page.locator("h1")).to_have_text("Sign in")
        await visitor.picture("login")
        assert await visitor.accessibility_faults() == []
        assert visitor.complaints == []
