"""Every task by keys alone: focus is seen at each stop, nothing lies over it, and it comes in the order of reading."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.support.browser import visiting
from tests.support.gateway import Gateway, serving, someone
from tests.support.portfolio import everything
from tests.support.stack import free_port_base

from plumbline.stack import Stack

pytestmark = pytest.mark.browser

READER = someone("secretariat", "reader", name="A. Reader")
_MOST = 150  # stops to the farthest control of a page
# How far the outline stands out, and whether the point in the middle of what has the focus is its own.
_SEEN = """() => {
  const e = document.activeElement, b = e.getClientRects()[0];
  const lines = [e, e.closest('.seek') ?? e].map(a => getComputedStyle(a));
  const x = b.left + b.width / 2, y = b.top + b.height / 2, top = document.elementFromPoint(x, y);
  const inside = y >= 0 && y <= innerHeight && x >= 0 && x <= innerWidth;
  return {
    what: e.outerHTML.slice(0, 120),
    outline: Math.max(...lines.map(s => s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth))),
    covered: !inside || !top || !(e.contains(top) || top.contains(e) || top.closest('label')?.contains(e)),
  };
}"""


async def _reach(page: Page, wanted: Locator) -> None:
    """Press Tab until it is there; each stop on the way must be seen."""
    handle = await wanted.element_handle()
    for _ in range(_MOST):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            continue
        stop = await page.evaluate(_SEEN)
        assert stop["outline"] >= 2, stop
        assert not stop["covered"], stop
        if await page.evaluate("e => e === document.activeElement", handle):
            return
    raise AssertionError(f"{wanted} is not reached by Tab")


@pytest.fixture
async def own(stack: Stack) -> AsyncIterator[Gateway]:
    """A gateway of the test's own that knows its address, so that it takes its own forms."""
    port = free_port_base()
    async with serving(stack, listen=port, gateway_url=f"http://127.0.0.1:{port}") as gateway:
        await gateway.tell(*everything())
        yield gateway


async def test_a_project_is_found_kept_taken_away_and_read_by_keys(
    browser: Browser, own: Gateway, tmp_path: Path
) -> None:
    async with visiting(browser, own, READER) as visitor:
        page = visitor.page
        await visitor.open("/")

        # A slash, the words, a filter: the list narrows, and the address says how.
        await page.keyboard.press("/")
        await page.keyboard.type("judicail")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Projects")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await _reach(page, page.locator(".facets input[value=P2]"))
        await page.keyboard.press("Space")
        await _reach(page, page.get_by_role("button", name="Apply"))
        await page.keyboard.press("Enter")
        await page.wait_for_url("**pillar=P2**")

        # Keep it as a view.
        await _reach(page, page.locator("summary", has_text="Views"))
        await page.keyboard.press("Enter")
        await _reach(page, page.locator("#v-new"))
        await page.keyboard.type("Courts")
        await page.keyboard.press("Enter")
        await expect(page.locator(".menu a", has_text="Courts")).to_have_count(1)

        # Take it away as a file.
        await _reach(page, page.locator("summary", has_text="Export"))
        await page.keyboard.press("Enter")
        await _reach(page, page.locator("a[download]").first)
        async with page.expect_download() as coming:
            await page.keyboard.press("Enter")
        file = tmp_path / "projects.csv"
        await (await coming.value).save_as(file)
        assert "Sahel judicial cooperation hub" in file.read_text(encoding="utf-8-sig")

        # Open it, its figures of a period, and its history.
        await _reach(page, page.locator("tbody th a").first)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Sahel judicial cooperation hub")
        opened = page.locator("details", has_text="periods as a table").first
        await _reach(page, opened.locator("summary"))
        await page.keyboard.press("Enter")
        await expect(opened).to_have_attribute("open", "")
        await _reach(page, page.get_by_role("link", name=re.compile("All .* versions")))
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/history")
        assert visitor.complaints == []


async def test_a_reader_signs_out_everywhere_by_keys(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        page = visitor.page
        await visitor.open("/metrics")
        await _reach(page, page.get_by_role("link", name="A. Reader"))
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/account")
        await _reach(page, page.locator("form[action='/logout/everywhere'] button"))
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Signed out")
        await visitor.open("/metrics")
        await expect(page.locator("h1")).to_have_text("You are signed out")
