"""A digest asked for, seen while it waits, read and stopped; hours of quiet kept. In a phone's window, and by forms."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.support.browser import Visitor, sign_in
from tests.support.people import Entity, Person
from tests.support.waiting import until

from plumbline.stack import Stack

pytestmark = pytest.mark.browser


async def test_a_digest_is_asked_for_waits_comes_and_is_stopped(
    browser: Browser, system: Stack, entity: Entity
) -> None:
    mine = Person.appear(system, entity.http, "secretariat")
    answer = await entity.post([entity.project(), entity.indicator(), entity.observation("40")])
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    project = f"{entity.user}-P1"
    await mine.figure_of("M4", f"project:{project}", 400_000)
    portal = system.parts["portal-gateway"].address
    subscriptions = f"{portal}/inbox/subscriptions"

    # Asked on the figure's page, each morning; the browser says where that is.
    context = await browser.new_context(viewport={"width": 320, "height": 900}, timezone_id="Africa/Nairobi")
    page = await context.new_page()
    await sign_in(page, portal + "/inbox", mine.user, system.layout.secrets)
    visitor = Visitor(context, page, portal)
    await page.goto(f"{portal}/metrics/M4?scope=project:{quote(project)}")
    await page.get_by_text("Tell me when this changes").click()
    await page.get_by_label("How often").select_option("daily")
    assert await visitor.sideways() <= 0
    await page.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(page.locator(".told")).to_contain_text("Every morning, in one message")

    # What changes waits, with where it began and where it is now.
    for n, value in enumerate(("75", "50")):
        await entity.post(entity.observation(value, type_="observation.corrected.v1", revision=2 + n))
        await mine.figure_of("M4", f"project:{project}", int(value) * 10_000)

    async def waits() -> bool:
        digest = (await mine.get("notifier", "/v1/digest"))["digest"]
        return bool(digest) and "50.0%, was 40.0%" in digest["lines"][0]["title"]

    await until(waits, what="what waits")
    assert await mine.inbox() == []
    await page.goto(subscriptions)
    await expect(page.get_by_role("region", name="What waits")).to_contain_text("50.0%, was 40.0%")
    await expect(page.get_by_label("Time zone")).to_have_value("Africa/Nairobi")

    # Without a script: told at once from now on, so what waited comes; read, and stopped from the message itself.
    plain = await browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 900})
    await plain.add_cookies(await context.cookies())  # type: ignore[arg-type]
    still = await plain.new_page()
    await still.goto(subscriptions)
    row = still.locator("tbody tr")
    await row.locator("summary").click()
    await row.locator("select[name=pace]").select_option("instant")
    await row.get_by_role("button", name="Keep").click()
    await expect(still.locator(".note.done")).to_have_text("The subscription was changed.")

    async def told() -> bool:
        return len(await mine.inbox()) == 1

    await until(told, what="the digest")
    for language in ("ar", "en"):
        await page.goto(f"{portal}/inbox?lang={language}")
        await visitor.picture(f"digest-{language}-narrow")
        assert [await visitor.sideways(), await visitor.accessibility_faults()] == [0, []]
    await still.goto(f"{portal}/inbox")
    line = still.locator(".told-of li")
    await expect(line).to_contain_text("50.0%, was 40.0%")
    await expect(line.get_by_role("link")).to_have_attribute("href", f"/metrics/M4?scope=project%3A{quote(project)}")
    await still.get_by_role("button", name="Stop telling me").click()
    await expect(still.locator(".note.done")).to_contain_text("You are not told of this any more.")

    # The hours, by keys alone; they stay as they were kept.
    await page.goto(subscriptions)
    await expect(page.get_by_text("No subscription yet.")).to_be_visible()
    await page.get_by_label("Quiet from").fill("22:00")
    await page.get_by_label("Quiet until").fill("06:30")
    await page.get_by_label("Sunday").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".note.done")).to_have_text("Your hours were kept.")
    for language in ("ar", "en"):
        await page.goto(f"{subscriptions}?lang={language}")
        await visitor.picture(f"hours-{language}-narrow")
        assert [await visitor.sideways(), await visitor.accessibility_faults()] == [0, []]
    await expect(page.get_by_label("Quiet until")).to_have_value("06:30")
    await expect(page.get_by_label("Sunday")).not_to_be_checked()
    await expect(page.get_by_label("Monday")).to_be_checked()
    await page.set_viewport_size({"width": 1440, "height": 900})
    await visitor.picture("hours-en")
    assert visitor.complaints == []
    for used in (context, plain):
        await used.close()
