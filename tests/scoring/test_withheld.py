"""What is withheld from the public, at every door of scoring: told in words, and never to be worked out (ADR 0079)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.scoring.test_domain_suppression import equations, portfolio, solved, standings
from tests.support.scoring_feed import Feed, Said, a_marker, a_project, an_actual, an_indicator
from tests.support.stack import fresh_database, settings

from contracts.metrics import MetricUpdated
from contracts.portfolio import Allocation, ProjectWithdrawn
from plumbline.stack import Stack
from runtime.access import Principal
from runtime.service import Service
from scoring.app import build
from scoring.domain.cells import INTERNAL
from scoring.domain.places import M49
from scoring.domain.state import About
from scoring.domain.suppression import withheld
from scoring.settings import Settings
from scoring.usecases.mending import mend

pytestmark = pytest.mark.stack

DONOR = Principal(subject="donor", role="donor")
DOORS = ("metrics", "explanations", "revisions")


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    fresh = await fresh_database(stack, "scoring")
    found = await build(Settings.model_validate(settings(stack, "scoring", fresh).model_dump()))
    yield found
    await found.verifier.close()
    await found.database.close()


class Door:
    """Scoring's HTTP door, as somebody."""

    def __init__(self, service: Service, token: str) -> None:
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=service.app),
            base_url="http://scoring",
            headers={"Authorization": f"Bearer {token}"},
        )

    async def ask(self, path: str, metric: str, scope: str, **query: str) -> httpx.Response:
        return await self._http.get(f"/v1/{path}/{metric}", params={"scope": scope, **query})


@pytest.fixture
def donor(service: Service, stack: Stack) -> Door:
    return Door(service, stack.tokens.token("donor"))


@pytest.fixture
def member(service: Service, stack: Stack) -> Door:
    return Door(service, stack.tokens.token("XM-DEMO-2"))


def of(name: str, entity: str, country: str, **over: Any) -> Any:
    shares = [
        Allocation(dim="COUNTRY", code=country, ppm=1_000_000),
        Allocation(dim="PILLAR", code="P2", ppm=1_000_000),
    ]
    return a_project(name, entity=entity, allocations=shares, **over)


async def three_countries(feed: Feed) -> dict[tuple[str, str], MetricUpdated]:
    """Mali has two projects; the Niger and Burkina Faso, beside it in the region, three each."""
    latest: dict[tuple[str, str], MetricUpdated] = {}
    for country, number in (("ML", 2), ("NE", 3), ("BF", 4)):
        for n in range(number):
            name = f"P-{country}-{n}"
            said = await feed.say(
                of(name, f"XM-DEMO-{n % 2 + 1}", country),
                an_indicator(name),
                an_actual(str(10 * (n + 1)), name),
                a_marker(3, name),
            )
            latest |= said.figures
    return latest


async def test_a_small_country_is_withheld_and_its_smallest_sibling_with_it(service: Service) -> None:
    said = await three_countries(Feed(service.database))
    for metric in ("M2", "M4", "M7", "M8"):
        told = {c: said[metric, f"country:{c}"] for c in ("ML", "NE", "BF")}
        assert {c: (f.classification, f.withheld) for c, f in told.items()} == {
            "ML": ("compact", "small-cell"), "NE": ("compact", "complementary"), "BF": ("public", None),
        }  # fmt: skip
        assert said[metric, "region:011"].classification == "public"
    # Whoever may read it reads it.
    assert (said["M4", "country:ML"].value, said["M4", "country:ML"].flags) == (150_000, ["SMALL_CELL"])
    assert said["M4", "country:NE"].flags == ["COMPLEMENTARY"]


async def test_every_door_says_why_and_no_number(service: Service, donor: Door, member: Door) -> None:
    feed = Feed(service.database)
    await three_countries(feed)
    now = feed.stamped(a_marker(1)).recordedtime
    assert now is not None
    for scope, words in (("country:ML", "fewer than three projects"), ("country:NE", "another figure cannot")):
        figure = (await donor.ask("metrics", "M4", scope)).json()
        assert (figure["value"], figure["coverage"], figure["projects"]) == (None, {"observed": 0, "expected": 0}, 0)
        assert words in figure["why"]
        assert not {"updated_at", "known_as_of", "revision", "previous", "cause"} & figure.keys()
        asked: list[tuple[str, dict[str, str]]] = [
            ("explanations", {}),
            ("metrics", {"known_as_of": now.isoformat()}),
            ("metrics", {"valid_as_of": "2026-06-30"}),
            ("explanations", {"valid_as_of": "2026-06-30"}),
        ]
        for path, when in asked:
            answer = await donor.ask(path, "M4", scope, **when)
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (403, "withheld"), (path, when, problem)
            assert problem["title"].startswith("Withheld")
            assert (words in problem["title"]) is ("valid_as_of" not in when)
            assert (await member.ask(path, "M4", scope, **when)).status_code == 200
    # Mali's was never public; the Niger's was, while Burkina Faso had no more projects: what was told then is told.
    assert (await donor.ask("revisions", "M4", "country:ML")).json()["code"] == "withheld"
    assert (await donor.ask("metrics", "M4", "country:BF")).json()["value"] == 250_000


