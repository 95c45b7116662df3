"""The page of one project in every state, and what it adds up by itself."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

import httpx
from tests.portal_gateway.test_pages import _page
from tests.support.gateway import Gateway, project, someone
from tests.support.portfolio import HUB, everything

from contracts.portfolio import ObservationRecorded, ProjectWithdrawn
from portal_gateway.api.pages.chain import Parts, levels_of
from portal_gateway.api.pages.pairs import _pair
from portal_gateway.api.pages.standing import flags_of
from portal_gateway.domain.project.history import Names
from portal_gateway.domain.project.money import books


def _line(start: str, end: str, amount: str, **over: Any) -> dict[str, Any]:
    return {"period_start": start, "period_end": end, "amount": amount, "currency": "USD", "type": "1", **over}


async def test_the_page_shows_values_money_places_people_flags_and_says_what_does_not_answer(gateway: Gateway) -> None:
    await gateway.tell(*everything())
    page = (await _page(gateway, f"/projects/{quote(HUB, safe='')}")).text
    for wanted in (
        "Lists signed",  # a comment, in the table of values
        "<del>90</del>",  # a value that was corrected
        "Mali, sex: female",  # a value of one place
        "<b>C</b>",  # the grade that scoring gives
        "3.38",  # spent, without the payment that was taken back
        "85.0",  # M11
        'href="/countries/ML"',
        "Bureau of Tests",
        "A. Traoré",
        "1 of 4 indicators become known",
        'href="/projects/XM-T-2"',
        "The scoring service does not answer.",
        'action="/inbox/subscriptions',
    ):
        assert wanted in page, wanted
    assert "9,999,999" not in page


def test_charts_run_from_the_right_where_the_language_does() -> None:
    target = {"period_start": "2025-01-01", "period_end": "2025-12-31", "value": "12"}
    row = {
        "indicator_id": "i", "result_id": "r", "result_type": "2", "measure": "1", "targets": [target],
        "baselines": [{"year": 2023, "value": "1"}], "observations": [],
    }  # fmt: skip
    begins = {}
    for mirrored in (False, True):
        names = Names({}, {}, "en")
        (level,) = levels_of(Parts("P", [row], None, {}, date(2026, 7, 1), "en", names, mirrored))
        begins[mirrored] = level["results"][0]["indicators"][0]["trajectory"].edge
    assert begins == {False: "0.00", True: "100.00"}


def test_of_many_indicators_the_first_are_drawn_until_all_are_asked_for() -> None:
    rows = [
        {"indicator_id": f"i{n}", "result_id": f"r{n}", "result_type": "2", "measure": "1", "targets": [],
         "baselines": [], "observations": [], "title": {"en": "Same"}, "result_title": {"en": "Same"}}
        for n in range(30)
    ]  # fmt: skip
    for whole, drawn in ((False, 12), (True, 30)):
        parts = Parts("P", rows, None, {}, date(2026, 7, 1), "en", Names({}, {}, "en"), everything=whole)
        (level,) = levels_of(parts)
        assert (level["indicators"], sum(result["drawn"] for result in level["results"])) == (30, drawn)
        assert {result["title"] for result in level["results"]} == {""}  # it would only repeat its indicator
        (flag,) = flags_of({"project_id": "XM-T-1", "entity": "XM-T"}, None, [_flagged(level)], budgeted=False)
        assert flag["indicators"][0]["address"] == ("#i-i29" if whole else "/projects/XM-T-1?results=all#i-i29")


def _flagged(level: dict[str, Any]) -> dict[str, Any]:
    level["results"][-1]["indicators"][-1]["flags"] = ["NO_TARGET"]
    return level


def test_a_budget_in_a_currency_without_a_rate_is_a_budget() -> None:
    data = {"project_id": "XM-T-1", "entity": "XM-T", "flags": ["FX_RATE_MISSING", "NO_BUDGET"]}
    told = {known: {row["code"] for row in flags_of(data, None, [], budgeted=known)} for known in (True, False)}
    assert told == {True: {"FX_RATE_MISSING"}, False: {"FX_RATE_MISSING", "NO_BUDGET"}}


async def test_a_project_without_anything_and_a_withdrawn_one_say_so(gateway: Gateway) -> None:
    actual = {"project_id": "XM-T-1", "indicator_id": "i", "period": {"start": "2025-01-01", "end": "2025-12-31"}}
    await gateway.tell(
        project("XM-T-1"),
        ObservationRecorded.model_validate(actual | {"value": "5"}),
        ProjectWithdrawn.model_validate({"project_id": "XM-T-1", "reason": "Entered twice"}),
        project("XM-T-2"),
    )
    withdrawn = (await _page(gateway, "/projects/XM-T-1")).text
    assert "This project was withdrawn." in withdrawn
    assert "Entered twice" in withdrawn
    empty = (await _page(gateway, "/projects/XM-T-2")).text
    for wanted in ("No results have been reported", "No budget and no transaction", "No country", "Nothing is flagged"):
        assert wanted in empty, wanted


async def test_a_decision_needs_the_form_and_a_pair(gateway: Gateway) -> None:
    await gateway.tell(project("XM-T-1"), project("XM-T-2"))
    cookie = await gateway.signed_in(someone("secretariat", "office"))
    headers = {"Cookie": f"plumbline_session={cookie}", "Accept": "text/html", "Origin": gateway.address}
    form = {"other": "XM-T-2", "decision": "DISTINCT"}
    answer = await gateway.http.post("/projects/XM-T-1/beside", data=form, headers=headers)
    assert answer.status_code == httpx.codes.FORBIDDEN
    page = (await _page(gateway, "/projects/XM-T-1/beside?other=XM-T-2")).text
    assert "The scoring service does not answer." in page
    assert "<form method=" not in page.partition("<main")[2], "nothing to decide about"


def test_a_pair_is_told_by_its_kind_its_evidence_and_its_decision() -> None:
    item = {
        "pair_id": "A|B",
        "projects": [{"project_id": n, "entity": e, "title": n.lower()} for n, e in (("A", "X"), ("B", "Y"))],
        "kind": "LIKELY", "says": "probably one project, reported twice", "weight": "17.2", "probability": 831_000,
        "overlap": 400_000, "fingerprints": [], "decision": "DISTINCT", "survivor": None, "decided_by": "office",
        "evidence": [
            {"field": "title", "level": "same", "weight": "8.6439", "says": "the titles are the same, or nearly"},
            {"field": "time", "level": "different", "weight": "-3.1", "says": "they run at different times"},
        ],
    }  # fmt: skip
    told = _pair("B", item)
    assert told["other"]["project_id"] == "A"
    assert (told["likely"], told["overlap"]) == ("83.1", "40.0")
    assert [e["speaks"] for e in told["evidence"]] == [True, False]
    assert (told["decision"], told["decided_by"]) == ("Different projects", "office")


def test_a_budget_over_two_years_is_split_by_days_and_adds_up() -> None:
    lines = [
        _line("2024-07-01", "2025-06-30", "1000000"),
        _line("2026-01-01", "2026-12-31", "5", currency="EUR"),
        _line("2025-07-01", "2025-12-31", "1"),
        _line("2025-07-01", "2025-12-31", "2000000", type="2"),
    ]
    first, second = books(lines, [(2025, "3", "USD", "-5"), (2025, "2", "USD", "77")], mirrored=False)
    assert (first.currency, first.unit) == ("USD", "USD m")
    assert [(y.year, y.required, y.spent) for y in first.years] == [(2024, "0.50", None), (2025, "2.50", "−0.00")]
    assert first.whole.required == "3.00"
    assert (second.currency, second.unit, second.whole.required) == ("EUR", "EUR", "5.00")
    plain, mirrored = (books(lines, [], mirrored=m)[0].bars for m in (False, True))
    for one, other in zip(plain, mirrored, strict=True):
        assert abs(float(one.x) + float(one.width) + float(other.x) - 100) < 0.02
