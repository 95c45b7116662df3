"""As of any date, and why: the same integer whenever it is asked, for whoever may ask (M16, G1)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from tests.support.scoring_feed import PROJECT, Feed, a_marker, a_project, an_actual, an_indicator
from tests.support.stack import fresh_database, settings

from contracts.base import Payload
from contracts.context import DialectAdopted, DialectWithdrawn, Rate, RatesPublished, Readings
from contracts.portfolio import (
    Allocation,
    Baseline,
    ObservationCorrected,
    ObservationRecorded,
    Period,
    ProjectAmended,
    Target,
    TransactionPosted,
)
from plumbline.stack import Stack
from runtime.service import Service
from scoring.app import build
from scoring.settings import Settings
from scoring.usecases import asof

pytestmark = pytest.mark.stack

INDICATOR = f"indicator:{PROJECT}|I1"


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    """Scoring, wired; its doors open, nothing consumed."""
    fresh = await fresh_database(stack, "scoring")
    found = await build(Settings.model_validate(settings(stack, "scoring", fresh).model_dump()))
    yield found
    await found.verifier.close()
    await found.database.close()


@pytest.fixture
def feed(service: Service) -> Feed:
    return Feed(service.database)


class Caller:
    """Somebody with a token at scoring's door."""

    def __init__(self, service: Service, token: str) -> None:
        transport = httpx.ASGITransport(app=service.app)
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://scoring", headers=headers)

    async def ask(self, path: str, scope: str, **query: Any) -> httpx.Response:
        return await self.http.get(f"/v1/{path}", params={"scope": scope, **query})

    async def get(self, path: str, scope: str, **query: Any) -> dict[str, Any]:
        answer = await self.ask(path, scope, **query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def peer(service: Service, stack: Stack) -> Caller:
    """Another entity: it reads totals that are too small for the public."""
    return Caller(service, stack.tokens.token("XM-DEMO-1"))


@pytest.fixture
def donor(service: Service, stack: Stack) -> Caller:
    return Caller(service, stack.tokens.token("donor"))


@pytest.fixture
def owner(service: Service, stack: Stack) -> Caller:
    return Caller(service, stack.tokens.token("XM-DEMO-2"))


def days(start: str, end: str) -> Period:
    return Period(start=start, end=end)  # type: ignore[arg-type]


async def g1(feed: Feed, project: str = PROJECT, **over: Any) -> None:
    """Days to process a legal-assistance request, from 120 down to 60: reported, corrected, and reported late."""
    first = days("2019-01-01", "2019-06-30")
    said: list[tuple[str, Payload]] = [
        ("2018-01-05", a_project(project, **over)),
        (
            "2018-01-05",
            an_indicator(
                project,
                ascending=False,
                accumulation=None,
                baselines=[Baseline(year=2017, value="120")],
                targets=[Target(period_start="2018-01-01", period_end="2020-12-31", value="60")],  # type: ignore[arg-type]
            ),
        ),
        ("2019-07-20", ObservationRecorded(project_id=project, indicator_id="I1", period=first, value="90")),
        ("2020-03-10", ObservationCorrected(project_id=project, indicator_id="I1", period=first, value="105")),
        (
            "2020-04-01",
            ObservationRecorded(
                project_id=project, indicator_id="I1", period=days("2019-07-01", "2019-12-31"), value="84"
            ),
        ),
    ]
    for day, fact in said:
        feed.on(day)
        await feed.say(fact)


G1 = [
    ("2019-12-31", "2020-02-15", 500_000),
    ("2019-12-31", "2020-03-31", 250_000),
    ("2019-12-31", "2020-04-30", 600_000),
    ("2019-06-30", "2020-04-30", 250_000),
    ("2019-06-30", "2019-07-01", None),
]


async def test_g1_through_the_services_own_door(feed: Feed, donor: Caller) -> None:
    await g1(feed)
    for valid, known, value in G1:
        found = await donor.get("metrics/M1", INDICATOR, valid_as_of=valid, known_as_of=known)
        assert (found["value"], found["source"], found["valid_as_of"]) == (value, "replay", valid)
        again = await donor.get(
            "metrics/M1", INDICATOR, valid_as_of=valid, known_as_of=known, method_version=found["method_version"]
        )
        assert again == found
    # From what was published, without a day: the same, and null before anything was reported.
    for known, value in (("2020-02-15", 500_000), ("2020-03-31", 250_000), ("2020-04-30", 600_000)):
        found = await donor.get("metrics/M1", INDICATOR, known_as_of=known)
        assert (found["value"], found["source"]) == (value, "history")
    assert (await donor.get("metrics/M1", INDICATOR, known_as_of="2019-07-01"))["value"] is None


async def test_g1s_revisions_and_what_they_come_to(feed: Feed, donor: Caller) -> None:
    await g1(feed)
    found = await donor.get("revisions/M1", INDICATOR, **{"from": "2020-02-16", "to": "2020-04-30"})
    assert [(r["cause"]["kind"], r["effect"], r["previous"], r["value"]) for r in found["items"]] == [
        ("CORRECTION", -250_000, 500_000, 250_000),
        ("LATE_DATA", 350_000, 250_000, 600_000),
    ]
    assert (found["first"], found["last"], found["total"]) == (500_000, 600_000, 100_000)
    assert (found["revised"], found["mean"], found["mean_absolute"]) == (2, 50_000, 300_000)
    everything = await donor.get("revisions/M1", INDICATOR)
    assert [r["effect"] for r in everything["items"]] == [None, None, -250_000, 350_000]
    assert everything["total"] == 100_000


async def test_what_comes_later_changes_no_answer(feed: Feed, donor: Caller) -> None:
    await g1(feed)
    asked = [(v, k) for v, k, _ in G1] + [(None, k) for _, k, _ in G1]

    async def answers() -> list[Any]:
        found = []
        for metric, scope in (("M1", INDICATOR), ("M4", "country:ML"), ("M4", "global"), ("M7", "global")):
            for valid, known in asked:
                more = {"valid_as_of": valid} if valid else {}
                found.append((await donor.ask(f"metrics/{metric}", scope, known_as_of=known, **more)).json())
        return found

    before = await answers()
    feed.on("2020-06-01")
    posted = TransactionPosted(
        project_id=PROJECT, transaction_id="t", type="3", date="2020-01-01", amount="1000", currency="XOF",
        value_date="2020-01-01",
    )  # fmt: skip  # type: ignore[arg-type]
    rates = RatesPublished(
        table_id="UN", version="1", source="UN", published_on="2020-01-01", content_sha256="0" * 64,
        rows=[Rate(currency="XOF", valid_from="2020-01-01", units_per_usd="600")],
    )  # fmt: skip  # type: ignore[arg-type]
    moved = [Allocation(dim="COUNTRY", code="KE", ppm=1_000_000)]
    await feed.say(
        rates,
        posted,
        an_actual("60", end="2019-12-31"),
        ProjectAmended.model_validate(a_project(allocations=moved).model_dump()),
    )
    await feed.say(a_project("XM-DEMO-1-P2"), an_indicator("XM-DEMO-1-P2"), an_actual("10", "XM-DEMO-1-P2"))
    await feed.close("2020-06-30")
    assert await answers() == before


async def test_money_counts_from_its_value_date(feed: Feed, donor: Caller) -> None:
    feed.on("2026-03-01")
    spent = [
        TransactionPosted(
            project_id=PROJECT, transaction_id=f"t{n}", type="4", date=day, amount="100", currency="USD", value_date=day
        )  # type: ignore[arg-type]
        for n, day in enumerate(("2026-01-10", "2026-02-10"))
    ]
    await feed.say(a_project(), an_indicator(), *spent)
    for day, cents in (("2026-01-31", 10_000), ("2026-02-28", 20_000)):
        found = await donor.get("metrics/M4", f"project:{PROJECT}", valid_as_of=day)
        assert found["parts"]["expenditure_cents"] == cents


async def test_a_total_is_replayed_over_what_the_caller_may_read(
    feed: Feed, donor: Caller, peer: Caller, owner: Caller
) -> None:
    await g1(feed)
    await g1(feed, "XM-DEMO-2-P1", entity="XM-DEMO-2", classification="owner")
    await feed.say(a_marker(2))
    at = {"known_as_of": "2020-04-30", "valid_as_of": "2019-12-31"}
    for caller, projects in ((peer, 1), (owner, 2)):
        found = await caller.get("metrics/M4", "country:ML", **at)
        assert (found["value"], found["projects"]) == (600_000, projects)
        tree = await caller.get("explanations/M4", "country:ML", **at)
        assert sum(c["numerator"] for c in tree["children"]) == tree["numerator"]
        assert (len(tree["children"]), tree["value"]) == (projects, 600_000)
        assert ("XM-DEMO-2-P1" in repr(tree)) == (caller is owner)
        assert (await caller.get("metrics/M8", "global", valid_as_of="2020-04-30"))["projects"] == projects
    hidden = "indicator:XM-DEMO-2-P1|I1"
    for path in ("metrics/M1", "explanations/M1", "revisions/M1"):
        more = at if path != "revisions/M1" else {}
        assert (await donor.ask(path, hidden, **more)).status_code == 404
        assert (await owner.ask(path, hidden, **more)).status_code == 200
        assert (await donor.ask(path, hidden, **({"known_as_of": "2020-04-30"} if more else {}))).status_code == 404


async def test_a_project_that_is_closed_takes_its_past_with_it(feed: Feed, donor: Caller, owner: Caller) -> None:
    await g1(feed, "XM-DEMO-2-P1", entity="XM-DEMO-2")
    scope = "indicator:XM-DEMO-2-P1|I1"
    assert (await donor.get("metrics/M1", scope, known_as_of="2020-02-15"))["value"] == 500_000
    closed = a_project("XM-DEMO-2-P1", entity="XM-DEMO-2", classification="owner")
    await feed.say(ProjectAmended.model_validate(closed.model_dump()))
    for path in ("metrics/M1", "revisions/M1"):
        assert (await donor.ask(path, scope)).status_code == 404
    assert (await donor.ask("metrics/M1", scope, known_as_of="2020-02-15")).status_code == 404
    assert (await owner.get("metrics/M1", scope, known_as_of="2020-02-15"))["value"] == 500_000


async def test_a_publishers_word_on_pillars_holds_as_of_the_days_it_stood(feed: Feed, peer: Caller) -> None:
    entity = "XM-DEMO-1"
    purpose = Allocation(dim="DAC", code="15210", ppm=1_000_000)
    said: list[tuple[str, Payload]] = [
        ("2020-01-10", a_project(allocations=[purpose])),
        (
            "2020-02-10",
            DialectAdopted(
                entity=entity, version=1, readings=Readings(default_pillar={"15210": "P4"}), adopted_by=entity,
                adopted_on="2020-02-10",
            ),  # type: ignore[arg-type]
        ),
        ("2020-03-10", DialectWithdrawn(entity=entity, version=2)),
    ]  # fmt: skip
    for day, fact in said:
        feed.on(day)
        await feed.say(fact)
    for known, stood in (("2020-02-01", False), ("2020-03-01", True), ("2020-04-01", False)):
        tree = await peer.get("explanations/M4", f"project:{PROJECT}", known_as_of=known)
        assert ("BY_DIALECT:default_pillar" in json.dumps(tree)) is stood
        found = await peer.ask("metrics/M4", "pillar:P4", known_as_of=known)
        assert (found.status_code == 200 and found.json()["state"] != "NOT_APPLICABLE") is stood, found.text


async def test_an_explanation_as_of_shows_the_facts_of_then(feed: Feed, donor: Caller) -> None:
    await g1(feed)
    tree = await donor.get("explanations/M1", INDICATOR, valid_as_of="2019-12-31", known_as_of="2020-03-31")
    (node,) = tree["children"]
    assert (tree["value"], tree["source"], node["value"]) == (250_000, "replay", 250_000)
    assert [c["calc"] for c in node["children"] if c["kind"] == "observation"] == ["105"]
    whole = await donor.get("explanations/M4", f"project:{PROJECT}", known_as_of="2020-02-15")
    assert whole["value"] == 500_000


async def test_without_history_the_log_answers(feed: Feed, donor: Caller, stack: Stack) -> None:
    """As in a database that is older than its history."""
    await g1(feed)
    before = await donor.get("metrics/M1", INDICATOR, known_as_of="2020-03-31")
    name = await _name(feed)
    admin = await asyncpg.connect(stack.postgres.superuser_dsn().rpartition("/")[0] + f"/{name}")
    await admin.execute("delete from figure_revision")
    await admin.close()
    after = await donor.get("metrics/M1", INDICATOR, known_as_of="2020-03-31")
    assert (after["value"], after["source"], before["source"]) == (before["value"], "replay", "history")


async def _name(feed: Feed) -> str:
    async with feed.database.session() as connection:
        found: str = await connection.fetchval("select current_database()")
    return found


@pytest.mark.parametrize(
    ("query", "status", "code", "says"),
    [
        ({"method_version": "2.0.0"}, 404, "no-method", "plumbline method show"),
        ({"known_as_of": "soon"}, 422, "not-a-day", "known_as_of"),
        ({"known_as_of": "2199-01-01"}, 422, "in-the-future", "known_as_of"),
        ({"known_as_of": "0001-01-01T00:00:00+23:59"}, 422, "not-a-day", "known_as_of"),
        ({"known_as_of": "2001-01-01"}, 404, "no-figure", "not published"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    feed: Feed, donor: Caller, query: dict[str, str], status: int, code: str, says: str
) -> None:
    await g1(feed)
    for path in ("metrics/M4", "explanations/M4"):
        answer = await donor.ask(path, "global", **query)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert says in answer.json()["detail"]


async def test_many_who_ask_at_once_are_answered_or_sent_away_and_nobody_waits_for_ever(
    feed: Feed, donor: Caller
) -> None:
    """A replay holds two connections of a pool of six: those who waited for the second would wait for each other."""
    await g1(feed)
    asked = [donor.ask("metrics/M1", INDICATOR, valid_as_of="2019-12-31") for _ in range(20)]
    answers = await asyncio.wait_for(asyncio.gather(*asked), 60)
    seen = {answer.status_code for answer in answers}
    assert 200 in seen
    assert seen <= {200, 429}
    assert {a.headers["retry-after"] for a in answers if a.status_code == 429} <= {"3"}
    assert (await donor.ask("metrics/M1", INDICATOR, valid_as_of="2019-12-31")).status_code == 200


async def test_what_would_take_too_long_is_refused_with_the_remedy(
    feed: Feed, peer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await g1(feed)
    monkeypatch.setattr(asof, "MOST_FACTS", 4)
    answer = await peer.ask("metrics/M4", "global", valid_as_of="2020-01-01")
    assert (answer.status_code, answer.json()["code"]) == (422, "too-much-to-replay")
    assert "snapshot create" in answer.json()["detail"]
    assert (await peer.ask("metrics/M4", "global", known_as_of="2020-04-30")).status_code == 200


async def test_a_series_has_gaps_where_nothing_was_said_and_the_integers_of_then(feed: Feed, donor: Caller) -> None:
    """G1 by quarter: what was valid by the end of each, and what was known by the end of each."""
    await g1(feed)
    feed.on("2020-05-02")
    valid = await donor.get("series/M1", INDICATOR, by="valid", **{"from": "2019-01-01", "to": "2020-05-01"})
    found = {item["valid_as_of"]: item["value"] for item in valid["items"]}
    assert valid["step"] == "quarter"
    assert (found.get("2019-03-31"), found["2019-06-30"], found["2019-12-31"]) == (None, 250_000, 600_000)
    known = await donor.get("series/M1", INDICATOR)
    for item in known["items"]:
        then = await donor.get("metrics/M1", INDICATOR, known_as_of=item["at"])
        assert [item[name] for name in ("value", "state", "lower")] == [
            then[name] for name in ("value", "state", "lower")
        ]
    assert known["items"][-1]["value"] == 600_000
    items = (await donor.ask("then/M1", INDICATOR, known_as_of="2020-03-31")).json()["items"]
    assert [item["value"] for item in items] == [250_000]


async def test_a_series_tells_a_reader_no_more_than_they_were_told(feed: Feed, donor: Caller, peer: Caller) -> None:
    """A total of one project is withheld from the public, at every date, with the reason."""
    await g1(feed)
    scope = "country:ML"
    seen = await peer.get("series/M4", scope)
    assert any(item["value"] is not None for item in seen["items"])
    for by in ("known", "valid"):
        kept = await donor.ask("series/M4", scope, by=by)
        assert (kept.status_code, kept.json()["code"]) == (403, "withheld")
    then = (await donor.ask("then/M4", scope, known_as_of="2020-04-30")).json()["items"]
    assert [(item["value"], item["withheld"]) for item in then] == [(None, "small-cell")]


async def test_trends_of_several_scopes_are_their_series_at_the_same_instants(
    feed: Feed, donor: Caller, peer: Caller
) -> None:
    """Every point is what that scope's figure of the instant is; what a reader was not told is a gap."""
    await g1(feed)
    feed.on("2020-05-02")
    await feed.say(*(a_marker(n % 3) for n in range(12)))  # moves the project's scope, and none of these metrics
    scopes = [INDICATOR, f"project:{PROJECT}", "country:ML", "global", "country:ZZ"]
    for caller, metric, least in ((peer, "M4", 3), (donor, "M4", 3), (peer, "M1", 2), (donor, "M8", 1)):
        answer = await caller.http.get(f"/v1/trends/{metric}", params={"scope": scopes})
        found = answer.json()
        assert answer.status_code == 200, answer.text
        assert len(found["items"]) >= least, (metric, found)
        assert found["at"] == sorted(found["at"])
        assert 1 < len(found["at"]) <= 13
        for item in found["items"]:
            assert {point["at"] for point in item["items"]} <= set(found["at"])
            for at in found["at"]:
                then = (await caller.ask(f"then/{metric}", item["scope"], known_as_of=at)).json()["items"]
                said = [point for point in item["items"] if point["at"] == at]
                assert [{"metric": metric, "scope": item["scope"]} | point for point in said] == then, (metric, at)
    kept = (await donor.http.get("/v1/trends/M4", params={"scope": scopes})).json()["items"]
    told = {item["scope"]: {(point["value"], point["withheld"]) for point in item["items"]} for item in kept}
    assert told["country:ML"] == {(None, "small-cell")}
    assert (600_000, None) in told[f"project:{PROJECT}"]
    nothing = (await donor.http.get("/v1/trends/M4", params={"scope": "country:ZZ"})).json()
    assert (nothing["at"], nothing["items"]) == ([], [])
