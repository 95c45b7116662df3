"""Every page in a real browser: nothing refused by the policy, nothing axe-core finds, no sideways scroll."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect
from tests.support.browser import Visitor, visiting
from tests.support.gateway import Gateway, someone
from tests.support.portfolio import HUB

pytestmark = pytest.mark.browser

READER = someone("secretariat", "reader", name="A. Reader")
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
    "project": f"/projects/{quote(HUB, safe='')}",
    "project-empty": "/projects/XM-T-3",
    "project-history": f"/projects/{quote(HUB, safe='')}/history",
    "project-versions": f"/projects/{quote(HUB, safe='')}/versions?part=observation%7Cdays%7C2024-01-01%7C2024-12-31%7C1%7C",
    "project-beside": f"/projects/{quote(HUB, safe='')}/beside?other=XM-T-2",
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
    "about": "/about",
    "docs": "/api/v1/docs",
    "nothing": "/projects/nowhere",
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_sound(browser: Browser, portal: Gateway, name: str) -> None:
    async with visiting(browser, portal, READER) as visitor:
        await _look_at(visitor, name, "light")
        assert await visitor.accessibility_faults() == []


@pytest.mark.parametrize("name", ["overview", "metric", "project", "receipt"])
async def test_a_page_is_sound_in_the_dark(browser: Browser, portal: Gateway, name: str) -> None:
    async with visiting(browser, portal, READER, color_scheme="dark") as visitor:
        await _look_at(visitor, name, "dark")
        assert await visitor.accessibility_faults() == []


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_a_narrow_screen(browser: Browser, portal: Gateway, name: str) -> None:
    async with visiting(browser, portal, READER, width=320) as visitor:
        await _look_at(visitor, name, "narrow")


async def _look_at(visitor: Visitor, name: str, mode: str) -> None:
    await visitor.open(PAGES[name])
    await expect(visitor.page.locator("h1")).to_have_count(1)
    await visitor.picture(f"{name}-{mode}")
    assert await visitor.sideways() <= 0
    assert [c for c in visitor.complaints if not (name == "nothing" and "404" in c)] == []


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
