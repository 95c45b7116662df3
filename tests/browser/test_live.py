"""Figures change in place while a page is open, and end up exactly as the server would draw them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect
from tests.support.browser import visiting
from tests.support.gateway import Gateway, figure, message, serving, someone
from tests.support.stack import fresh_database

from plumbline.stack import Stack

pytestmark = pytest.mark.browser

READER = someone("secretariat", "reader", name="A. Reader")
METRIC = "/metrics/M4?scope=pillar:P2"


@pytest.fixture
async def own(stack: Stack) -> AsyncIterator[Gateway]:
    """A gateway that this test alone changes."""
    async with serving(stack) as gateway:
        await gateway.tell(figure("pillar:P1", 583_000), figure(value=649_007, previous=655_000))
        yield gateway


def _value(page: Page) -> object:
    return page.locator("[data-k='M4|pillar:P2'] [data-f=value]").first


async def test_a_change_is_seen_within_a_second_and_drawn_as_the_server_draws_it(
    browser: Browser, own: Gateway
) -> None:
    changes = (
        {"value": 701_000, "lower": 520_000, "upper": 760_000, "previous": 649_007},
        {"value": 561_000, "state": "PROVISIONAL", "previous": 701_000, "coverage": {"observed": 5, "expected": 9}},
        {"value": None, "lower": 20_000, "upper": 990_000, "previous": 561_000},
        {"value": 930_000, "lower": 900_000, "upper": 930_000, "previous": None},
    )
    async with visiting(browser, own, READER) as visitor:
        for path in ("/", METRIC, "/metrics?metric=M4"):
            await visitor.open(path)
            await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))
            for change in changes:
                revision = 2 + int(await visitor.page.evaluate("document.body.dataset.seq"))
                await own.tell(figure(**{**change, "revision": revision + 1000}))
                shown = "Withheld" if change["value"] is None else f"{change['value'] / 10_000:.1f}"
                await expect(_value(visitor.page)).to_have_text(shown)
                patched = await _drawn(visitor.page)
                await visitor.page.reload(wait_until="load")
                await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))
                assert patched == await _drawn(visitor.page), (path, change)
        assert visitor.complaints == []


async def test_the_words_follow_the_figure_without_a_reload(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        await visitor.open(METRIC)
        await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))
        sentence = visitor.page.locator("[data-server=sentence]")
        await expect(sentence).to_contain_text("64.9%")
        await own.tell(figure(value=701_000, previous=649_007, revision=2000))
        await expect(sentence).to_contain_text("70.1%")
        await expect(visitor.page.locator(".old")).to_have_count(0)
        await own.tell(figure(value=702_000, previous=701_000, revision=2001))
        await expect(visitor.page.locator(".old").first).to_be_visible()
        await expect(sentence).to_contain_text("70.2%")
        assert visitor.complaints == []


async def _drawn(page: Page) -> list[str]:
    """Every mark and word of the figure, less what only says that it has just changed, or when."""
    return [
        str(line)
        for line in await page.evaluate(
            """[...document.querySelectorAll("[data-k='M4|pillar:P2']")].flatMap(root =>
               [...root.querySelectorAll('[data-f], [data-g], [data-g] text')].map(e => {
                 if (e.closest('time') || ['age', 'at', 'revision'].includes(e.dataset.f)) return '';
                 const places = ['x', 'x1', 'x2', 'width', 'text-anchor', 'href'].map(n => e.getAttribute(n) ?? '');
                 const seen = (e.querySelector('.m-mark') ?? e).checkVisibility();
                 const still = e.dataset.g === 'value' || e.dataset.g === 'previous';
                 const text = e.children.length || !seen ? '' : e.textContent;
                 return [e.dataset.f, e.dataset.g, seen, ...(seen || !still ? places : []), text].join('|');
               }))"""
        )
        if line
    ]


async def test_pause_holds_everything_and_counts(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        await visitor.open(METRIC)
        page = visitor.page
        await expect(page.locator("[data-live]")).to_have_class(re.compile("is-on"))
        await page.get_by_role("button", name="Pause").click()
        await own.tell(figure(value=500_000, revision=2))
        await expect(page.locator("[data-live-text]")).to_have_text("Paused, 1 update waits")
        await expect(_value(page)).to_have_text("64.9")
        await page.get_by_role("button", name="Go on").click()
        await expect(_value(page)).to_have_text("50.0")
        await expect(page.locator("[data-pill=figure]")).to_be_visible()


async def test_one_sentence_tells_a_screen_reader(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        await visitor.open(METRIC)
        await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))
        await own.tell(figure(value=500_000, revision=2))
        said = visitor.page.locator("[data-said]")
        await expect(said).to_have_text("Project effectiveness, Pillar II: 50.0%")
        for revision in range(3, 9):
            await own.tell(figure(value=500_000 + revision * 1000, revision=revision))
        await expect(_value(visitor.page)).to_have_text("50.8")
        await expect(said).to_have_text("Project effectiveness, Pillar II: 50.0%")  # ten seconds are not over


async def test_a_message_is_counted_and_the_list_does_not_move(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        await visitor.open("/inbox")
        await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))
        await own.tell(message("n1", "reader"), message("n2", "somebody-else"))
        await expect(visitor.page.locator("[data-unread]")).to_have_text("1")
        await expect(visitor.page.locator("[data-pill=notification]")).to_be_visible()
        assert await visitor.page.locator("main .list li").count() == 0


async def test_a_page_catches_up_when_the_server_was_away(browser: Browser, stack: Stack) -> None:
    database = await fresh_database(stack, "portal_gateway")
    async with serving(stack, database) as first:
        await first.tell(figure(value=649_007))
        port = int(first.address.rsplit(":", 1)[1])
        async with visiting(browser, first, READER) as visitor:
            await visitor.open(METRIC)
            await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))
            await first.stop()
            await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-off"))
            await expect(visitor.page.locator("[data-live-text]")).to_contain_text("Reconnecting")
            await first.tell(figure(value=500_000, revision=2))
            async with serving(stack, database, listen=port):
                await expect(_value(visitor.page)).to_have_text("50.0")
                await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))


async def test_a_slash_leads_to_the_search(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        await visitor.open("/metrics")
        await visitor.page.keyboard.press("/")
        await expect(visitor.page.locator("#seek")).to_be_focused()
        await visitor.page.keyboard.type("a/b")
        await expect(visitor.page.locator("#seek")).to_have_value("a/b")


async def test_the_first_key_leads_past_the_navigation(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        await visitor.open("/")
        await visitor.page.keyboard.press("Tab")
        await expect(visitor.page.locator(".skip")).to_be_focused()
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.page.locator("main")).to_be_focused()


@pytest.mark.parametrize("mode", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}, {"color_scheme": "dark"}])
async def test_the_figure_is_there_in_every_mode(browser: Browser, own: Gateway, mode: dict[str, str]) -> None:
    async with visiting(browser, own, READER, **mode) as visitor:
        await visitor.open(METRIC)
        await visitor.picture(f"mode-{'-'.join(mode.values())}")
        await expect(_value(visitor.page)).to_be_visible()
        assert visitor.complaints == []


async def test_on_paper_controls_are_gone_and_the_address_is_there(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        await visitor.open(METRIC)
        await visitor.page.emulate_media(media="print")
        await visitor.picture("print-metric")
        await expect(visitor.page.locator(".nav")).to_be_hidden()
        await expect(visitor.page.get_by_role("button", name="Pause")).to_be_hidden()
        await expect(visitor.page.locator(".print")).to_contain_text("/metrics/M4?scope=pillar:P2")


async def test_a_page_asks_for_what_it_shows_however_long_its_lists_are(browser: Browser, own: Gateway) -> None:
    async with visiting(browser, own, READER) as visitor:
        asked: list[str] = []
        visitor.page.on("request", lambda request: asked.append(request.url) if "/stream?" in request.url else None)
        await visitor.open("/metrics?metric=M4")
        await expect(visitor.page.locator("[data-live]")).to_have_class(re.compile("is-on"))
        (address,) = asked
        assert parse_qs(urlsplit(address).query)["figure"] == ["M4|pillar:P1", "M4|pillar:P2"]
        written = await visitor.page.evaluate(
            """async () => {
              const add = (key) => document.querySelector('main').append(
                Object.assign(document.createElement('i'), {id: key}));
              for (let n = 0; n < 300; n += 1) add(`M1|indicator:XM-T-LONG-NAME-OF-A-PROJECT|${n}`);
              for (let n = 0; n < 60; n += 1) add(`M4|project:XM-T-LONG-NAME-OF-A-PROJECT-${n}`);
              for (const e of document.querySelectorAll('main i[id]')) e.dataset.k = e.id;
              const script = document.querySelector('script[src*="/static/"]').src;
              return (await import(script.replace(/[^/]+$/, 'watched.js'))).watched();
            }"""
        )
        figures = parse_qs(written)["figure"]
        assert len(written) <= 6000
        assert "M1|indicator:XM-T-LONG-NAME-OF-A-PROJECT|*" in figures
        assert "M4|project:XM-T-LONG-NAME-OF-A-PROJECT-59" in figures
        assert {"M4|pillar:P1", "M4|pillar:P2"} <= set(figures)
        assert visitor.complaints == []
