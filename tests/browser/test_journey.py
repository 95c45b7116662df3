"""The main job, watched in a browser: what an entity publishes changes the page, the inbox, and can be explained."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.support.browser import sign_in
from tests.support.people import Entity, Person

from plumbline.stack import Stack

pytestmark = pytest.mark.browser


async def test_what_is_published_is_seen_told_and_explained(browser: Browser, system: Stack, entity: Entity) -> None:
    secretariat = Person(system, "secretariat", entity.http)
    answer = await entity.post([entity.project(), entity.indicator(), entity.observation("40")])
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    project = f"{entity.user}-P1"
    await secretariat.figure_of("M4", f"project:{project}", 400_000)

    context = await browser.new_context()
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    portal = system.parts["portal-gateway"].address
    await sign_in(page, f"{portal}/", "secretariat", system.layout.secrets)

    # Ask to be told about the project, by the form.
    await page.goto(f"{portal}/inbox?about=project&value={quote(project)}")
    await page.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(page.get_by_role("button", name=re.compile("Unsubscribe.*Border management"))).to_be_visible()

    # Watch the figure while its entity corrects the value.
    await page.goto(f"{portal}/metrics/M4?scope=project:{quote(project)}")
    value = page.locator(".hero [data-f=value]")
    await expect(value).to_have_text("40.0")
    await expect(page.locator("[data-live]")).to_have_class(re.compile("is-on"))
    await entity.post(entity.observation("75", type_="observation.corrected.v1", revision=2))
    await expect(value).to_have_text("75.0")
    await expect(page.locator("[data-unread]")).not_to_have_text("0")

    # Follow the line down to the event.
    await page.get_by_role("link", name="Show the new path").click()
    path = page.locator(".path").first
    await expect(path).to_contain_text("(75 − 0) ÷ (100 − 0)")
    await expect(path).to_contain_text("observation.corrected.v1")

    # What it was on another day stands beside it, and what was revised since.
    await page.locator("#f-than-valid").fill("2024-06-30")
    await page.locator("#past").get_by_role("button", name="Show").click()
    past = page.locator("#past")
    await expect(past.locator("tbody tr").first).to_contain_text("Not applicable")
    await expect(past.locator("tbody tr").nth(1)).to_contain_text("75.0")
    await page.locator("#f-than-valid").fill(str(date.today()))
    await page.locator("#past").get_by_role("button", name="Show").click()
    await expect(past.locator(".path")).to_contain_text("(75 − 0) ÷ (100 − 0)")
    await page.goto(f"{portal}/metrics/M4?scope=project:{quote(project)}&than_known={date.today() - timedelta(days=1)}")
    await expect(past).to_contain_text("Nothing was known of this figure by then.")

    # The message says why it came, leads to the figure, and is read once.
    await page.goto(f"{portal}/inbox")
    mine = page.locator(".list li", has_text="75.0%").first
    await expect(mine).to_contain_text("You asked for")
    await mine.get_by_role("button", name=re.compile("Mark read")).click()
    await expect(page).to_have_url(re.compile("/inbox$"))

    # An entity's receipt is on its page; a donor does not see it.
    await page.goto(f"{portal}/receipts")
    await expect(page.locator("tbody")).to_contain_text(entity.user)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("h1")).to_have_text("You are signed out")
    await sign_in(page, f"{portal}/", "donor", system.layout.secrets)
    await page.goto(f"{portal}/receipts")
    await expect(page.locator("main")).to_contain_text("No submission that you may read")
    assert complaints == []
    await context.close()
