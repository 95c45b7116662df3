"""What moves a figure most: what is said of a part is what really happens when the part goes, or is reported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.support.scoring_feed import Feed, a_marker, a_project, an_actual, an_evaluation, an_indicator
from tests.support.stack import fresh_database, settings

from contracts.assessment import EvaluationQualityRated
from contracts.portfolio import ProjectWithdrawn, Target
from plumbline.stack import Stack
from runtime.service import Service
from scoring.app import build
from scoring.settings import Settings

pytestmark = pytest.mark.stack

DUE = Target(period_start="2025-01-01", period_end="2025-12-31", value="100")  # type: ignore[arg-type]
FIRST, SECOND, THIRD, FOURTH, HIDDEN = (f"XM-DEMO-1-P{n}" for n in range(1, 6))


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    fresh = await fresh_database(stack, "scoring")
    found = await build(Settings.model_validate(settings(stack, "scoring", fresh).model_dump()))
    yield found
    await found.verifier.close()
    await found.database.close()


@pytest.fixture
async def feed(service: Service) -> Feed:
    """Five projects, the first without its outcome; the fifth its owner's alone."""
    feed = Feed(service.database)
    for n, name in enumerate((FIRST, SECOND, THIRD, FOURTH, HIDDEN), 1):
        await feed.say(
            a_project(
                name,
                entity="XM-DEMO-2" if name == SECOND else "XM-DEMO-1",
                classification="owner" if name == HIDDEN else "public",
            ),
            an_indicator(name, weight=3),
            an_actual(str(20 * n), name),
            an_indicator(name, "I2", result_id="R2", result_type="2", targets=[DUE]),
        )
        if name != FIRST:
            await feed.say(an_actual(str(20 * n), name, "I2", end="2025-12-31"))
    for name, significance, overall in ((FIRST, 2, 5), (SECOND, 0, 3), (THIRD, 3, 6)):
        await feed.say(
            a_marker(significance, name),
            an_evaluation(overall, name),
            EvaluationQualityRated(project_id=name, evaluation_id="E1", quality=4),
        )
    return feed


@pytest.fixture
def donor(service: Service, stack: Stack, feed: Feed) -> httpx.AsyncClient:
    return _caller(service, stack.tokens.token("donor"))


@pytest.fixture
def owner(service: Service, stack: Stack, feed: Feed) -> httpx.AsyncClient:
    return _caller(service, stack.tokens.token("XM-DEMO-1"))


def _caller(service: Service, token: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=service.app)
    return httpx.AsyncClient(
        transport=transport, base_url="http://scoring", headers={"Authorization": f"Bearer {token}"}
    )


async def _read(donor: httpx.AsyncClient, path: str, metric: str, scope: str, **query: Any) -> dict[str, Any]:
    answer = await donor.get(f"/v1/{path}/{metric}", params={"scope": scope, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_greatest_effect_comes_first_and_is_exact(donor: httpx.AsyncClient) -> None:
    tree = await _read(donor, "explanations", "M4", "global")
    # E is .2, .4, .6 and .8, and of the fifth it is not known; without the first (.4 + .6 + .8) ÷ 3, without the
    # second (.2 + .6 + .8) ÷ 3.
    assert tree["value"] == 500_000
    assert [(n["id"], n["without"], n["effect"]) for n in tree["influence"]] == [
        (FIRST, 600_000, -100_000),
        (FOURTH, 400_000, 100_000),
        (SECOND, 533_333, -33_333),
        (THIRD, 466_667, 33_333),
    ]
    assert tree["influence"][0]["label"] == f"Border management {FIRST}"
    assert HIDDEN not in repr(tree)


@pytest.mark.parametrize(
    ("metric", "scope"),
    [("M4", "global"), ("M4", "country:ML"), ("M2", "global"), ("M8", "global"), ("M5", "global")],
)
async def test_a_project_that_leaves_has_the_effect_that_was_said(
    donor: httpx.AsyncClient, owner: httpx.AsyncClient, feed: Feed, metric: str, scope: str
) -> None:
    said = (await _read(donor, "explanations", metric, scope))["influence"][0]
    await feed.say(ProjectWithdrawn(project_id=said["id"], reason="ended"))
    now = await _read(owner, "metrics", metric, scope)  # too few may be left for the public
    assert now["value"] == said.get("without")


@pytest.mark.parametrize("scope", ["global", "country:ML", f"project:{FIRST}"])
@pytest.mark.parametrize(("level", "end"), [("0", "if_none"), ("100", "if_full")])
async def test_what_is_missing_moves_the_figure_as_was_said(
    donor: httpx.AsyncClient, feed: Feed, scope: str, level: str, end: str
) -> None:
    said = (await _read(donor, "explanations", "M4", scope))["missing"][0]
    project = FIRST if said["kind"] == "indicator" else said["id"]
    assert said["kind"] != "indicator" or said["id"] == "I2"
    await feed.say(an_actual(level, project, "I2", end="2025-12-31"))
    assert (await _read(donor, "metrics", "M4", scope))["value"] == said[end]


@pytest.mark.parametrize("metric", ["M4", "M2", "M8", "M5"])
async def test_what_moved_a_figure_is_known_afterwards(owner: httpx.AsyncClient, feed: Feed, metric: str) -> None:
    before = await _read(owner, "explanations", metric, "global")
    moment = before["known_as_of"]
    await feed.say(ProjectWithdrawn(project_id=before["influence"][0]["id"], reason="ended"))
    then = await _read(owner, "explanations", metric, "global", known_as_of=moment)
    assert then["influence"] == before["influence"]
    assert then.get("missing") == before.get("missing")


async def test_an_indicator_of_a_project_has_the_effect_that_was_said(donor: httpx.AsyncClient, feed: Feed) -> None:
    await feed.say(an_actual("90", FIRST, "I2", end="2025-12-31"))
    tree = await _read(donor, "explanations", "M4", f"project:{FIRST}")
    # (¼ × .2 + ½ × .9) ÷ ¾; without the outcome .2 remains, without the output .9.
    assert tree["value"] == 666_667
    assert [(n["id"], n["without"], n["effect"]) for n in tree["influence"]] == [
        ("I2", 200_000, 466_667),
        ("I1", 900_000, -233_333),
    ]
    assert "missing" not in tree
