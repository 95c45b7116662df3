"""A change of method: nothing until its day, then made in the shadow and switched to at once (§0.8, M16, ADR 0078)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_project, an_actual, an_evaluation, an_indicator
from tests.support.stack import fresh_database, settings

from contracts.assessment import EvaluationQualityRated
from contracts.context import CodelistPublished, MethodReleased
from contracts.portfolio import Allocation, Participant, Target
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.service import Service
from scoring import store
from scoring.app import build
from scoring.domain.history import Revision, effects, summary
from scoring.domain.places import M49
from scoring.settings import Settings
from scoring.store import duplicates as pairs
from scoring.usecases.changing import begin_due, change_to
from scoring.usecases.jobs import Jobs
from scoring.usecases.mending import mend

pytestmark = pytest.mark.stack

PROJECTS = [f"XM-DEMO-{1 + (n - 1) % 3}-P{n}" for n in range(1, 8)]
FOREVER = 2**62
NIGER = {
    "allocations": [
        Allocation(dim="COUNTRY", code="NE", ppm=1_000_000),
        Allocation(dim="PILLAR", code="P2", ppm=1_000_000),
    ]
}


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    fresh = await fresh_database(stack, "scoring")
    made = await build(Settings.model_validate(settings(stack, "scoring", fresh).model_dump()))
    yield made
    await made.verifier.close()
    await made.database.close()


@pytest.fixture
async def feed(service: Service) -> Feed:
    feed = Feed(service.database)
    for n, name in enumerate(PROJECTS):
        await feed.say(
            a_project(name, entity=name[:9], **(NIGER if n % 2 else {})),
            an_indicator(name),
            an_actual(str(90 - 10 * n), name),
            an_indicator(name, "I2", result_id="R2", result_type="2"),
            an_actual(str(10 * n), name, "I2"),
            an_evaluation(3, name),
            EvaluationQualityRated(project_id=name, evaluation_id="E1", quality=3, rated_by="panel"),
        )
    return feed


def a_release(version: str = "1.1.0", day: str = "2026-07-01", **parameters: str) -> MethodReleased:
    said = {name.replace("_", ".", 1): value for name, value in parameters.items()}
    return MethodReleased(version=version, effective_from=day, content_sha256="0" * 64, parameters=said)  # type: ignore[arg-type]


WEIGHTS = {"weight_output": "1/2", "weight_outcome": "1/4", "weight_impact": "1/4"}


def a_list(list_id: str, version: str, codes: dict[str, str], day: str = "2026-07-01") -> CodelistPublished:
    content = json.dumps(codes, sort_keys=True, separators=(",", ":")).encode()
    return CodelistPublished(
        list_id=list_id,
        version=version,
        effective_from=day,
        codes=codes,
        content_sha256=hashlib.sha256(content).hexdigest(),
    )  # type: ignore[arg-type]


async def last(feed: Feed, metric: str, scope: str) -> Revision:
    async with feed.database.transaction(SYSTEM) as tx:
        found = await store.revision_at(tx.conn, metric, scope, FOREVER)
    assert found is not None
    return found


async def everything(feed: Feed) -> dict[tuple[str, str], Revision]:
    """The last revision of every figure there is."""
    found = {}
    async with feed.database.transaction(SYSTEM) as tx:
        scopes = [row["scope"] for row in await tx.conn.fetch("select distinct scope from figure_revision")]
        for scope in scopes:
            for metric in (f"M{n}" for n in range(1, 18)):
                revision = await store.revision_at(tx.conn, metric, scope, FOREVER)
                if revision is not None:
                    found[metric, scope] = revision
    return found


async def test_nothing_changes_before_its_day(feed: Feed) -> None:
    before = await everything(feed)
    assert (await feed.say(a_release(day="2199-01-01", **WEIGHTS))).figures == {}
    assert not await begin_due(feed.database, Jobs())
    said = await feed.say(an_actual("91"))
    assert {figure.method_version for figure in said.figures.values()} == {"1.0.0"}
    assert {r.method for r in before.values()} == {"1.0.0"}


async def test_a_release_is_switched_to_at_once_and_its_revisions_add_up(feed: Feed) -> None:
    before = await everything(feed)
    release = feed.stamped(a_release(**WEIGHTS, evaluation_quality="3", coverage_published="1"))
    await feed.say(release)
    assert await begin_due(feed.database, Jobs())
    after = await everything(feed)
    changed = {key for key in after if before.get(key) != after[key]}
    assert {("M4", "global"), ("M4", f"project:{PROJECT}"), ("M5", "global"), ("M17", "global")} - changed == {
        ("M17", "global")
    }
    assert ("M1", f"indicator:{PROJECT}|I1") not in changed  # no parameter of it was changed, so nothing is told
    for key in changed:
        revision = after[key]
        assert (revision.method, revision.kind, revision.cause) == ("1.1.0", "METHOD_CHANGE", release.id)
        async with feed.database.transaction(SYSTEM) as tx:
            rows = await store.revisions_between(tx.conn, *key, -1, FOREVER, 100)
        steps = effects(None, rows)
        told = summary(None, steps)
        assert told.total == sum(step.effect or 0 for step in steps) == (told.last or 0) - (told.first or 0)
    # One output and one outcome each: E is the mean by the new weights, two to one.
    means = [half((2 * (90 - 10 * n) + 10 * n) * 10_000, 3) for n in range(len(PROJECTS))]
    assert after["M4", "global"].value == half(sum(means), len(means))
    assert (await feed.rebuilt()).equal
    said = await feed.say(an_actual("95"))
    assert {figure.method_version for figure in said.figures.values()} == {"1.1.0"}
    assert not await begin_due(feed.database, Jobs())
    assert (await feed.worker().say(an_actual("96")))["M4 global"].method_version == "1.1.0"


def half(numerator: int, denominator: int) -> int:
    """HALF_EVEN, by another way than the domain's."""
    return round(numerator / denominator)


