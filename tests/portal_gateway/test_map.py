"""The map: every State is on it, a withheld figure has no colour and no number, and everybody sees their own."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import httpx
import pytest
from tests.support.gateway import Gateway, figure, project, someone

from contracts.base import Payload
from portal_gateway import places
from portal_gateway.domain.map_measures import CLASSES, MEASURES, class_of, legend
from portal_gateway.places import WORLD, atlas
from portal_gateway.web import outlines, render

M4 = MEASURES["M4"]
LINK = re.compile(r'<a href="([^"]+)" class="(k[^"]+)" data-c="([A-Z]{2})"><title>([^<]+)</title>')


def hidden(scope: str, **over: Any) -> Payload:
    return figure(scope, classification="compact", withheld="small-cell", flags=["SMALL_CELL"], projects=2, **over)


async def _get(gateway: Gateway, path: str, who: Any = None, **headers: str) -> httpx.Response:
    cookie = await gateway.signed_in(who or someone("donor", "reader"))
    return await gateway.http.get(path, headers={"Cookie": f"plumbline_session={cookie}", **headers})


def _drawn(page: str) -> dict[str, tuple[str, str]]:
    """Class and words of each country with a link."""
    return {code: (look, text) for _link, look, code, text in LINK.findall(page)}


# What is drawn.


def test_there_are_as_many_states_as_the_united_nations_has() -> None:
    kinds = list(atlas.states().values())
    assert (kinds.count("member"), kinds.count("observer")) == (193, 2)
    assert atlas.states().keys() <= places.countries().keys()


@pytest.mark.parametrize("region", sorted(outlines.VIEWS))
def test_every_state_of_a_region_is_on_its_map(region: str) -> None:
    view = atlas.views()[region]
    drawn = {o.code for o in view.outlines}
    assert atlas.states().keys() & places.countries_of(region) <= drawn
    for outline in view.outlines:
        x, y = view.spot(outline)
        assert view.x < x < view.x + view.width
        assert view.y < y < view.y + view.height


def test_what_has_no_code_of_m49_is_land_without_a_name() -> None:
    for view in atlas.views().values():
        assert {o.code for o in view.outlines} - {""} <= places.countries().keys() - {"TW"}


def test_every_region_can_be_walked_to_from_the_world() -> None:
    waiting, met = [WORLD], set()
    while waiting:
        here = waiting.pop()
        met.add(here)
        waiting += atlas.inside(here)
    assert met == atlas.views().keys()


def test_equal_earth_keeps_areas_and_its_published_values() -> None:
    assert outlines.project(180, 0)[0] == pytest.approx(2.7066, abs=1e-4)
    assert outlines.project(0, 90)[1] == pytest.approx(1.3173, abs=1e-4)

    def cell(latitude: float) -> float:
        (x, low), (_x, high) = outlines.project(0.1, latitude), outlines.project(0.1, latitude + 0.1)
        return x * (high - low)

    import math

    for latitude in (10.0, 45.0, 70.0):
        shrunk = math.cos(math.radians(latitude + 0.05)) / math.cos(math.radians(0.05))
        assert cell(latitude) / cell(0) == pytest.approx(shrunk, rel=1e-3)


def test_parts_of_one_country_have_no_border_between_them() -> None:
    """Two squares that share a side, told as one country, are one ring."""
    square = {"arcs": [[0, 1]], "type": "Polygon"}
    topology = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [[[10, 0], [0, 10]], [[10, 10], [-10, 0], [0, -10], [10, 0]], [[10, 0], [10, 0], [0, 10], [-10, 0]]],
        "objects": {
            "countries": {
                "geometries": [
                    {**square, "properties": {"a3": "SOM"}},
                    {"arcs": [[2, -1]], "type": "Polygon", "properties": {"a3": "SOL"}},
                ]
            }
        },
    }
    table = outlines.sheets(topology)[WORLD]
    row = next(line for line in table.splitlines() if line.startswith("SO,"))
    assert row.count("M") == 1


# How it is coloured.


def test_an_amount_at_a_break_belongs_to_the_class_that_begins_there() -> None:
    breaks = M4.breaks([])
    assert breaks == (200_000, 400_000, 600_000, 800_000)
    assert [class_of(n, breaks) for n in (-1, 0, 199_999, 200_000, 399_999, 400_000, 799_999, 800_000, 1_000_000)] == [
        1, 1, 1, 2, 2, 3, 4, 5, 5,
    ]  # fmt: skip
    assert [step.text for step in legend(M4, breaks)] == [
        "under 20.0%", "from 20.0%", "from 40.0%", "from 60.0%", "from 80.0%",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "most", "breaks"),
    [
        ("projects", 0, (2, 5, 10, 20)),
        ("projects", 21, (2, 5, 10, 20)),
        ("projects", 49, (2, 5, 10, 20)),
        ("projects", 50, (5, 10, 20, 50)),
        ("money", 5_000_000_00, (500_000_00, 1_000_000_00, 2_000_000_00, 5_000_000_00)),
    ],
)
def test_counts_and_money_begin_a_class_at_a_round_number(code: str, most: int, breaks: tuple[int, ...]) -> None:
    assert MEASURES[code].breaks([most, 1]) == breaks
    assert class_of(most, breaks) <= CLASSES


# What is said.


async def test_a_map_shows_every_state_and_says_each_figure_in_words(gateway: Gateway) -> None:
    await gateway.tell(figure("country:ML", 649_007), figure("country:TV", 100_000), figure("country:EH", 500_000))
    page = (await _get(gateway, "/map")).text
    every = set(re.findall(r'data-c="([A-Z]{2})"', page))
    assert atlas.states().keys() <= every
    assert every - atlas.states().keys() == {"EH"}
    found = _drawn(page)
    assert found["ML"] == (
        "k4", "Mali: 64.9%, worst to best case 49.6 to 73.2%, Published, 76.4% known, 133 projects",
    )  # fmt: skip
    assert found["TV"][0] == "k1"
    assert list(found) == re.findall(r'<th role="rowheader" scope="row"><a href="/countries/(..)">', page)
    assert list(found)[-1] == "TV"  # on top, because it is a dot
    assert "do not imply official endorsement or acceptance by the United Nations" in page
    assert "Nauru" in page.partition("of which nothing is reported")[2]


async def test_what_is_withheld_is_hatched_and_has_no_number(gateway: Gateway) -> None:
    await gateway.tell(hidden("country:ML"), figure("country:NE", None), figure("country:KE", 649_007))
    for view in ("areas", "dots"):
        page = (await _get(gateway, f"/map?view={view}")).text
        found = _drawn(page)
        assert found["ML"] == ("k-held", "Mali: Withheld: fewer than three projects or two entities")
        assert found["NE"][0] == "k-held"
        assert found["NE"][1].startswith("Niger: Withheld, worst to best case 49.6 to 73.2%")
        assert page.count('fill="url(#m-held)"') == 2
        row = page.partition('data-k="M4|country:ML"')[2].partition("</tr>")[0]
        assert not re.search(r"\d\d\.\d|>2<", row)
    assert _drawn((await _get(gateway, "/map", someone("secretariat", "s"))).text)["ML"][0] == "k4"
    for measure in ("projects", "money"):
        assert _drawn((await _get(gateway, f"/map?metric={measure}")).text).get("ML", ("k-held",))[0] == "k-held"


async def test_what_may_not_be_known_is_not_there(gateway: Gateway) -> None:
    await gateway.tell(figure("country:ML", classification="owner", owner="XM-A"))
    mine, theirs = someone("entity", "a", organisation="XM-A"), someone("donor", "d")
    assert "ML" in _drawn((await _get(gateway, "/map", mine)).text)
    page = (await _get(gateway, "/map", theirs)).text
    assert "ML" not in _drawn(page)
    assert "64.9" not in page


async def test_money_and_one_pillar(gateway: Gateway) -> None:
    cents = {"P1": 0, "P2": 300_000_000, "P3": 150_000_000, "P4": 0, "unallocated": 50_000_000}
    await gateway.tell(
        figure("country:ML", 0, metric="M7", parts={"budget": cents}),
        figure("country:NE", 0, metric="M7", parts={"budget": {"P4": 2_000_000}}),
        figure("pillar-country:P3|ML", 250_000),
        figure("pillar-country:P2|ML", 900_000),
    )
    assert _drawn((await _get(gateway, "/map?metric=money")).text)["ML"][1] == "Mali: USD 5.0 m"
    by_pillar = _drawn((await _get(gateway, "/map?metric=money&pillar=P3")).text)
    assert by_pillar["ML"][1] == "Mali: USD 1.5 m"
    assert "NE" not in by_pillar
    assert _drawn((await _get(gateway, "/map?pillar=P3")).text)["ML"][0] == "k2"
    assert _drawn((await _get(gateway, "/map?pillar=P3&region=142")).text) == {}


async def test_pairs_are_counted_and_none_is_a_number(gateway: Gateway) -> None:
    """M12 by country: how many pairs, not the ratio; a country whose projects were compared has none, not nothing."""
    await gateway.tell(
        figure("country:ML", 1_500_000, metric="M12", parts={"pairs": 1_234}),
        figure("country:NE", 0, metric="M12", parts={"pairs": 0}),
        hidden("country:KE", metric="M12", parts={"pairs": 7}),
        figure("country:ML", 700_000, metric="M2"),
    )
    found = _drawn((await _get(gateway, "/map?metric=M12")).text)
    assert (found["ML"], found["NE"]) == (("k5", "Mali: 1,234 pairs"), ("k1", "Niger: 0 pairs"))
    assert (found["KE"][0], "7" in found["KE"][1]) == ("k-held", False)
    body = (await gateway.get("/api/v1/map?metric=M12", "donor")).json()
    amounts = {i["country"]: i["amount"] for i in body["items"]}
    assert (body["unit"], amounts) == ("pairs", {"ML": 1_234, "NE": 0, "KE": None})
    assert _drawn((await _get(gateway, "/map?metric=M2")).text)["ML"][0] == "k4"


async def test_a_map_that_is_mostly_hatched_leads_to_one_that_tells_more(gateway: Gateway) -> None:
    await gateway.tell(figure("country:ML", None), figure("country:NE", None), figure("country:KE", 600_000))
    page = (await _get(gateway, "/map?pillar=&view=dots")).text
    assert "Withheld in 2 of 3 countries and areas" in page
    assert re.search(r'<a href="/map\?metric=projects&amp;view=dots&amp;region=001">Number of projects</a>', page)
    await gateway.tell(figure("country:NE", 500_000, revision=2))
    assert "countries and areas: too little" not in (await _get(gateway, "/map")).text


async def test_programs_are_told_what_the_map_shows(gateway: Gateway) -> None:
    await gateway.tell(figure("country:KE", 600_000), hidden("country:ML"), hidden("country:CD", value=None))
    body = (await gateway.get("/api/v1/map", "donor")).json()
    assert (body["unit"], body["breaks"]) == ("µ", [200_000, 400_000, 600_000, 800_000])
    told = {item["country"]: item for item in body["items"]}
    assert (told["KE"]["amount"], told["KE"]["step"], told["KE"]["m49"]) == (600_000, 4, "404")
    for code in ("ML", "CD"):
        assert (told[code]["amount"], told[code]["step"], told[code]["withheld"]) == (None, None, True)
        assert (told[code]["lower"], told[code]["projects"], told[code]["reason"]) == (None, 0, "small-cell")
    assert "649007" not in json.dumps(body)
    whole = (await gateway.get("/api/v1/map", "secretariat")).json()
    assert {i["country"]: i["amount"] for i in whole["items"]} == {"KE": 600_000, "ML": 649_007, "CD": None}
    assert (await gateway.get("/api/v1/map?metric=M99", "donor")).status_code == 404
    assert (await gateway.get("/api/v1/map?pillar=P9", "donor")).status_code == 422


@pytest.mark.parametrize("path", ["/map?metric=M99", "/map?region=999"])
async def test_a_map_of_nothing_is_not_there(gateway: Gateway, path: str) -> None:
    assert (await _get(gateway, path)).status_code == 404


async def test_what_a_search_found_is_drawn_by_country_and_a_country_narrows_the_search(gateway: Gateway) -> None:
    for n, codes in enumerate((["ML", "TV"], ["ML"], ["KE"])):
        shares = [{"dim": "COUNTRY", "code": code, "ppm": 1_000_000 // len(codes)} for code in codes]
        await gateway.tell(project(f"XM-T-{n}", allocations=shares))
    page = (await _get(gateway, "/projects?view=map&q=judicial")).text
    found = _drawn(page)
    assert {code: text for code, (_look, text) in found.items()} == {
        "ML": "Mali: 2 projects", "KE": "Kenya: 1 project", "TV": "Tuvalu: 1 project",
    }  # fmt: skip
    assert next(iter(found)) == "ML"
    assert '<a href="/projects?q=judicial&amp;country=ML' in page


# How heavy it is.


async def test_the_first_view_is_light_on_the_line_even_when_every_country_has_a_figure(gateway: Gateway) -> None:
    await gateway.tell(*(figure(f"country:{code}", 5_000 * n) for n, code in enumerate(sorted(atlas.states()))))
    whole = 0
    for path in (
        "/map",
        *(render.static(name) for name in ("plumbline.css", "portal.js", "live.js", "format.js", "map.js")),
    ):
        answer = await _get(gateway, path, **{"Sec-Fetch-Site": "none"})
        whole += int(answer.headers["content-length"])
    assert whole < 100_000


async def test_what_another_site_asks_for_leaves_plain_where_its_words_may_stand_in_it(gateway: Gateway) -> None:
    await gateway.tell(figure("country:ML"))
    packed = {
        ("/map", "cross-site"): True,
        ("/map?view=dots", "cross-site"): False,
        ("/projects/nowhere", "cross-site"): False,
        ("/map?view=dots", "same-origin"): True,
        ("/map?view=dots", "none"): True,
    }
    for (path, site), expected in packed.items():
        answer = await _get(gateway, path, Accept="text/html", **{"Sec-Fetch-Site": site})
        assert (answer.headers.get("content-encoding") == "gzip") is expected, (path, site)
        assert answer.headers["vary"] == "Accept-Encoding"
        assert "<main" in answer.text
    assert "content-encoding" not in (await _get(gateway, "/map?view=dots")).headers  # who knows who asked
    plain = await _get(gateway, "/map", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(gzip.compress(plain.content)) < len(plain.content)


async def test_an_answer_known_in_its_compressed_form_need_not_be_sent_again(gateway: Gateway) -> None:
    await gateway.tell(*(figure(f"country:{code}") for code in sorted(atlas.states())[:9]))
    first = await gateway.get("/api/v1/map", "donor")
    assert first.headers["etag"].startswith('W/"')
    again = await gateway.get("/api/v1/map", "donor", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == httpx.codes.NOT_MODIFIED
