"""The inbox worked with: by keys, in two windows of one person, without a script, and by nobody else."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from tests.support.browser import sign_in
from tests.support.people import Entity, Person
from tests.support.waiting import until

from plumbline.stack import Stack

pytestmark = pytest.mark.browser


async def _signed_in(context: BrowserContext, person: Person) -> Page:
    page = await context.new_page()
    stack = person.stack
    await sign_in(page, stack.parts["portal-gateway"].address + "/inbox", person.user, stack.layout.secrets)
    await expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    return page


async def _live(page: Page) -> None:
    await expect(page.locator("[data-live]")).to_have_class(re.compile("is-on"))


async def test_messages_are_filed_here_and_seen_there(browser: Browser, system: Stack, entity: Entity) -> None:
    mine = Person.appear(system, entity.http, "secretariat")
    other = Person.appear(system, entity.http, "donor")
    answer = await entity.post([entity.project(), entity.indicator(), entity.observation("40")])
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    project = f"{entity.user}-P1"
    await mine.figure_of("M4", f"project:{project}", 400_000)

    context, stranger = await browser.new_context(), await browser.new_context()
    here, nobody = await _signed_in(context, mine), await _signed_in(stranger, other)
    complaints: list[str] = []
    here.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    here.on("pageerror", lambda e: complaints.append(str(e)))
    portal = system.parts["portal-gateway"].address

    # Ask on the figure's own page, from half a point on; it says so, there and in the list.
    figure = f"{portal}/metrics/M4?scope=project:{quote(project)}"
    await here.goto(figure)
    await here.get_by_text("Tell me when this changes").click()
    await here.locator(".subscribe select[name=min_change]").select_option("5000")
    await here.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(here).to_have_url(figure)
    await expect(here.locator(".note.done")).to_have_text("You will be told when this changes.")
    await expect(here.locator(".told")).to_contain_text("From half a point of change")
    await here.goto(f"{portal}/inbox/subscriptions")
    row = here.locator("tbody tr", has_text="Project effectiveness")
    await row.locator("summary").click()
    await row.locator("select[name=min_change]").select_option("10000")
    await row.get_by_role("button", name="Keep").click()
    await expect(row).to_contain_text("From 1 point of change")

    # Three messages come, and both windows show them.
    for n, value in enumerate(("75", "50", "60")):
        await entity.post(entity.observation(value, type_="observation.corrected.v1", revision=2 + n))

        async def told(wanted: int = n + 1) -> bool:
            return len(await mine.inbox()) == wanted

        await until(told, what=f"message {n + 1}")
    await here.goto(f"{portal}/inbox")
    there = await context.new_page()
    await there.goto(f"{portal}/inbox")
    await _live(here)
    await _live(there)
    await expect(there.locator("[data-m]")).to_have_count(3)
    last = await there.locator("[data-m]").first.get_attribute("data-m")
    twin = there.locator(f"[data-m='{last}']")
    count = there.locator("[data-unread]")
    await expect(count).to_have_text("3")

    # By keys: to the first, read it, archive it; the other window says so, and nothing moves there.
    await here.keyboard.press("j")
    await expect(here.locator(f"[data-m='{last}']")).to_be_focused()
    await here.keyboard.press("r")
    await expect(count).to_have_text("2")
    await expect(twin).not_to_have_class(re.compile("unread"))
    await expect(here.locator(f"[data-m='{last}']")).to_be_focused()
    await here.keyboard.press("e")
    await expect(here.locator(".note.done")).to_contain_text("1 message archived.")
    await expect(here.locator("[data-m]")).to_have_count(2)
    await expect(twin.locator("[data-m-state]")).to_have_text("Archived")
    await expect(there.locator("[data-m]").first).to_have_attribute("data-m", last or "")

    # Undone, it is back in both.
    await here.get_by_role("button", name="Undo").click()
    await expect(here.locator("[data-m]")).to_have_count(3)
    await expect(twin).not_to_have_class(re.compile("gone"))

    # Two chosen in one window are snoozed together.
    await here.locator("[data-m] input").nth(1).check()
    await here.locator("[data-m] input").nth(2).check()
    await here.get_by_text("Snooze", exact=True).click()
    await here.locator("#i-until").select_option("week")
    await here.get_by_role("button", name="Snooze those chosen").click()
    await expect(here.locator(".note.done")).to_contain_text("2 messages snoozed until")
    await expect(there.locator("[data-m-state]", has_text="Snoozed until")).to_have_count(2)
    await expect(count).to_be_hidden()

    # The list of keys, by a key; turned off, they rest.
    await here.keyboard.press("?")
    await expect(here.get_by_role("dialog", name="Keys")).to_be_visible()
    await here.get_by_role("button", name="Turn them off").click()
    await expect(here.locator(".note.done")).to_contain_text("Single keys are off.")
    await here.keyboard.press("j")
    await expect(here.locator("[data-m]").first).not_to_be_focused()

    # Without a script: those that are snoozed come back, and all is read.
    plain = await browser.new_context(java_script_enabled=False)
    await plain.add_cookies(await context.cookies())  # type: ignore[arg-type]
    page = await plain.new_page()
    await page.goto(f"{portal}/inbox?view=snoozed")
    for box in await page.locator("[data-m] input").all():
        await box.check()
    await page.get_by_role("group").get_by_role("button", name="Back to the inbox").click()
    await expect(page.locator(".note.done")).to_contain_text("2 messages are back in the inbox.")
    await page.goto(f"{portal}/inbox")
    await page.get_by_role("button", name="Mark all read").click()
    await expect(page.locator(".note.done")).to_contain_text("2 messages marked read.")
    await expect(page.locator("[data-m].unread")).to_have_count(0)
    await page.goto(f"{portal}/keys")
    await page.get_by_role("button", name="Turn them on").click()
    await expect(page.locator(".turn")).to_contain_text("Single keys are on")

    # Nobody else heard of any of it.
    await nobody.reload()
    await expect(nobody.locator("[data-m]")).to_have_count(0)
    assert complaints == []
    for used in (context, stranger, plain):
        await used.close()