async def test_a_replay_of_a_total_is_not_for_those_who_read_public_totals_only(
    service: Service, donor: Door, member: Door
) -> None:
    """Nobody held it against its siblings: Burkina Faso's would give Mali and the Niger away on another day."""
    await three_countries(Feed(service.database))
    on = {"valid_as_of": "2026-06-30"}
    for scope in ("country:BF", "region:011", "entity:XM-DEMO-1", "pillar:P2"):
        assert (await donor.ask("metrics", "M4", scope, **on)).status_code == 403
        assert (await member.ask("metrics", "M4", scope, **on)).status_code == 200
    assert (await donor.ask("metrics", "M4", "global", **on)).status_code == 200
    assert (await donor.ask("metrics", "M4", "project:P-ML-0", **on)).status_code == 200


async def test_what_was_withheld_is_not_what_a_figure_was_before(service: Service, donor: Door) -> None:
    feed = Feed(service.database)
    await three_countries(feed)
    more = "P-ML-2"
    said = await feed.say(of(more, "XM-DEMO-1", "ML"), an_indicator(more), an_actual("90", more))
    for scope in ("country:ML", "country:NE"):
        shown = said[f"M4 {scope}"]
        assert (shown.classification, shown.withheld, shown.previous) == ("public", None, None)
    items = (await donor.ask("revisions", "M4", "country:ML")).json()["items"]
    assert [item["value"] for item in items] == [400_000]
    # It goes the other way too.
    said = await feed.say(ProjectWithdrawn(project_id=more))
    assert said["M4 country:ML"].withheld == "small-cell"
    assert said["M4 country:NE"].withheld == "complementary"
    assert (await feed.rebuilt()).equal


async def test_of_restricted_projects_alone_nothing_is_told(service: Service, donor: Door) -> None:
    feed = Feed(service.database)
    said = await feed.say(of("P-1", "XM-DEMO-1", "KE", classification="compact"), an_indicator("P-1"))
    assert (said["M4 country:KE"].classification, said["M4 country:KE"].withheld) == ("compact", None)
    unknown = (await donor.ask("metrics", "M4", "country:UG")).json()
    hidden = (await donor.ask("metrics", "M4", "country:KE")).json()
    assert hidden | {"detail": ""} == unknown | {"detail": ""}
    for path in DOORS:
        assert (await donor.ask(path, "M4", "country:KE")).status_code == 404


def event_of(about: About, restricted: bool, n: int) -> Any:
    return a_project(
        f"P{n}",
        entity=about.entity,
        classification="compact" if restricted else "public",
        allocations=[Allocation(dim=dim, code=code, ppm=ppm) for dim, code, _, ppm in about.allocations],  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("seed", "projects", "entities"), [(1, 12, 3), (2, 30, 5), (3, 45, 6)])
async def test_all_that_is_told_in_public_gives_nothing_away(
    service: Service, seed: int, projects: int, entities: int
) -> None:
    """Every figure said, in any order of arrival: what the public knows in the end, and linear algebra for the rest."""
    made = portfolio(seed, projects, entities)
    feed, latest = Feed(service.database), {}

    async def say(*facts: Any) -> Said:
        said = await feed.say(*facts)
        latest.update(said.figures)
        return said

    for n, (about, restricted) in enumerate(made):
        await say(event_of(about, restricted, n), an_indicator(f"P{n}"), an_actual(str(n % 100), f"P{n}"))
        if n % 3 == 0:
            await say(a_marker(n % 4, f"P{n}"))
    gone = {n for n in range(projects) if n % 7 == 3}
    for n in sorted(gone):
        await say(ProjectWithdrawn(project_id=f"P{n}"))
    left = [one for n, one in enumerate(made) if n not in gone]
    cells = standings(left)
    hidden = withheld(cells, M49)
    for metric in ("M2", "M4", "M8"):
        public = {s for (m, s), f in latest.items() if m == metric and s in cells and f.classification == "public"}
        assert public == {s for s in cells if s not in hidden and not s.startswith(INTERNAL)}, metric
        assert not solved(list(equations(left)), public) & hidden.keys(), metric
        for (m, scope), figure in latest.items():
            if m == metric and scope in hidden:
                told = cells[scope].projects > cells[scope].restricted or cells[scope].projects >= 3
                assert figure.withheld == (hidden[scope] if told else None)
    async with service.database.transaction(DONOR) as tx:
        seen = {row["scope"] for row in await tx.conn.fetch("select scope from cell")}
    assert not seen & hidden.keys()
    # From the log the same is decided, and nothing is told again.
    found = await mend(service.database, lambda _: None)
    assert (found["mended_projects"], found["mended_cells"]) == ([], [])