async def test_what_is_read_by_coverage_alone_is_told_anew(feed: Feed) -> None:
    """No sum changes, and yet what may be said of them does."""
    due = Target(period_start="2025-01-01", period_end="2025-12-31", value="100")  # type: ignore[arg-type]
    for name in PROJECTS[:3]:
        await feed.say(an_indicator(name, "I3", targets=[due]))
    before = await everything(feed)
    assert before["M4", "global"].state == "PUBLISHED"
    await feed.say(a_release(coverage_published="1", coverage_provisional="0.95"))
    assert await begin_due(feed.database, Jobs())
    after = await everything(feed)
    assert (after["M4", "global"].state, after["M4", "global"].value) == ("INSUFFICIENT_DATA", None)
    assert after["M4", f"project:{PROJECTS[0]}"].state == "INSUFFICIENT_DATA"
    assert after["M4", f"project:{PROJECTS[6]}"] == before["M4", f"project:{PROJECTS[6]}"]
    assert (await feed.rebuilt()).equal


async def test_events_that_come_while_the_shadow_is_made_are_in(feed: Feed) -> None:
    chance = random.Random(7)
    await feed.say(a_release(**WEIGHTS))
    said = 0
    switching = asyncio.create_task(begin_due(feed.database, Jobs()))
    seen = set()
    while not switching.done():
        name = chance.choice(PROJECTS)
        told = await feed.say(
            an_actual(str(chance.randint(0, 99)), name), an_actual(str(chance.randint(0, 99)), name, "I2")
        )
        seen |= {figure.method_version for figure in told.figures.values()}
        said += 2
    assert await switching
    assert said > 2
    assert seen <= {"1.0.0", "1.1.0"}
    told = await feed.say(an_actual("50"), an_actual("50", PROJECT, "I2"))
    assert told["M4 global"].method_version == "1.1.0"
    again = await feed.rebuilt()
    assert again.equal, (again.projects_that_differ, again.cells_that_differ)
    assert again.facts == 7 * len(PROJECTS) + said + 2


