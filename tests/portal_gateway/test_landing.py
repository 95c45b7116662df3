"""The pages of entities, countries, regions and pillars: whole without the other services, and honest about it."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from tests.support.gateway import Gateway, figure, project, receipt, someone

from contracts.portfolio import IndicatorDefined
from portal_gateway.api.pages.readability import may_adopt
from portal_gateway.domain.readability import readability

PLACES = [{"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000}, {"dim": "PILLAR", "code": "P2", "ppm": 1_000_000}]


async def _page(gateway: Gateway, path: str, who: Any = None, status: int = 200) -> str:
    cookie = await gateway.signed_in(who or someone("secretariat", "reader"))
    answer = await gateway.http.get(path, headers={"Cookie": f"plumbline_session={cookie}", "Accept": "text/html"})
    assert answer.status_code == status, answer.text
    return answer.text


def quality(scorable: int, **together: int) -> dict[str, Any]:
    """What intake answers: reasons that hold together are joined by two underscores here."""
    combined = {name.replace("__", " "): count for name, count in together.items()}
    reasons: dict[str, int] = {}
    for names, count in combined.items():
        for name in names.split():
            reasons[name] = reasons.get(name, 0) + count
    indicators = scorable + sum(combined.values())
    return {"indicators": indicators, "scorable": scorable, "reasons": reasons, "together": combined}


def test_the_remedy_worth_most_comes_first() -> None:
    found = readability(quality(31, NO_TARGET=4, DIRECTION_CONFLICT=79, NO_BASELINE=3, ACTUAL_IN_WORDS=9), {})
    assert [(r.reason, r.makes) for r in found.remedies] == [
        ("DIRECTION_CONFLICT", 79), ("ACTUAL_IN_WORDS", 9), ("NO_TARGET", 4), ("NO_BASELINE", 3),
    ]  # fmt: skip
    assert found.remedies[0].after == 110 * 1_000_000 // 126
    assert found.remedies[-1].after == 1_000_000


def test_a_remedy_brings_only_what_it_is_the_last_for() -> None:
    found = readability(quality(0, NO_ACTUAL__NO_TARGET=10, NO_TARGET=2), {})
    assert [(r.reason, r.concerned, r.makes) for r in found.remedies] == [("NO_TARGET", 12, 2), ("NO_ACTUAL", 10, 10)]
    assert sum(found.pieces.values()) == found.indicators
    both = readability(quality(0, NO_ACTUAL__NO_TARGET=10), {})
    assert [r.makes for r in both.remedies] == [0, 10]


def test_what_an_adopted_reading_settles_is_no_obstacle() -> None:
    of = quality(1, DIRECTION_CONFLICT=5, DIRECTION_CONFLICT__NO_ACTUAL=2)
    assert readability(of, {"direction": "as-declared"}).usable == 1
    found = readability(of, {"direction": "from-values"})
    assert (found.usable, found.settled) == (6, ("DIRECTION_CONFLICT",))
    assert [(r.reason, r.makes) for r in found.remedies] == [("NO_ACTUAL", 2)]


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (someone("secretariat"), True),
        (someone("entity", organisation="XM-T"), True),
        (someone("entity", organisation="XM-U"), False),
        (someone("donor", organisation="XM-T"), False),
        (someone("member-state", country="ML"), False),
        (someone("operator"), False),
    ],
)
def test_who_may_adopt(who: Any, may: bool) -> None:
    assert may_adopt(who, "XM-T") is may


async def test_an_entity_page_stands_without_the_other_services(gateway: Gateway) -> None:
    await gateway.tell(
        project("XM-T-1", allocations=PLACES),
        figure("entity:XM-T", 540_000, flags=["STALE"]),
        figure("entity-pillar:XM-T|P2", 610_000),
        receipt("S1", "XM-T"),
    )
    page = await _page(gateway, "/entities/XM-T")
    for text in ("Office of Tests", "Readability cannot be read now.", "How its files are read cannot be said now.",
                 "54.0", "61.0", "The latest value is old", "Tell me when this changes"):  # fmt: skip
        assert text in page, text
    assert "Adopt for" not in page
    assert "Not every entity can be listed now" in (await _page(gateway, "/entities"))
    await _page(gateway, "/entities/XM-NOBODY", status=404)


async def test_what_is_not_theirs_to_read_is_in_no_list_and_no_count(gateway: Gateway) -> None:
    hidden = {"entity": "XM-U", "entity_name": "Office of Secrets", "classification": "compact"}
    await gateway.tell(project("XM-T-1", allocations=PLACES), project("XM-U-1", allocations=PLACES, **hidden))
    donor = someone("donor", "d")
    for path in ("/entities", "/countries", "/countries/ML", "/regions/002", "/pillars/P2"):
        assert "XM-U" not in await _page(gateway, path, donor), path
    await _page(gateway, "/entities/XM-U", donor, status=404)
    await _page(gateway, "/entities/XM-U/indicators.csv", donor, status=404)
    assert "Office of Secrets" in await _page(gateway, "/countries/ML")


async def test_places_and_pillars_say_what_is_there_and_what_is_not(gateway: Gateway) -> None:
    await gateway.tell(
        project("XM-T-1", allocations=PLACES),
        figure("country:ML", 472_000),
        figure("country:ML", 250_000, metric="M13", parts={"needs": 4, "unaddressed": 3}),
        figure("pillar-country:P2|ML", 333_000),
        figure("pillar:P2", 649_000),
    )
    page = await _page(gateway, "/countries/ML")
    for text in ("Mali", "47.2", "33.3", "4 needs are registered; 3 without any project.", "Judicial training",
                 "/projects?country=ML", "/regions/011", "Which needs are not met cannot be read now."):  # fmt: skip
        assert text in page, text
    region = await _page(gateway, "/regions/011")
    assert ('href="/countries/ML"' in region, 'href="/countries/NE"' in region) == (True, True)
    assert "64.9" in await _page(gateway, "/pillars/P2")
    assert "No project names this place" in await _page(gateway, "/countries/FJ")
    for nowhere in ("/countries/XX", "/regions/001", "/pillars/P5"):
        await _page(gateway, nowhere, status=404)


async def test_projects_that_serve_no_pillar_are_counted_beside_the_pillars(gateway: Gateway) -> None:
    mali = {"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000}
    await gateway.tell(
        project("XM-T-1", allocations=[mali]),
        project("XM-T-2", allocations=[mali, {"dim": "PILLAR", "code": "P2", "ppm": 1_000_000}]),
    )
    for address, link in (("/countries/ML", "country=ML"), ("/regions/011", "region=011")):
        page = await _page(gateway, address)
        assert "1 project names no pillar" in page, address
        assert f"/projects?{link}&amp;pillar=none" in page
    assert "XM-T-2" not in await _page(gateway, "/projects?country=ML&pillar=none")


async def test_a_publishers_own_region_is_no_country(gateway: Gateway) -> None:
    """UNESCO reports regions "67" and UNIDO "M2", of lists of their own."""
    own = [{"dim": "REGION", "code": code, "ppm": 500_000, "vocabulary": "99"} for code in ("67", "M2")]
    await gateway.tell(project("XM-T-1", allocations=[*own, {"dim": "PILLAR", "code": "P2", "ppm": 1_000_000}]))
    page = await _page(gateway, "/pillars/P2")
    assert ("/countries/67" in page, "/countries/M2" in page) == (False, False)
    assert "in 0 countries" in await _page(gateway, "/entities/XM-T")


async def test_the_indicators_that_cannot_be_used_are_a_table_no_spreadsheet_runs(gateway: Gateway) -> None:
    def indicator(name: str, title: str) -> IndicatorDefined:
        return IndicatorDefined.model_validate(
            {"project_id": "XM-T-1", "indicator_id": name, "result_id": "R", "result_type": "1", "measure": "1",
             "title": {"en": title}}
        )  # fmt: skip

    own: dict[str, Any] = {"metric": "M1", "owner": "XM-T", "lower": 0, "upper": 1_000_000}
    await gateway.tell(
        project("XM-T-1"), indicator("a", "=HYPERLINK(1)"), indicator("b", "Known"), indicator("c", "Later"),
        figure("indicator:XM-T-1|a", None, flags=["NO_ACTUAL"], parts={"state": "MISSING"}, **own),
        figure("indicator:XM-T-1|b", 500_000, **own),
        figure("indicator:XM-T-1|c", None, **own | {"state": "NOT_APPLICABLE"}),
    )  # fmt: skip
    cookie = await gateway.signed_in(someone("donor"))
    answer = await gateway.http.get("/entities/XM-T/indicators.csv", headers={"Cookie": f"plumbline_session={cookie}"})
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-disposition"] == 'attachment; filename="XM-T-indicators.csv"'
    _head, *rows = csv.reader(io.StringIO(answer.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")))
    assert [(row[3], row[4], row[6]) for row in rows] == [("a", "'=HYPERLINK(1)", "No value reported")]
