"""Pictures of every page, of the demonstration's invented portfolio, into ``docs/pictures``: ``make pictures``.

With ``--data-dir`` a stack that runs already is drawn; otherwise one of its own is started, loaded, drawn and removed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import httpx
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page
from tests.support.browser import sign_in, started
from tests.support.stack import free_port_base

from plumbline.stack.layout import Layout

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PROJECTS: Final = 60
TALLEST: Final = 2_400  # px of a page; what is below is more of the same
_COLOURS: Final = 224
_ALIKE: Final = 6  # of 255; a band and the paper beside it differ by more
_MESSAGES: Final = 3
_TOLD: Final = 120.0  # s until so many corrections are told


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: a page, as somebody sees it. ``{project}`` and the like are chosen from the portfolio."""

    name: str
    path: str
    lang: str = "en"
    width: int = 1440
    scheme: str = "light"
    user: str = "secretariat"


_PAGES: Final = {
    "overview": "/",
    "projects": "/projects?q=borderr&sort=budget",
    "project": "/projects/{project}",
    "metric": "/metrics/M4?scope=pillar:P2",
    "entity": "/entities/{entity}",
}
"""The five pages that the look draws: in three languages and two widths."""

SHOTS: Final = (
    *(Shot(name, path) for name, path in _PAGES.items()),
    Shot("overview-dark", "/", scheme="dark"),
    Shot("projects-map", "/projects?view=map"),
    Shot("projects-timeline", "/projects?view=timeline"),
    Shot("history", "/projects/{project}/history"),
    Shot("versions", "/projects/{project}/versions"),
    Shot("beside", "/projects/{one}/beside?other={other}"),
    Shot("metrics", "/metrics"),
    Shot("metrics-list", "/metrics?metric=M4&kind=country"),
    Shot("metric-dates", "/metrics/M4?scope=pillar:P2&than_known={then}"),
    Shot("map", "/map"),
    Shot("map-dots", "/map?metric=projects&view=dots"),
    Shot("entities", "/entities"),
    Shot("countries", "/countries"),
    Shot("country", "/countries/{country}"),
    Shot("region", "/regions/{region}"),
    Shot("pillar", "/pillars/P2"),
    Shot("inbox", "/inbox"),
    Shot("subscriptions", "/inbox/subscriptions"),
    Shot("receipts", "/receipts"),
    Shot("receipt", "/receipts/{receipt}"),
    Shot("account", "/account"),
    Shot("operations", "/operations", user="operator"),
    Shot("audit", "/operations/audit", user="operator"),
    Shot("about", "/about"),
    Shot("keys", "/keys"),
    Shot("nothing", "/projects/nowhere"),
    *(
        Shot(f"{name}-{lang}{'' if width == 1440 else f'-{width}'}", path, lang, width)
        for name, path in _PAGES.items()
        for lang, width in (("ar", 1440), ("zh", 1440), ("en", 390), ("ar", 390), ("zh", 390))
    ),
)