async def test_an_old_version_answers_with_the_old_integer_for_ever(service: Service, feed: Feed, stack: Stack) -> None:
    transport = httpx.ASGITransport(app=service.app)
    headers = {"Authorization": f"Bearer {stack.tokens.token('secretariat')}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://scoring", headers=headers) as http:

        async def value(scope: str, **query: str) -> tuple[int | None, str]:
            answer = await http.get("/v1/metrics/M4", params={"scope": scope, **query})
            assert answer.status_code == 200, answer.text
            return answer.json()["value"], answer.json()["method_version"]

        scopes = ("global", "country:ML", f"project:{PROJECT}")
        first = [await value(scope) for scope in scopes]
        await feed.say(a_release(**WEIGHTS))
        assert await begin_due(feed.database, Jobs())
        second = [await value(scope) for scope in scopes]
        assert [method for _, method in first + second] == ["1.0.0"] * 3 + ["1.1.0"] * 3
        assert all(old != new for (old, _), (new, _) in zip(first, second, strict=True))
        assert [await value(scope, method_version="1.0.0") for scope in scopes] == first
        assert [await value(scope, method_version="1.1.0") for scope in scopes] == second
        await feed.say(a_release("1.2.0", weight_output="0", weight_outcome="1", weight_impact="0"))
        assert await begin_due(feed.database, Jobs())
        assert [await value(scope, method_version="1.0.0") for scope in scopes] == first
        assert [await value(scope, method_version="1.1.0") for scope in scopes] == second
        assert [await value(scope, method_version="1.1.0", valid_as_of="2026-11-01") for scope in scopes] == second
        missing = await http.get("/v1/metrics/M4", params={"method_version": "9.9"})
        assert (missing.status_code, missing.json()["code"]) == (404, "no-method")
        shown = (await http.get("/v1/method")).json()
        assert [one["method_version"] for one in shown["history"]] == ["1.1.0", "1.2.0"]
        assert {p["name"]: p["value"] for p in shown["parameters"] if p["differs"]} == {
            "weight.output": "0", "weight.outcome": "1", "weight.impact": "0",
        }  # fmt: skip


async def test_regions_are_a_list_whose_new_version_reclassifies(feed: Feed) -> None:
    """Mali is counted in Northern Africa: its projects leave one region for another, and the world stays the world."""
    before = await everything(feed)
    codes = dict(M49.table) | {"country:ML": "015"}
    published = feed.stamped(a_list("regions", "2027", codes))
    await feed.say(published)
    assert await begin_due(feed.database, Jobs())
    after = await everything(feed)
    moved = {scope for _, scope in after if before.get(("M4", scope)) != after.get(("M4", scope))}
    assert moved == {"region:011", "region:015", "region:202"}
    for scope in moved:
        revision = after["M4", scope]
        assert (revision.kind, revision.method, revision.cause) == (
            "CLASSIFICATION_CHANGE", "1.0.0~regions.2027", published.id,
        )  # fmt: skip
    assert (await feed.rebuilt()).equal
    # The software's own table leads back.
    await feed.say(a_list("regions", "m49", dict(M49.table)))
    assert await begin_due(feed.database, Jobs())
    back = await last(feed, "M4", "region:011")
    assert (back.value, back.method) == (before["M4", "region:011"].value, "1.0.0")


