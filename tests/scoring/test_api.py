"""Figures and explanations at scoring's door: every tree adds up, and nobody reads what they may not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from typing import Any

import httpx
import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_marker, a_project, an_actual, an_evaluation, an_indicator
from tests.support.stack import Database as Fresh
from tests.support.stack import fresh_database, settings

from contracts.assessment import EvaluationQualityRated
from contracts.base import Origin
from contracts.metrics import MetricUpdated
from contracts.portfolio import Allocation, Budget, BudgetRevised, ObservationRecorded, Period
from plumbline.stack import Stack
from runtime.access import Principal
from runtime.db import Database
from runtime.service import Service
from scoring.app import build
from scoring.settings import Settings

pytestmark = pytest.mark.stack

HIDDEN = "XM-DEMO-2-SECRET"
ORIGIN = Origin(submission_id="S1", file="portfolio.xml", line=104, path="result[1]/indicator[1]/period[1]/actual[1]")


@pytest.fixture
async def fresh(stack: Stack) -> Fresh:
    return await fresh_database(stack, "scoring")


@pytest.fixture
async def service(stack: Stack, fresh: Fresh) -> AsyncIterator[Service]:
    """Scoring, wired; its doors open, nothing consumed."""
    found = await build(Settings.model_validate(settings(stack, "scoring", fresh).model_dump()))
    yield found
    await found.verifier.close()
    await found.database.close()


@pytest.fixture
async def feed(service: Service) -> Feed:
    """Four projects: three that all may read, one of XM-DEMO-2's own."""
    feed = Feed(service.database)
    for n, value in enumerate(("40", "60", "80"), 1):
        name = f"XM-DEMO-1-P{n}"
        await feed.say(
            a_project(name, origin=Origin(submission_id="S1", file="portfolio.xml", line=n)),
            an_indicator(name, weight=3),
            an_actual(value, name, origin=ORIGIN),
            an_indicator(name, "I2", result_id="R2", result_type="2"),
        )
    await feed.say(
        a_project(HIDDEN, entity="XM-DEMO-2", classification="owner"), an_indicator(HIDDEN), an_actual("90", HIDDEN)
    )
    for name, significance, overall in ((PROJECT, 2, 5), ("XM-DEMO-1-P2", 0, 3), (HIDDEN, 3, 6)):
        await feed.say(
            a_marker(significance, name, origin=ORIGIN),
            an_evaluation(overall, name),
            EvaluationQualityRated(project_id=name, evaluation_id="E1", quality=4),
        )
    return feed


