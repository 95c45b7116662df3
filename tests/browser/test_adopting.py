"""What an entity's page offers: a reading previewed, taken on with one button, and withdrawn without a trace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.support.browser import sign_in
from tests.support.people import Entity, Person

from plumbline.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
async def entity(system: Stack, http: httpx.AsyncClient) -> AsyncIterator[Entity]:
    """An entity of this test's own, which writes ascending="0" on everything that rises."""
    made = await Entity.register(system, http)
    said = [made.project()]
    for n in range(12):
        name = f"I{n:02d}"
        said += [made.indicator(indicator=name, ascending=False), made.observation("50", indicator=name)]
    answer = await made.post(said)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    yield made
    await made.retire()


async def _sign_in(browser: Browser, stack: Stack, user: str) -> Page:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, stack.parts["portal-gateway"].address + "/", user, stack.layout.secrets)
    return page


async def test_a_reading_is_previewed_adopted_and_withdrawn(browser: Browser, system: Stack, entity: Entity) -> None:
    secretariat = Person(system, "secretariat", entity.http)
    donor = Person.appear(system, entity.http, "donor")
    scope, address = f"entity:{entity.user}", f"{system.parts['portal-gateway'].address}/entities/{entity.user}"
    await secretariat.figure_of("M4", scope, None)

    page = await _sign_in(browser, system, donor.user)
    await page.goto(address)
    box = page.locator(".adopt")
    await expect(box).to_contain_text("Direction read from baseline and target")
    await expect(box).to_contain_text("The entity itself adopts a reading, or the secretariat in its name.")
    assert await box.get_by_role("button").count() == 0
    await page.context.close()

    page = await _sign_in(browser, system, "secretariat")
    await page.goto(address)
    await expect(box_of(page)).to_contain_text("0 of 12 indicators can be scored now, 12 then.")
    await expect(box_of(page).locator("tbody tr").nth(1)).to_contain_text("50.0")
    await page.get_by_role("button", name="Adopt for").click()
    await expect(page.locator("#adopt [role=status]")).to_contain_text("The reading is taken on.")
    await secretariat.figure_of("M4", scope, 500_000)
    await page.goto(address)
    await expect(page.locator("#adopt")).to_contain_text("Adopted: Direction read from baseline and target.")

    await page.get_by_role("button", name="Withdraw for").click()
    await expect(page.locator("#adopt [role=status]")).to_contain_text("The reading is withdrawn.")
    await secretariat.figure_of("M4", scope, None)
    await page.context.close()


def box_of(page: Page) -> Locator:
    """The box of the decision."""
    return page.locator(".adopt").first
