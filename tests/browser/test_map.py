"""The map in a real browser: walked through by keyboard, read without a script, never mirrored."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect
from tests.support.browser import visiting
from tests.support.gateway import Gateway, figure, serving, someone
from tests.support.portfolio import everything

from plumbline.stack import Stack
from portal_gateway.web.catalogues import spoken

pytestmark = pytest.mark.browser

READER = someone("donor", "reader", name="A. Reader")
STATES = {
    "ML": 649_007, "NE": 200_000, "KE": 512_000, "IQ": 810_000, "PH": 380_000, "UZ": 90_000, "BR": 450_000,
    "TV": 700_000, "MV": 300_000, "MT": 530_000, "FJ": 610_000, "SG": 950_000, "ID": 340_000, "NG": 480_000,
    "FR": 870_000, "VA": 410_000, "RU": 150_000, "KI": 550_000,
}  # fmt: skip


@pytest.fixture(scope="module")
async def atlas(stack: Stack) -> AsyncIterator[Gateway]:
    """A gateway with figures of some countries, one of them withheld from a donor."""
    async with serving(stack) as found:
        shown = [figure(f"country:{c}", v, projects=1 + v // 9_000) for c, v in STATES.items()]
        kept = figure("country:SO", classification="compact", withheld="small-cell", flags=["SMALL_CELL"])
        await found.tell(*everything(), *shown, kept, figure("country:TD", None), figure("country:NR", None))
        yield found


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("en", "dark"), ("ar", "light")])
async def test_a_country_is_reached_and_opened_by_keyboard(
    browser: Browser, atlas: Gateway, language: str, scheme: str
) -> None:
    async with visiting(browser, atlas, READER, color_scheme=scheme) as visitor:
        page = visitor.page
        await visitor.open(f"/map?lang={language}")
        await visitor.picture(f"map-{language}-{scheme}")
        assert await visitor.accessibility_faults() == []
        assert await visitor.sideways() <= 0
        links = await page.locator(".atlas a").evaluate_all("all => all.map(a => a.dataset.c)")
        rows = await page.locator(".mapped tbody th a").evaluate_all("all => all.map(a => a.pathname.slice(-2))")
        assert links == rows
        await page.locator(".zoom a").last.focus()
        for code in links[: links.index("ML") + 1]:
            await page.keyboard.press("Tab")
            assert await page.evaluate("document.activeElement.dataset.c") == code
        here = page.locator('.atlas a[data-c="ML"]')
        assert "64.9" in await page.locator("[data-map-said]").inner_text()
        assert await here.locator("path").evaluate("p => parseFloat(getComputedStyle(p).strokeWidth)") >= 3
        await visitor.picture(f"map-focus-{language}-{scheme}")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/countries/ML")
        complaints = [c for c in visitor.complaints if "404" not in c]  # the country's own page has its own tests
        assert complaints == []


async def test_the_map_is_not_mirrored_and_everything_around_it_is(browser: Browser, atlas: Gateway) -> None:
    places = []
    for language in ("en", "ar"):
        async with visiting(browser, atlas, READER) as visitor:
            await visitor.open(f"/map?lang={language}")
            boxes = [
                await visitor.page.locator(f'.atlas a[data-c="{c}"] path').first.bounding_box() for c in ("BR", "PH")
            ]
            places.append(boxes[0]["x"] < boxes[1]["x"])  # type: ignore[index]
            assert await visitor.page.evaluate("document.dir") == (
                "rtl" if language == "ar" and "ar" in spoken() else "ltr"
            )
    assert places == [True, True]


@pytest.mark.parametrize(
    "address", ["/map", "/map?metric=projects&view=dots", "/map?region=009", "/map?region=150&view=dots"]
)
async def test_a_map_fits_a_narrow_screen(browser: Browser, atlas: Gateway, address: str) -> None:
    async with visiting(browser, atlas, READER, width=320) as visitor:
        await visitor.open(address)
        await visitor.picture("map-narrow" + address.replace("/", "-").replace("?", "-").replace("&", "-"))
        assert await visitor.sideways() <= 0
        assert visitor.complaints == []
        small = visitor.page.locator('.atlas a[data-c="TV"] .dot, .atlas a[data-c="MT"] .dot').first
        assert await small.evaluate("p => parseFloat(getComputedStyle(p).strokeWidth)") >= 8


async def test_a_map_is_zoomed_and_read_without_a_script(browser: Browser, atlas: Gateway) -> None:
    async with visiting(browser, atlas, READER, java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.open("/map?metric=projects&view=dots")
        await visitor.picture("map-dots")
        await page.get_by_role("link", name="Oceania", exact=True).click()
        await expect(page.locator("h1")).to_have_text("Number of projects, Oceania")
        await visitor.picture("map-oceania")
        assert "region=009" in page.url
        assert "view=dots" in page.url
        await page.get_by_role("link", name="Micronesia", exact=True).click()
        await expect(page.get_by_role("row", name="Kiribati")).to_contain_text("62 projects")
        await visitor.picture("map-micronesia")
        await page.get_by_role("link", name="World", exact=True).click()
        await page.get_by_label("Figure").select_option("M4")
        await page.get_by_label("Drawn as").select_option("areas")
        await page.get_by_role("button", name="Show").click()
        await expect(page.get_by_role("row", name="Somalia")).to_contain_text("Withheld: fewer than three")
        for region in ("150", "142", "002", "019"):
            await visitor.open(f"/map?region={region}")
            await visitor.picture(f"map-{region}")


async def test_a_figure_that_moves_moves_in_the_table_and_the_map_says_so(browser: Browser, atlas: Gateway) -> None:
    async with visiting(browser, atlas, READER) as visitor:
        page = visitor.page
        await visitor.open("/map")
        row = page.locator('[data-k="M4|country:BR"]')
        await expect(page.locator("[data-live].is-on")).to_be_visible()
        await atlas.tell(figure("country:BR", 777_000, lower=700_000, upper=800_000, revision=2))
        await expect(row).to_contain_text("77.7")
        await expect(row.locator("[data-f=bounds]")).to_have_text("70.0 to 80.0")
        await expect(page.get_by_role("link", name="Draw the map anew")).to_be_visible()