def main() -> None:
    """Draw all, or those whose names begin with one of the words given."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data-dir", type=Path, help="draw this running stack")
    asked.add_argument("--out", type=Path, default=FOLDER)
    asked.add_argument("names", nargs="*", help="only these")
    given = asked.parse_args()
    shots = [s for s in SHOTS if not given.names or s.name.startswith(tuple(given.names))]
    given.out.mkdir(parents=True, exist_ok=True)
    if given.data_dir:
        asyncio.run(_draw(Layout(given.data_dir.resolve()), shots, given.out))
        return
    with _own_stack() as layout:
        _news(layout)
        asyncio.run(_draw(layout, shots, given.out))


@contextmanager
def _own_stack() -> Iterator[Layout]:
    with tempfile.TemporaryDirectory(prefix="plumbline-pictures-") as folder:
        command = [sys.executable, "-m", "plumbline"]
        where = ["--data-dir", folder]
        base = ["--detach", "--port-base", str(free_port_base()), "--portfolio", str(PROJECTS)]
        subprocess.run([*command, "up", *where, *base], check=True)
        try:
            yield Layout(Path(folder))
        finally:
            subprocess.run([*command, "down", *where], check=True)


async def _draw(layout: Layout, shots: list[Shot], out: Path) -> None:
    portal = _portal(layout)
    async with started() as browser:
        people = {user: await _signed_in(browser, layout, portal, user) for user in ("secretariat", "operator")}
        page = people["secretariat"].pages[0]
        chosen = await _chosen(page, portal)
        for shot in shots:
            await _take(people[shot.user].pages[0], portal, shot, chosen, out)
            sys.stdout.write(f"{shot.name} {(out / f'{shot.name}.png').stat().st_size}\n")


async def _signed_in(browser: Browser, layout: Layout, portal: str, user: str) -> BrowserContext:
    context = await browser.new_context()
    page = await context.new_page()
    await sign_in(page, f"{portal}/", user, layout.secrets)
    return context


async def _chosen(page: Page, portal: str) -> dict[str, str]:
    """What the pictures show: the projects with the most money, and a pair that may be one."""

    async def asked(path: str) -> list[dict[str, Any]]:
        answer = await page.request.get(portal + path)
        assert answer.ok, (path, await answer.text())
        found: list[dict[str, Any]] = (await answer.json())["items"]
        return found

    first = next(p["at"] for p in await asked("/api/v1/series/M4?scope=pillar:P2&by=known") if p["lower"] is not None)
    projects = await asked("/api/v1/projects?sort=budget&limit=20")
    pairs = await asked("/api/v1/duplicates?limit=1&kind=REVIEW")
    receipts = await asked("/api/v1/receipts?limit=50")
    worst = max(receipts, key=lambda r: (r["quarantined"] or 0, r["activities"] or 0))
    pair = [p["project_id"] for p in (pairs[0]["projects"] if pairs else projects[:2])]
    found = {
        "project": projects[0]["project_id"],
        "entity": projects[0]["entity"],
        "one": pair[0],
        "other": pair[1],
        "receipt": worst["submission_id"],
    }
    return {name: quote(value, safe="") for name, value in found.items()} | {
        "country": "ML",
        "region": "011",
        "then": quote(first, safe=""),  # the first moment of which anything is known
    }


def _news(layout: Layout) -> None:
    """Let the secretariat ask to be told of projects, and their entities correct values: its inbox has messages."""
    plumbline, where = [sys.executable, "-m", "plumbline"], ["--data-dir", str(layout.root)]
    token = subprocess.run([*plumbline, "token", "--as", "secretariat", *where], check=True, capture_output=True)
    headers = {"Authorization": f"Bearer {token.stdout.decode().strip()}"}
    with httpx.Client(base_url=f"{_portal(layout)}/api/v1", headers=headers, timeout=30) as http:
        for listed in http.get("/projects", params={"sort": "budget", "limit": 8}).json()["items"]:
            project = http.get(f"/projects/{quote(listed['project_id'], safe='')}").json()
            for correction in islice(_corrections(project), 1):
                http.post("/subscriptions", json={"about": "project", "project_id": project["project_id"]})
                sent = [*plumbline, "publish", "-", "--quiet", "--as", project["entity"], *where]
                subprocess.run(sent, check=True, input=json.dumps(correction).encode())
        latest = time.monotonic() + _TOLD
        while http.get("/inbox/count").json()["unread"] < _MESSAGES:
            assert time.monotonic() < latest, "the corrections were not told"
            time.sleep(1)


def _portal(layout: Layout) -> str:
    parts = (layout.read_state() or {})["parts"]
    return next(str(part["address"]) for part in parts if part["name"] == "portal-gateway")


def _corrections(project: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of each indicator that counts, its last value a quarter higher, as its entity would say it."""
    for indicator in project["indicators"]:
        told = [row["data"] for row in indicator["observations"] if (row["data"]["value"] or "").isdecimal()]
        if indicator["measure"] == "1" and told:
            place = {name: told[-1][name] for name in ("project_id", "indicator_id", "period", "place", "ordinal")}
            yield {
                "specversion": "1.0",
                "id": uuid4().hex,
                "source": f"/systems/results/{project['entity']}",
                "type": "org.plumbline.observation.corrected.v1",
                "data": {**place, "value": str(int(told[-1]["value"]) * 5 // 4 + 1), "revision": 2},
            }


async def _take(page: Page, portal: str, shot: Shot, chosen: dict[str, str], out: Path) -> None:
    path = shot.path.format(**chosen)
    await page.set_viewport_size({"width": shot.width, "height": 900})
    await page.emulate_media(color_scheme="dark" if shot.scheme == "dark" else "light")
    await page.goto(f"{portal}{path}{'&' if '?' in path else '?'}lang={shot.lang}", wait_until="load")
    await page.locator("[data-live].is-on").wait_for()
    height = min(TALLEST, int(await page.evaluate("document.documentElement.scrollHeight")))
    clip = {"x": 0, "y": 0, "width": shot.width, "height": height}
    data = await page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]
    _reduced(Image.open(BytesIO(data)).convert("RGB")).save(out / f"{shot.name}.png", optimize=True)


def _reduced(picture: Image.Image) -> Image.Image:
    """The picture in few colours, at a third of the bytes: those it has most of, each as it is.

    A colour as good as one that is kept already leaves its place to another, so that what is small, a mark or a flag,
    keeps its own beside the many tints of text; means would tint a page's surfaces.
    """
    kept: list[tuple[int, int, int]] = []
    for _n, colour in sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True):
        if all(max(abs(a - b) for a, b in zip(colour, other, strict=True)) > _ALIKE for other in kept):
            kept.append(colour)
        if len(kept) == _COLOURS:
            break
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in kept for part in colour])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
