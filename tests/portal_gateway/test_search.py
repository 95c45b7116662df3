"""Search: found is what a plain reading of the tables under the reader's own rights finds, and nothing beside."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import httpx
import orjson
import pytest
from tests.support.gateway import Gateway, figure, project, someone

from contracts.base import Payload
from contracts.portfolio import ProjectStatusChanged, ProjectWithdrawn
from portal_gateway.domain.errors import WishError
from portal_gateway.domain.search import facets, folding, wish
from portal_gateway.domain.search.wish import FACETS, Wish
from portal_gateway.searching import Search
from runtime.access import Principal

THIS_YEAR = 2026
CLASSES = ("public", "public", "public", "member-states", "compact", "owner", "state:ML")
ENTITIES = ("XM-A", "XM-B", "XM-C")
WORDS = ("judicial", "training", "border", "police", "youth", "prison")
READERS = (
    someone("donor"),
    someone("secretariat"),
    someone("member-state", country="ML"),
    Principal(subject="a", role="entity", organisation="XM-A"),
)


def _state(rng: random.Random, n: int, **over: Any) -> Payload:
    places = rng.sample(["ML", "KE", "FR", "KI", "TV"], rng.randint(0, 3))
    allocations: list[dict[str, Any]] = [{"dim": "COUNTRY", "code": code, "ppm": 100_000} for code in places]
    allocations += [
        {"dim": "PILLAR", "code": code, "ppm": 1} for code in rng.sample(["P1", "P2", "P4"], rng.randint(0, 2))
    ]
    allocations += [{"dim": "THEME", "code": "WOMEN", "ppm": 1_000_000}] if rng.random() < 0.3 else []
    allocations += [{"dim": "REGION", "code": "011", "ppm": 1}] if rng.random() < 0.2 else []
    start = rng.choice([None, "2019-03-01", "2024-01-01"])
    return project(
        f"XM-{n}",
        entity=rng.choice(ENTITIES),
        classification=rng.choice(CLASSES),
        title={"en": f"{rng.choice(WORDS)} {rng.choice(WORDS)}"},
        description={"en": rng.choice(WORDS)},
        status=rng.choice("123456"),
        allocations=allocations,
        dates={"planned_start": start, "planned_end": rng.choice([None, "2025-06-30"])},
        **over,
    )


def _figures(rng: random.Random, n: int, state: Any, revision: int) -> list[Payload]:
    own = {"classification": state.classification, "owner": state.entity, "revision": revision}
    score = rng.choice([None, rng.randint(0, 1_000_000)])
    grade = dict.fromkeys(rng.sample("ABCD", 2), 250000) | {"missing": 500_000}
    parts: dict[str, dict[str, Any]] = {
        "M2": {"by_weight": {rng.choice(["ON_TRACK", "LIMITED", "NO_DATA"]): 1_000_000}},
        "M3": {"by_weight": grade},
        "M4": {"budget_cents": rng.choice([0, rng.randint(1, 9) * 10_000_000])},
        "M8": {"design": {"gender": rng.choice(["3", "0", "null"]), "rights": rng.choice(["2", "null"])}},
        "M10": {"band": rng.choice(["LOW", "HIGH", None]), "residual": rng.choice([0, 4, None])},
    }
    return [
        figure(f"project:XM-{n}", score if metric == "M4" else 0, metric=metric, parts=parts[metric], **own)
        for metric in rng.sample(sorted(parts), rng.randint(0, len(parts)))
    ]


async def _plainly(gateway: Gateway, who: Principal) -> dict[str, dict[str, tuple[str, ...]]]:
    """Every project that this reader may read with its values by facet, row by row."""
    async with gateway.database.transaction(who) as tx:
        rows = await tx.conn.fetch("select project_id, data from project where not withdrawn")
        # While a figure has another class than its project it is as unknown to everybody.
        told = await tx.conn.fetch(
            "select f.metric, f.scope, f.data from figure f join project p on f.scope = 'project:' || p.project_id"
            " where f.classification = 'public' or (f.classification, f.owner) = (p.classification, p.entity)"
        )
    own: dict[str, dict[str, Any]] = {}
    for row in told:
        own.setdefault(row["scope"].removeprefix("project:"), {})[row["metric"]] = orjson.loads(row["data"])
    return {
        row["project_id"]: facets.of_project(orjson.loads(row["data"]), THIS_YEAR)
        | facets.of_figures(own.get(row["project_id"], {}))
        for row in rows
    }


@pytest.mark.parametrize("seed", [1, 2])
async def test_lists_and_counts_are_those_of_a_plain_reading_for_every_reader(gateway: Gateway, seed: int) -> None:
    rng = random.Random(seed)
    found: Search = gateway.service.app.state.search
    states = {n: _state(rng, n) for n in range(60)}
    news = [f for n, state in states.items() for f in _figures(rng, n, state, 1)]
    order: list[Payload] = [*states.values(), *news]
    rng.shuffle(order)  # figures before their projects, and after
    for begin in range(0, len(order), 40):
        await gateway.tell(*order[begin : begin + 40])
    for n in rng.sample(range(60), 15):  # classes, values and figures change
        changed: Any = _state(rng, n)
        await gateway.tell(changed, *_figures(rng, n, changed, 2))
    await gateway.tell(
        ProjectStatusChanged.model_validate({"project_id": "XM-7", "to": "4"}),
        ProjectWithdrawn.model_validate({"project_id": "XM-8"}),
    )
    for who in READERS:
        plain = await _plainly(gateway, who)
        assert plain
        for chosen in (
            {},
            {"entity": ["XM-A", "XM-B"]},
            {"region": ["002"], "status": ["2", "4"]},
            {"score": ["withheld", "none"], "risk": ["HIGH", "none"], "pillar": ["P1"]},
            {"year": ["2024", "none"], "pace": ["ON_TRACK"], "country": ["ML", "KI"]},
        ):
            asked = Wish().changed(**chosen)
            answer = await found.find(who, asked, limit=500)

            def fits(values: dict[str, tuple[str, ...]], but: str = "", asked: Wish = asked) -> bool:
                return all(set(values[name]) & set(of) for name, of in asked.chosen if name != but)

            assert set(answer.ids) == {id_ for id_, values in plain.items() if fits(values)}, (who.role, chosen)
            assert answer.total == len(answer.ids)
            for name in FACETS:
                counted = Counter(v for values in plain.values() if fits(values, name) for v in values[name])
                assert {v: n for v, n in answer.facets[name] if n} == dict(counted), (who.role, chosen, name)


async def test_a_restricted_project_is_in_no_count_no_correction_and_no_list_of_identifiers(gateway: Gateway) -> None:
    await gateway.tell(
        project("XM-T-1", title={"en": "Border posts"}),
        project("XM-T-2", title={"en": "Nightjar"}, classification="owner", allocations=[
            {"dim": "COUNTRY", "code": "TV", "ppm": 1_000_000}
        ]),
        figure("project:XM-T-2", classification="owner", owner="XM-T"),
    )  # fmt: skip

    async def ask(user: str, **query: Any) -> Any:
        return (await gateway.get("/api/v1/projects", user, params={"facets": "true", **query})).json()

    everything = await ask("donor")
    assert (everything["total"], [i["project_id"] for i in everything["items"]]) == (1, ["XM-T-1"])
    assert "TV" not in orjson.dumps(everything["facets"]).decode()
    for query in ({"q": "nightjer"}, {"q": "nightjar"}, {"country": "TV"}, {"q": "XM-T-2"}):
        answer = await ask("donor", **query)
        assert (answer["total"], answer["searched"]) == (0, None)
        assert all(n["total"] < 2 for n in answer["near"])
    answer = await ask("donor", ids="XM-T-1, XM-T-2\nXM-T-9")
    assert (answer["total"], answer["missing"]) == (1, ["XM-T-2", "XM-T-9"])


@pytest.mark.parametrize(
    ("title", "asked", "searched"),
    [
        ("Judicial training", "judicial trainning", "judicial training"),
        ("Formation des juges en Côte d’Ivoire", "formaton juges", "formation juges"),
        ("Подготовка судей", "подготовкa судеи", None),  # a Latin a within a Cyrillic word
        ("تدريب القضاة في مالي", "تدريب القضاء", "تدريب قضاه"),
        ("反恐培训中心", "反恐培川", "反恐培训"),
    ],
)
async def test_a_slip_is_forgiven_in_every_script_and_said(
    gateway: Gateway, title: str, asked: str, searched: str | None
) -> None:
    await gateway.tell(project("XM-T-1", title={"und": title}), project("XM-T-2", title={"en": "Border posts"}))
    answer = (await gateway.get("/api/v1/projects", "donor", params={"q": asked})).json()
    assert [item["project_id"] for item in answer["items"]] == ["XM-T-1"]
    assert answer["searched"] == (searched or answer["searched"])
    assert answer["searched"]
    written = (await gateway.get("/api/v1/projects", "donor", params={"q": asked, "as_written": 1})).json()
    assert (written["total"], written["searched"]) == (0, None)


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("联合国反恐怖主义办公室培训项目", "怖主义"),
        ("联合国反恐怖主义办公室培训项目", "目"),
        ("مكافحة الإرهاب وإعادة التأهيل", "مكافحه ارهاب"),
        ("Противодействие терроризму, ёлка", "елка терроризм"),
        ("Renforcement à São Tomé, Łódź", "sao lodz renforc"),
        ("Accès équitable: justice", "l’accès à la justice"),
        ("Обучение судей: Мали", "обучение судей в Мали"),
        ("The way of the", "the"),
    ],
)
async def test_words_are_found_in_any_script(gateway: Gateway, title: str, asked: str) -> None:
    await gateway.tell(project("XM-T-1", title={"und": title}), project("XM-T-2", title={"en": "Border posts"}))
    answer = (await gateway.get("/api/v1/projects", "donor", params={"q": asked})).json()
    assert [item["project_id"] for item in answer["items"]] == ["XM-T-1"], folding.tokens(title)
    assert answer["searched"] is None


async def test_orders_and_pages_hold_and_unknown_comes_last(gateway: Gateway) -> None:
    titles = ["Écoles", "Border", "zones", "Aid", "aid"]
    await gateway.tell(*(project(f"XM-T-{n}", title={"en": title}) for n, title in enumerate(titles)))
    await gateway.tell(
        figure("project:XM-T-1", 500_000, owner="XM-T", parts={"budget_cents": 7}),
        figure("project:XM-T-3", 900_000, owner="XM-T", parts={"budget_cents": 5}),
        figure("project:XM-T-4", None, owner="XM-T", parts={"budget_cents": 6}),
    )

    async def ids(**query: Any) -> list[str]:
        found: list[str] = []
        address = "/api/v1/projects"
        while address:
            answer = await gateway.get(address, "donor", params=query if "?" not in address else None)
            found += [item["project_id"].removeprefix("XM-T-") for item in answer.json()["items"]]
            address = answer.links.get("next", {}).get("url", "")
        return found

    assert await ids(limit=2) == ["4", "3", "2", "1", "0"]
    assert await ids(limit=2, sort="title") in (["3", "4", "1", "0", "2"], ["4", "3", "1", "0", "2"])
    assert await ids(limit=2, sort="budget") == ["1", "4", "3", "2", "0"]
    assert await ids(limit=2, sort="effectiveness") == ["3", "1", "4", "2", "0"]
    await gateway.tell(project("XM-T-5", title={"en": "Banks"}))
    assert (await ids(limit=2, sort="title"))[2:4] == ["5", "1"]


async def test_the_page_keeps_its_state_in_the_address_and_offers_what_is_nearest(gateway: Gateway) -> None:
    await gateway.tell(
        project("XM-T-1", title={"en": "Judicial training"}, status="2", allocations=[
            {"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000}
        ]),
        project("XM-T-2", title={"en": "Border posts"}, status="4"),
    )  # fmt: skip
    cookie = await gateway.signed_in(someone("donor"))

    async def page(path: str) -> httpx.Response:
        return await gateway.http.get(path, headers={"Cookie": f"plumbline_session={cookie}", "Accept": "text/html"})

    text = (await page("/projects?q=judicail&region=002&sort=title")).text
    assert "Judicial training" in text and "Border posts" not in text
    assert "/projects?q=judicail&amp;as_written=1&amp;region=002&amp;sort=title" in text
    assert 'href="/projects?q=judicail&amp;sort=title"' in text  # the chip takes its filter away
    assert "/projects/export.csv?q=judicail&amp;region=002&amp;sort=title" in text
    empty = (await page("/projects?q=judicial&status=4")).text
    assert 'href="/projects?q=judicial"' in empty and 'href="/projects?status=4"' in empty
    for view in ("timeline", "map"):
        assert (await page(f"/projects?view={view}")).status_code == httpx.codes.OK
    refused = await page("/projects?status=9&sort=best")
    assert refused.status_code == httpx.codes.BAD_REQUEST
    assert "status" in refused.text and "sort" in refused.text


def test_a_wish_says_every_fault_and_survives_its_address() -> None:
    whole = wish.parse([("q", " judicial  training "), ("region", "142"), ("region", "002"), ("view", "timeline")])
    assert wish.parse(whole.pairs()) == whole
    assert whole.address() == "/projects?q=judicial+training&region=002&region=142&view=timeline"
    assert wish.parse([("q", "XM-T-1, XM-T-2\nGB-3/4 55-xx")]).ids == ("XM-T-1", "XM-T-2", "GB-3/4 55-xx")
    with pytest.raises(WishError) as refused:
        wish.parse([("status", "9"), ("year", "12"), ("sort", "best"), ("q", "z" * 500)])
    assert [name for name, _ in refused.value.problems] == ["status", "year", "sort", "q"]
