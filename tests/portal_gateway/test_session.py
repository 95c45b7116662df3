"""Sign-in by the issuer and back, sessions, forms: nobody gets in by another way."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.support.gateway import Gateway, someone

from plumbline.stack.issuer.registry import user_secret


async def _sign_in(gateway: Gateway, user: str, next_: str = "/") -> tuple[httpx.AsyncClient, httpx.Response]:
    """Walk the whole way a browser walks; the client holds the portal's cookies."""
    ours = gateway.service.settings.gateway_url
    browser = httpx.AsyncClient(base_url=gateway.address, trust_env=False)
    begin = await browser.post("/login", data={"next": next_}, headers={"Origin": ours})
    assert begin.status_code == 303, begin.text
    async with httpx.AsyncClient(trust_env=False) as issuer:
        form = (await issuer.get(begin.headers["location"])).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        password = gateway.stack.layout.secrets.read(user_secret(user))
        base = gateway.service.settings.issuer
        back = await issuer.post(f"{base}/sign-in", data={**hidden, "user": user, "password": password})
    assert back.status_code == 303, back.text
    parts = urlsplit(back.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}" == ours
    return browser, await browser.get(f"{parts.path}?{parts.query}")


async def test_a_person_signs_in_reads_and_signs_out(gateway: Gateway) -> None:
    browser, arrived = await _sign_in(gateway, "focal", "/metrics?metric=M4")
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/metrics?metric=M4")
    cookie = arrived.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await browser.get("/api/v1/me")).json()["subject"] == "focal"
    page = await browser.get("/")
    assert page.status_code == 200
    assert "no-store" in page.headers["cache-control"]
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page.text))
    ours = gateway.service.settings.gateway_url
    out = await browser.post("/logout", data={"csrf": csrf}, headers={"Origin": ours})
    assert parse_qs(urlsplit(out.headers["location"]).query)["post_logout_redirect_uri"] == [ours + "/"]
    assert (await browser.get("/api/v1/me")).status_code == httpx.codes.UNAUTHORIZED
    assert "You are signed out" in (await browser.get("/login")).text
    await browser.aclose()


async def test_a_page_asked_for_without_a_session_leads_to_the_sign_in_and_back(gateway: Gateway) -> None:
    answer = await gateway.http.get("/metrics/M4?scope=pillar:P2", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query)["next"] == ["/metrics/M4?scope=pillar:P2"]


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_led_elsewhere_after_signing_in(gateway: Gateway, address: str) -> None:
    browser, arrived = await _sign_in(gateway, "donor", address)
    assert arrived.headers["location"] == "/"
    await browser.aclose()


async def test_a_code_meant_for_another_browser_is_refused(gateway: Gateway) -> None:
    ours = gateway.service.settings.gateway_url
    begin = await gateway.http.post("/login", data={"next": "/"}, headers={"Origin": ours})
    state = parse_qs(urlsplit(begin.headers["location"]).query)["state"][0]
    async with httpx.AsyncClient(base_url=gateway.address, trust_env=False) as victim:
        answer = await victim.get(f"/callback?code=stolen&state={state}")
        assert (answer.status_code, answer.json()["code"]) == (400, "sign-in-over")
    gateway.http.cookies.clear()


async def test_the_state_must_be_ours_and_works_once(gateway: Gateway) -> None:
    ours = gateway.service.settings.gateway_url
    await gateway.http.post("/login", data={"next": "/"}, headers={"Origin": ours})
    for _ in range(2):
        answer = await gateway.http.get("/callback?code=x&state=guess")
        assert answer.json()["code"] == "sign-in-over"
    gateway.http.cookies.clear()


async def test_a_form_from_another_site_is_refused(gateway: Gateway) -> None:
    cookie = {"Cookie": f"plumbline_session={await gateway.signed_in(someone())}"}
    ours = {"Origin": gateway.service.settings.gateway_url}
    good = {"csrf": "the-forms-secret"}
    for headers, form in (
        ({**cookie}, good),
        ({**cookie, "Origin": "https://evil.example"}, good),
        ({**cookie, "Origin": "null"}, good),
        ({**cookie, **ours}, {"csrf": "guess"}),
        ({**cookie, **ours}, {}),
    ):
        for path in ("/logout", "/inbox/file", "/keys", "/inbox/subscriptions"):
            answer = await gateway.http.post(path, data=form, headers=headers)
            assert answer.status_code == httpx.codes.FORBIDDEN, (path, headers)
    refused = await gateway.http.post("/api/v1/inbox/m1/read", headers={**cookie, "Origin": "https://evil.example"})
    assert refused.status_code == httpx.codes.FORBIDDEN


async def test_a_session_that_is_over_is_none(gateway: Gateway) -> None:
    cookie = await gateway.signed_in(someone(), lasts=timedelta(seconds=-1))
    answer = await gateway.http.get("/api/v1/me", headers={"Cookie": f"plumbline_session={cookie}"})
    assert answer.status_code == httpx.codes.UNAUTHORIZED


async def test_the_database_does_not_hold_what_the_browser_holds(gateway: Gateway) -> None:
    from runtime.access import SYSTEM

    cookie = await gateway.signed_in(someone())
    async with gateway.database.transaction(SYSTEM) as tx:
        row = await tx.conn.fetchrow("select * from session")
    assert cookie not in {str(value) for value in row.values()}