async def test_a_crosswalk_says_anew_which_pillar_a_purpose_serves(feed: Feed) -> None:
    inferred = a_project(
        "XM-DEMO-1-P9",
        allocations=[
            {"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000},
            {"dim": "DAC", "code": "15130", "ppm": 1_000_000},
            {"dim": "PILLAR", "code": "P4", "ppm": 1_000_000},
        ],
        pillar_inferred=True,
    )
    await feed.say(inferred, an_indicator("XM-DEMO-1-P9"), an_actual("50", "XM-DEMO-1-P9"))
    declared = await last(feed, "M4", "pillar:P2")
    await feed.say(a_list("crosswalk", "crosswalk-0", {"15130": "P4"}))  # as intake says its own when it starts
    assert not await begin_due(feed.database, Jobs())
    await feed.say(a_list("crosswalk", "crosswalk-1", {"15130": "P1"}))
    assert await begin_due(feed.database, Jobs())
    async with feed.database.transaction(SYSTEM) as tx:
        state = (await store.project_states(tx.conn, ["XM-DEMO-1-P9"]))["XM-DEMO-1-P9"]
        assert state.contribution is not None
        assert {s for s in state.contribution.shares if s.startswith("pillar:")} == {"pillar:P1"}
    assert await last(feed, "M4", "pillar:P2") == declared  # what is declared is not inferred
    assert (await feed.rebuilt()).equal


@pytest.mark.parametrize(
    ("stated", "kind"),
    [({"duplicate_queue": "1"}, "REVIEW"), ({"duplicate_queue": "1", "duplicate_review": "1"}, None)],
)
async def test_pairs_are_judged_again_by_other_thresholds(feed: Feed, stated: dict[str, str], kind: str | None) -> None:
    same = {"title": {"en": "Border management in the Sahel"}, "participants": [Participant(role="4", ref="XM-9")]}
    await feed.say(a_project("XM-DEMO-1-A", **same), a_project("XM-DEMO-2-B", entity="XM-DEMO-2", **same))
    pair = "XM-DEMO-1-A", "XM-DEMO-2-B"

    async def case() -> str | None:
        async with feed.database.transaction(SYSTEM) as tx:
            found = (await pairs.all_cases(tx.conn)).get(pair)
        return found.kind if found is not None else None

    assert await case() == "LIKELY"
    await feed.say(a_release(**stated))
    assert await begin_due(feed.database, Jobs())
    assert await case() == kind
    assert (await last(feed, "M12", "global")).kind == "METHOD_CHANGE"
    assert (await feed.rebuilt()).equal


async def test_each_change_is_switched_to_by_itself_so_that_each_effect_has_one_cause(feed: Feed) -> None:
    await feed.say(
        a_release("1.1.0", day="2026-07-02", **WEIGHTS),
        a_list("regions", "2027", dict(M49.table) | {"country:ML": "015"}, day="2026-07-01"),
    )
    jobs = Jobs()
    while await begin_due(feed.database, jobs):
        pass
    async with feed.database.transaction(SYSTEM) as tx:
        rows = await store.revisions_between(tx.conn, "M4", "region:011", -1, FOREVER, 100)
    assert [(r.kind, r.method) for r in rows[-2:]] == [
        ("CLASSIFICATION_CHANGE", "1.0.0~regions.2027"),
        ("METHOD_CHANGE", "1.1.0~regions.2027"),
    ]
    assert (await feed.rebuilt()).equal


async def test_a_version_can_be_switched_to_by_hand_and_back(feed: Feed) -> None:
    before = await everything(feed)
    await feed.say(a_release(day="2199-01-01", **WEIGHTS))
    for version in ("1.1.0", "1.0.0"):
        async with feed.database.transaction(SYSTEM) as tx:
            change = await change_to(tx, version)
            assert change is not None
            assert await change_to(tx, "1.9.0") is None
        await mend(feed.database, lambda _: None, change)
        assert (await feed.rebuilt()).equal
    after = await everything(feed)
    assert {key: r.value for key, r in after.items()} == {key: r.value for key, r in before.items()}
    assert after["M4", "global"].revision == before["M4", "global"].revision + 2
    assert not await begin_due(feed.database, Jobs())


async def test_what_cannot_be_meant_is_refused_and_changes_nothing(feed: Feed) -> None:
    said = await feed.say(a_release(weight_output="2"), a_list("regions", "2", {"country:ML": "999"}))
    assert [code for _, code in said.rejected] == ["PAYLOAD", "PAYLOAD"]
    assert not await begin_due(feed.database, Jobs())
    assert date.today() > date(2026, 7, 1)