class Caller:
    """Somebody with a token at scoring's door."""

    def __init__(self, service: Service, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app=service.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://scoring", headers=headers)

    async def get(self, path: str, metric: str, scope: str, **query: Any) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/{path}/{metric}", params={"scope": scope, **query})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def status(self, path: str, metric: str, scope: str) -> int:
        return (await self.http.get(f"/v1/{path}/{metric}", params={"scope": scope})).status_code


@pytest.fixture
def donor(service: Service, stack: Stack, feed: Feed) -> Caller:
    return Caller(service, stack.tokens.token("donor"))


@pytest.fixture
def owner(service: Service, stack: Stack, feed: Feed) -> Caller:
    return Caller(service, stack.tokens.token("XM-DEMO-2"))


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("children", ()):
        yield from _walk(child)


def _adds_up(node: dict[str, Any]) -> None:
    """A node that is a ratio is the ratio of its children's sums, where they are ratios too."""
    children = [child for child in node.get("children", ()) if "numerator" in child or "denominator" in child]
    if node["kind"] == "figure" and len(children) >= 1 and "numerator" in node:
        assert sum(c.get("numerator", 0) for c in children) == node["numerator"], node["label"]
        assert sum(c.get("denominator", 0) for c in children) == node["denominator"], node["label"]
    if node["kind"] == "result":
        known = [c for c in children if c.get("value") is not None]
        assert sum(c["numerator"] for c in known) == node["numerator"]
        assert sum(c["denominator"] for c in known) == node["denominator"]
    if node["kind"] in {"figure", "level", "result"} and node.get("numerator") and node.get("value") is not None:
        unit = 1_000_000 if node.get("metric") in {"M2", "M5", "M7", "M8"} else 1
        assert node["value"] == round(Fraction(node["numerator"] * unit, node["denominator"]))


SCOPES = [
    ("M4", "global"),
    ("M4", "country:ML"),
    ("M4", "pillar-country:P2|NE"),
    ("M4", "region:002"),
    ("M4", "theme:BORDER"),
    ("M2", "global"),
    ("M2", "region:011"),
    ("M7", "global"),
    ("M7", "country:ML"),
    ("M8", "global"),
    ("M8", "pillar-country:P2|NE"),
    ("M5", "region:011"),
    ("M4", f"project:{PROJECT}"),
    ("M2", f"project:{PROJECT}"),
]


@pytest.mark.parametrize(("metric", "scope"), SCOPES)
@pytest.mark.parametrize("limit", [1, 10])
async def test_every_tree_adds_up_whoever_asks(
    donor: Caller, owner: Caller, metric: str, scope: str, limit: int
) -> None:
    for caller in (donor, owner):
        tree = await caller.get("explanations", metric, scope, limit=limit)
        assert tree["metric"] == metric
        assert tree["scope"] == scope
        for node in _walk(tree):
            _adds_up(node)
        shown = [c["numerator"] for c in tree["children"] if c["kind"] == "project"]
        assert shown == sorted(shown, reverse=True)
        if not scope.startswith("project:"):
            assert len(shown) <= limit


async def test_a_tree_goes_down_to_the_line_of_the_file(donor: Caller) -> None:
    tree = await donor.get("explanations", "M4", "country:ML")
    kinds = ["figure", "project", "level", "result", "indicator", "observation"]
    node, path = tree, []
    for kind in kinds:
        assert node["kind"] == kind
        path.append(node["label"])
        node = next((c for c in node.get("children", ()) if c["kind"] in kinds), node)
    assert path == [
        "M4 of country:ML",
        "Border management XM-DEMO-1-P3",
        "Outputs",
        "Borders are managed",
        "Officers trained",
        "Actual 2025-01-01 to 2026-06-30",
    ]
    origin = node["origin"]
    assert (origin["file"], origin["line"], origin["submission_id"]) == ("portfolio.xml", 104, "S1")
    assert origin["type"] == "org.plumbline.observation.recorded.v1"
    assert node["calc"] == "80"
    assert node["used"] is True


async def test_restricted_projects_are_one_line_and_the_sum_still_holds(donor: Caller, owner: Caller) -> None:
    tree = await donor.get("explanations", "M4", "global")
    # It counts as unknown: of its sums there is nothing to tell, and what all may read adds up to the total.
    withheld = tree["children"][-1]
    assert (withheld["kind"], withheld["label"], withheld["count"]) == ("withheld", "withheld by their owners", 1)
    assert not {"numerator", "denominator"} & withheld.keys()
    for side in ("numerator", "denominator"):
        assert sum(c[side] for c in tree["children"][:-1]) == tree[side]
    assert (tree["flags"], tree["parts"]["withheld_projects"], tree["projects"]) == (["INCLUDES_WITHHELD"], 1, 4)
    assert HIDDEN not in repr(tree)
    mine = await owner.get("explanations", "M4", "global")
    assert HIDDEN in repr(mine)
    assert [c["kind"] for c in mine["children"]] == ["project"] * 4
    hidden = mine["children"][-1]
    assert (hidden["numerator"], hidden["denominator"], hidden["calc"]) == (0, 0, "counts as unknown")


async def test_what_is_not_listed_is_summed(donor: Caller) -> None:
    tree = await donor.get("explanations", "M4", "global", limit=1)
    assert [(c["kind"], c.get("count")) for c in tree["children"]] == [
        ("project", None),
        ("others", 2),
        ("withheld", 1),
    ]
    assert tree["children"][1]["numerator"] == (400_000 + 600_000) * 1_000_000


async def test_a_restricted_project_answers_only_its_readers(donor: Caller, owner: Caller) -> None:
    for scope in (f"project:{HIDDEN}", f"indicator:{HIDDEN}|I1"):
        for path in ("metrics", "explanations"):
            assert await donor.status(path, "M1", scope) == 404
            assert await owner.status(path, "M1", scope) == 200
    # A total over it alone is as closed as the project.
    assert await donor.status("metrics", "M4", "entity:XM-DEMO-2") == 404
    assert (await owner.get("metrics", "M4", "entity:XM-DEMO-2"))["flags"] == ["INCLUDES_WITHHELD", "SMALL_CELL"]


async def test_a_familys_tree_shows_terms_and_facts(donor: Caller, owner: Caller) -> None:
    tree = await donor.get("explanations", "M8", "global", limit=2)
    assert [(c["kind"], c.get("count"), c.get("numerator"), c.get("denominator")) for c in tree["children"]] == [
        ("project", None, 1, 1),
        ("project", None, 0, 1),
        ("others", 1, 0, 0),
        ("withheld", 1, None, None),
    ]
    first = tree["children"][0]
    assert (first["id"], first["share"], first["terms"]["DESIGN|gender|count|2"]) == (PROJECT, 1_000_000, 1)
    (marker,) = first["children"]
    assert (marker["label"], marker["calc"]) == ("Marker GEM at design", "2")
    assert marker["origin"]["line"] == 104
    # One of the four is not coded, and of one it is not known.
    assert (tree["terms"]["DESIGN|gender|count|null"], tree["value"]) == (2, 500_000)
    own = await owner.get("explanations", "M5", f"project:{HIDDEN}")
    labels = [node["label"] for node in own["children"][0]["children"]]
    assert (own["value"], labels) == (1_000_000, ["Evaluation E1, final, independent", "Quality of E1"])
    assert await donor.status("explanations", "M5", f"project:{HIDDEN}") == 404
    assert await donor.status("metrics", "M8", "entity:XM-DEMO-2") == 404
    assert (await owner.get("metrics", "M8", "entity:XM-DEMO-2"))["flags"] == ["INCLUDES_WITHHELD", "SMALL_CELL"]


@pytest.mark.parametrize(
    ("metric", "scope"),
    [("M1", "global"), ("M7", "pillar:P1"), ("M9", "global"), ("M4", "country:XX"), ("M4", "nonsense"),
     ("M4", "unallocated"), ("M8", "unallocated"), ("M5", "project:XM-DEMO-1-P3"),
     ("M4", f"indicator:{PROJECT}|I1"), ("M1", f"indicator:{PROJECT}|NONE")],
)  # fmt: skip
async def test_what_is_not_published_is_not_found_and_says_what_is(donor: Caller, metric: str, scope: str) -> None:
    for path in ("metrics", "explanations"):
        answer = await donor.http.get(f"/v1/{path}/{metric}", params={"scope": scope})
        assert answer.status_code == 404
        assert answer.json()["code"] == "no-figure"


async def test_nobody_reads_without_a_token(service: Service, feed: Feed) -> None:
    assert await Caller(service, None).status("metrics", "M4", "global") == 401


async def test_a_figure_is_read_as_it_was_published(donor: Caller, feed: Feed) -> None:
    said = await feed.say(an_actual("50", PROJECT), a_marker(1, PROJECT), an_evaluation(2, PROJECT))
    for metric, scope in (
        ("M4", "global"),
        ("M8", "global"),
        ("M5", f"project:{PROJECT}"),
        ("M1", "indicator:XM-DEMO-1-P1|I1"),
        ("M2", "project:XM-DEMO-1-P1"),
    ):
        told = said.figures.get((metric, scope))
        read = await donor.get("metrics", metric, scope)
        if told is not None:
            ours = MetricUpdated.model_validate({**read, "cause": None}).model_dump(exclude={"cause"})
            assert ours == told.model_dump(exclude={"cause"})
            assert told.cause is not None
            assert read["cause"]["event_id"] == told.cause.event_id


async def test_a_second_reading_is_not_sent_twice(donor: Caller) -> None:
    first = await donor.http.get("/v1/metrics/M4", params={"scope": "global"})
    again = await donor.http.get(
        "/v1/metrics/M4", params={"scope": "global"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


async def test_balance_is_explained_by_the_pillar_with_the_least_money(owner: Caller, feed: Feed) -> None:
    everywhere = [
        Allocation(dim="COUNTRY", code="KE", ppm=1_000_000),
        *(
            Allocation(dim="PILLAR", code=f"P{k}", ppm=ppm)
            for k, ppm in enumerate((300_000, 100_000, 500_000, 100_000), 1)
        ),
    ]
    await feed.say(a_project("XM-DEMO-1-KE", allocations=everywhere))
    line = Budget(period_start="2026-01-01", period_end="2026-12-31", amount="500000", currency="USD",
                  value_date="2026-01-01")  # fmt: skip  # type: ignore[arg-type]
    await feed.say(BudgetRevised(project_id="XM-DEMO-1-KE", budget=line, origin=ORIGIN))
    tree = await owner.get("explanations", "M7", "country:KE")
    assert tree["value"] == 100_000
    (node,) = tree["children"]
    assert (node["numerator"], node["denominator"]) == (15_000_000, 150_000_000)
    assert node["cents"] == {"P1": 45_000_000, "P2": 15_000_000, "P3": 75_000_000, "P4": 15_000_000, "unallocated": 0}
    lines = [(c["kind"], c["calc"]) for c in node["children"]]
    assert lines == [("budget", "1,000,000 USD"), ("budget", "500,000 USD")]
    assert node["children"][1]["origin"]["line"] == 104


async def test_a_withheld_value_is_shown_to_nobody(owner: Caller, feed: Feed) -> None:
    period = Period(start="2025-01-01", end="2026-06-30")  # type: ignore[arg-type]
    await feed.say(ObservationRecorded(project_id=HIDDEN, indicator_id="I1", period=period, value="77", withheld=True))
    tree = await owner.get("explanations", "M1", f"indicator:{HIDDEN}|I1")
    assert tree["parts"]["state"] == "WITHHELD"
    assert "77" not in [node.get("calc") for node in _walk(tree)]
    assert "withheld by its owner" in [node.get("calc") for node in _walk(tree)]


@pytest.mark.parametrize("table", ["project_state", "fact", "share", "cell", "family_cell", "term"])
async def test_without_any_filter_of_ours_the_database_still_shows_only_what_may_be_read(
    feed: Feed, table: str
) -> None:
    """The application's filter removed: the run role asks for everything, as a donor."""
    everything = await _rows(feed.database, table, Principal(subject="system", role="system"))
    seen = await _rows(feed.database, table, Principal(subject="donor", role="donor"))
    assert "XM-DEMO-2" in everything
    assert "XM-DEMO-2" not in seen
    assert seen
    assert await _rows(feed.database, table, Principal(subject="", role="")) == ""  # type: ignore[arg-type]
    owners = await _rows(feed.database, table, Principal(subject="x", role="entity", organisation="XM-DEMO-2"))
    assert "XM-DEMO-2" in owners


async def _rows(database: Database, table: str, principal: Principal) -> str:
    async with database.transaction(principal) as tx:
        column = "scope" if "cell" in table else "project_id"
        return " ".join(row[0] for row in await tx.conn.fetch(f"select {column} from {table}"))


_OURS = ["project_state", "fact", "share", "cell", "family_cell", "term", "calendar", "subject_state", "subject_fact"]
_OURS += ["subject_term", "subject_rests_on", "project_standing"]


@pytest.mark.parametrize("table", _OURS)
async def test_readers_cannot_write(feed: Feed, table: str) -> None:
    async with feed.database.transaction(Principal(subject="s", role="secretariat")) as tx:
        assert await tx.conn.execute(f"delete from {table}") == "DELETE 0"


async def test_what_a_default_pillar_would_move_is_shown_before_anybody_adopts_it(feed: Feed, owner: Caller) -> None:
    purpose = Allocation(dim="DAC", code="15210", ppm=1_000_000)
    await feed.say(a_project("XM-DEMO-2-OPEN", entity="XM-DEMO-2", allocations=[purpose]))
    answer = await owner.http.get("/v1/dialects/XM-DEMO-2", params={"default_pillar": ["15210:P1", "15220:P2"]})
    assert answer.status_code == 200, answer.text
    preview = answer.json()["preview"]
    assert preview["readings"] == {"default_pillar": {"15210": "P1", "15220": "P2"}}
    assert preview["moved"] == 1
    assert {p["pillar"]: p["ppm"] for p in preview["pillars"]}["P1"] == [0, 1_000_000]
    refused = await owner.http.get("/v1/dialects/XM-DEMO-2", params={"default_pillar": "15210:P5"})
    assert refused.status_code in {400, 422}
    assert "default_pillar" in refused.text
