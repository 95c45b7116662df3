"""The REST interface: what is there, in pages, with tags; and how it refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.gateway import Gateway, figure, message, project, receipt, serving, someone

from contracts.portfolio import (
    IndicatorDefined,
    IndicatorWithdrawn,
    ObservationCorrected,
    ObservationRecorded,
    ObservationRetracted,
    ProjectAmended,
    ProjectStatusChanged,
    ProjectWithdrawn,
)
from plumbline.stack import Stack


def _observation(kind: type = ObservationRecorded, value: str | None = "7", **over: Any) -> Any:
    return kind.model_validate(
        {
            "project_id": "XM-T-1",
            "indicator_id": "I",
            "period": {"start": "2025-01-01", "end": "2025-12-31"},
            **({"value": value} if value is not None else {}),
            **over,
        }
    )


INDICATOR = IndicatorDefined.model_validate(
    {"project_id": "XM-T-1", "indicator_id": "I", "result_id": "R", "result_type": "1", "measure": "1"}
)


async def test_a_figure_says_all_of_itself(gateway: Gateway) -> None:
    await gateway.tell(figure(flags=["PILLAR_INFERRED"], previous=655_000))
    found = (await gateway.get("/api/v1/metrics/M4", "member-state", params={"scope": "pillar:P2"})).json()
    assert found["value"] == 649_007
    assert found["coverage"] == {"observed": 764, "expected": 1000}
    assert (found["lower"], found["upper"], found["state"]) == (495_826, 731_849, "PUBLISHED")
    assert found["flags"] == ["PILLAR_INFERRED"]
    assert found["seq"] > 0


async def test_what_may_not_be_read_is_answered_as_what_does_not_exist(gateway: Gateway) -> None:
    await gateway.tell(
        figure("project:XM-A-1", classification="owner", owner="XM-A"),
        project("XM-A-1", entity="XM-A", classification="owner"),
        receipt("S-A", "XM-A"),
    )
    for path, secret, unknown in (
        ("/api/v1/metrics/M4?scope=project:", "XM-A-1", "XM-A-2"),
        ("/api/v1/projects/", "XM-A-1", "XM-A-2"),
        ("/api/v1/receipts/", "S-A", "S-B"),
    ):
        answers = [await gateway.get(path + name, "donor") for name in (secret, unknown)]
        assert [a.status_code for a in answers] == [404, 404]
        assert answers[0].text.replace(secret, "") == answers[1].text.replace(unknown, "")
        assert answers[0].headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("scope", ["pillar:P9", "", "x", "country:", "indicator:only"])
async def test_a_scope_that_is_none_is_refused_with_the_grammar(gateway: Gateway, scope: str) -> None:
    answer = await gateway.get("/api/v1/metrics/M4", "donor", params={"scope": scope})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-scope")
    assert "pillar:P1 to pillar:P4" in answer.json()["detail"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x.y.z"}, {"Cookie": "plumbline_session=guess"}])
async def test_without_a_good_token_everything_is_401(gateway: Gateway, headers: dict[str, str]) -> None:
    for path in ("me", "metrics", "metrics/M4", "projects", "projects/X", "inbox", "receipts", "receipts/1", "stream"):
        answer = await gateway.http.get(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == httpx.codes.UNAUTHORIZED, path
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_list_comes_in_pages_that_neither_repeat_nor_skip(gateway: Gateway) -> None:
    await gateway.tell(*(figure(f"country:{a}{b}", 1) for a in "ABC" for b in "ABC"))
    seen: list[str] = []
    address: str | None = "/api/v1/metrics?metric=M4&kind=country&limit=4"
    while address:
        answer = await gateway.get(address, "donor")
        seen += [item["scope"] for item in answer.json()["items"]]
        link = answer.links.get("next")
        assert (link is not None) == (answer.json()["next"] is not None)
        address = link["url"] if link else None
    assert seen == [f"country:{a}{b}" for a in "ABC" for b in "ABC"]


async def test_what_is_known_already_is_not_sent_again(gateway: Gateway) -> None:
    await gateway.tell(figure())
    path = "/api/v1/metrics/M4?scope=pillar:P2"
    tag = (await gateway.get(path, "donor")).headers["etag"]
    same = await gateway.get(path, "donor", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    await gateway.tell(figure(value=1, revision=2))
    assert (await gateway.get(path, "donor", headers={"If-None-Match": tag})).status_code == httpx.codes.OK


@pytest.mark.parametrize("cursor", ["!!", "W10", "WzFd", "eyJhIjoxfQ", "WzEsMl0"])
async def test_a_cursor_that_is_none_of_ours_is_refused(gateway: Gateway, cursor: str) -> None:
    for path in ("receipts", "inbox", "projects"):
        answer = await gateway.get(f"/api/v1/{path}?cursor={cursor}", "donor")
        assert answer.status_code in {200, 400}, answer.text  # [1] is a place in a search
        assert answer.status_code == 400 or path == "projects"


async def test_an_address_with_a_zero_byte_is_refused(gateway: Gateway) -> None:
    for path in ("/api/v1/projects/%00", "/api/v1/projects?q=%00", "/projects/a%00b"):
        assert (await gateway.get(path, "donor")).status_code == httpx.codes.BAD_REQUEST


async def test_projects_are_found_by_words_in_any_case_and_without_accents(gateway: Gateway) -> None:
    await gateway.tell(
        project("XM-T-1", title={"en": "Judicial training, Côte d’Ivoire"}),
        project("XM-T-2", title={"fr": "Formation des juges"}),
        project("XM-T-3", title={"en": "Border posts"}, classification="owner"),
    )

    async def find(q: str, **more: Any) -> list[str]:
        found = (await gateway.get("/api/v1/projects", "donor", params={"q": q, **more})).json()
        return [item["project_id"] for item in found["items"]]

    assert await find("COTE judicial") == ["XM-T-1"]
    assert await find("juge") == ["XM-T-2"]
    assert await find("XM-T-1") == ["XM-T-1"]
    assert await find("border") == []
    assert await find("' ) | !") == []
    assert sorted(await find("")) == ["XM-T-1", "XM-T-2"]
    assert await find("judical trainning") == ["XM-T-1"]


async def test_a_project_lists_its_country_and_can_be_found_there(gateway: Gateway) -> None:
    allocations = [{"dim": "COUNTRY", "code": "ML", "ppm": 1_000_000}]
    await gateway.tell(project("XM-T-1", allocations=allocations), project("XM-T-2"))
    found = (await gateway.get("/api/v1/projects", "donor", params={"country": "ML"})).json()
    assert ([item["project_id"] for item in found["items"]], found["total"]) == (["XM-T-1"], 1)


async def test_a_correction_replaces_and_keeps_what_it_replaced(gateway: Gateway) -> None:
    await gateway.tell(project(), INDICATOR, _observation(value="90"))
    await gateway.tell(_observation(ObservationCorrected, "105", revision=2))
    (indicator,) = (await gateway.get("/api/v1/projects/XM-T-1", "donor")).json()["indicators"]
    (observation,) = indicator["observations"]
    assert (observation["data"]["value"], observation["replaced"]) == ("105", ["90"])
    await gateway.tell(_observation(ObservationRetracted, None))
    (indicator,) = (await gateway.get("/api/v1/projects/XM-T-1", "donor")).json()["indicators"]
    assert indicator["observations"] == []


async def test_several_words_on_one_thing_in_one_batch_end_as_the_last(gateway: Gateway) -> None:
    await gateway.tell(
        project(title={"en": "First"}),
        INDICATOR,
        _observation(value="1"),
        _observation(ObservationCorrected, "2"),
        _observation(ObservationCorrected, "3"),
        ProjectStatusChanged.model_validate({"project_id": "XM-T-1", "to": "4"}),
        IndicatorWithdrawn(project_id="XM-T-1", indicator_id="I"),
        INDICATOR,
        ProjectWithdrawn(project_id="XM-T-1"),
        ProjectAmended.model_validate(project(title={"en": "Last"}, status="4").model_dump()),
    )
    found = (await gateway.get("/api/v1/projects/XM-T-1", "donor")).json()
    assert (found["title"], found["status"], found["withdrawn"]) == ({"en": "Last"}, "4", False)
    (observation,) = found["indicators"][0]["observations"]
    assert (observation["data"]["value"], observation["replaced"]) == ("3", ["1", "2"])


async def test_a_withdrawn_project_leaves_the_list_and_keeps_its_address(gateway: Gateway) -> None:
    await gateway.tell(project(), ProjectWithdrawn(project_id="XM-T-1"))
    assert (await gateway.get("/api/v1/projects", "donor")).json()["items"] == []
    assert (await gateway.get("/api/v1/projects/XM-T-1", "donor")).json()["withdrawn"] is True


async def test_the_same_event_twice_is_the_same_as_once(gateway: Gateway) -> None:
    events = [project(), INDICATOR, _observation(), figure(), message("m1", "focal"), receipt()]
    await gateway.tell(*events, sequence=1)
    before = (await gateway.get("/api/v1/projects/XM-T-1", "donor")).json()
    await gateway.tell(*events, sequence=1)
    assert (await gateway.get("/api/v1/projects/XM-T-1", "donor")).json() == before
    assert len((await gateway.get("/api/v1/inbox", "focal")).json()["items"]) == 1


async def test_an_identifier_with_slashes_and_blanks_has_an_address(gateway: Gateway) -> None:
    name = "XM-T/2026/a b?c#d%"
    await gateway.tell(project(name))
    answer = await gateway.get("/api/v1/projects/XM-T%2F2026%2Fa%20b%3Fc%23d%25", "donor")
    assert answer.json()["project_id"] == name


async def test_a_service_that_is_away_is_said_so(gateway: Gateway) -> None:
    for path in ("/api/v1/explanations/M4?scope=global", "/api/v1/subscriptions"):
        answer = await gateway.get(path, "focal")
        assert (answer.status_code, answer.json()["code"]) == (503, "service-unavailable")
        assert answer.headers["retry-after"]


async def test_the_answers_are_what_the_document_says(gateway: Gateway) -> None:
    """The OpenAPI document names every address, and the models read the real answers."""
    from portal_gateway.api import models

    document = (await gateway.http.get("/openapi.json")).json()
    assert {"/api/v1/metrics/{metric}", "/api/v1/stream", "/api/v1/projects/{project_id}"} <= set(document["paths"])
    assert not [path for path in document["paths"] if path.startswith(("/login", "/inbox"))]
    await gateway.tell(project(), INDICATOR, _observation(), figure(), message("m1", "focal"), receipt())
    for path, model in (
        ("me", models.Me), ("metrics", models.Figures), ("metrics/M4?scope=pillar:P2", models.Figure),
        ("projects", models.Projects), ("projects/XM-T-1", models.Project), ("inbox", models.Messages),
    ):  # fmt: skip
        model.model_validate((await gateway.get(f"/api/v1/{path}", "focal")).json())
    models.Receipts.model_validate((await gateway.get("/api/v1/receipts", "secretariat")).json())
    models.Receipt.model_validate((await gateway.get("/api/v1/receipts/S1", "secretariat")).json())


async def test_every_answer_says_what_a_browser_may_do(gateway: Gateway) -> None:
    for path in ("/login", "/api/v1/metrics", "/nowhere", "/health/live"):
        headers = (await gateway.http.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_what_nobody_foresaw_says_what_a_browser_may_do_as_well(stack: Stack, accept: str) -> None:
    """The framework answers it outside every middleware."""
    async with serving(stack) as gateway:
        del gateway.service.app.state.search  # as a fault of our own would
        cookie = await gateway.signed_in(someone("donor", "d"))
        headers = {"Cookie": f"plumbline_session={cookie}", "Accept": accept}
        answer = await gateway.http.get("/projects?q=mali", headers=headers)
        assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
        page = accept == "text/html"
        assert answer.headers["content-type"].split(";")[0] == ("text/html" if page else "application/problem+json")
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_ready_says_what_is_missing(stack: Stack) -> None:
    async with serving(stack) as gateway:
        answer = await gateway.http.get("/health/ready")
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE  # nobody started its consumers here
        assert answer.json()["missing"] == {"service": "starting"}
