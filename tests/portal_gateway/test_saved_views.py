"""Saved views: a person's own, shared with the organisation, and nobody else's."""

from __future__ import annotations

import httpx
from tests.support.gateway import Gateway, project

from runtime.access import Principal

ANN = Principal(subject="ann", role="entity", organisation="XM-A", name="Ann")
BEN = Principal(subject="ben", role="entity", organisation="XM-A", name="Ben")
EVE = Principal(subject="eve", role="entity", organisation="XM-B", name="Eve")


async def test_a_view_is_kept_shared_and_changed_by_its_owner_alone(gateway: Gateway) -> None:
    await gateway.tell(project("XM-T-1", title={"en": "Judicial training"}), project("XM-T-2", status="4"))
    cookies = {who.subject: await gateway.signed_in(who) for who in (ANN, BEN, EVE)}

    def headers(who: Principal) -> dict[str, str]:
        return {"Cookie": f"plumbline_session={cookies[who.subject]}", "Origin": gateway.service.settings.gateway_url}

    async def send(who: Principal, path: str, **form: str) -> httpx.Response:
        return await gateway.http.post(path, data={"csrf": "the-forms-secret", **form}, headers=headers(who))

    async def views(who: Principal) -> list[tuple[str, bool, bool, bool]]:
        found = (await gateway.http.get("/api/v1/views", headers=headers(who))).json()["items"]
        return [(view["name"], view["own"], view["shared"], view["standard"]) for view in found]

    query = "q=judicial&status=2"
    assert (await send(ANN, "/projects/views", name=" Courts ", query=query)).status_code == httpx.codes.SEE_OTHER
    assert await views(ANN) == [("Courts", True, False, False)]
    assert await views(BEN) == await views(EVE) == []
    (view,) = (await gateway.http.get("/api/v1/views", headers=headers(ANN))).json()["items"]
    assert view["query"] == query
    path = f"/projects/views/{view['view_id']}"
    await send(ANN, path, do="share")
    assert await views(BEN) == [("Courts", False, True, False)]
    assert await views(EVE) == []
    for who in (BEN, EVE):
        assert (await send(who, path, do="delete")).status_code == httpx.codes.NOT_FOUND
        assert (await send(who, path, do="rename", name="Mine")).status_code == httpx.codes.NOT_FOUND
    await send(ANN, path, do="standard")
    bare = await gateway.http.get("/projects", headers=headers(ANN) | {"Accept": "text/html"})
    assert (bare.status_code, bare.headers["location"]) == (httpx.codes.SEE_OTHER, f"/projects?{query}")
    page = (await gateway.http.get("/projects?view=table", headers=headers(ANN) | {"Accept": "text/html"})).text
    assert f'href="/projects?{query.replace("&", "&amp;")}"' in page
    assert (await gateway.http.get("/projects", headers=headers(BEN))).status_code == httpx.codes.OK
    await send(ANN, path, do="rename", name="Judges")
    assert await views(ANN) == [("Judges", True, True, True)]
    rest = await gateway.http.post("/api/v1/views", json={"name": "x", "query": "status=9"}, headers=headers(ANN))
    assert rest.status_code == httpx.codes.BAD_REQUEST
    await send(ANN, path, do="delete")
    assert await views(ANN) == await views(BEN) == []


async def test_a_view_is_kept_by_nobody_else_s_form(gateway: Gateway) -> None:
    cookie = {"Cookie": f"plumbline_session={await gateway.signed_in(ANN)}"}
    for headers, csrf in (
        ({"Origin": "https://elsewhere.example"}, "the-forms-secret"),
        ({"Origin": gateway.service.settings.gateway_url}, "x"),
    ):
        answer = await gateway.http.post(
            "/projects/views", data={"csrf": csrf, "name": "x", "query": ""}, headers=cookie | headers
        )
        assert answer.status_code == httpx.codes.FORBIDDEN
