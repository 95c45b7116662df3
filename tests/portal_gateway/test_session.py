"""Sign-in by the issuer and back, sessions, forms: nobody gets in by another way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.support.gateway import Gateway, serving, someone
from tests.support.people import token
from tests.support.stack import settings

from plumbline.stack import Stack
from plumbline.stack.issuer.registry import user_secret
from portal_gateway.api.caller import digest
from portal_gateway.api.limits import Limits
from portal_gateway.clients.issuer import Issuer
from portal_gateway.settings import Settings
from portal_gateway.store import sessions
from runtime import audit
from runtime.access import SYSTEM
from runtime.http import Problem


async def _sign_in(
    gateway: Gateway, user: str, next_: str = "/", browser: httpx.AsyncClient | None = None
) -> tuple[httpx.AsyncClient, httpx.Response]:
    """Walk the whole way a browser walks; the client holds the portal's cookies."""
    ours = gateway.service.settings.gateway_url
    browser = browser or httpx.AsyncClient(base_url=gateway.address, trust_env=False)
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
        answer = await gateway.http.get("/callback?code=x&state=guéss")
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
        ({**cookie, **ours}, {"csrf": "guéss"}),
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
    cookie = await gateway.signed_in(someone())
    async with gateway.database.transaction(SYSTEM) as tx:
        row = await tx.conn.fetchrow("select * from session")
    assert cookie not in {str(value) for value in row.values()}


class Moved:
    """A clock that is moved by hand: nobody waits half an hour."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def go(self, **by: float) -> None:
        self.ahead += timedelta(**by)


async def _me(gateway: Gateway, name: str) -> int:
    answer = await gateway.http.get("/api/v1/me", headers={"Cookie": f"plumbline_session={name}"})
    gateway.http.cookies.clear()
    return answer.status_code


async def test_a_session_nobody_uses_ends_and_one_that_is_used_ends_after_twelve_hours(stack: Stack) -> None:
    clock = Moved()
    async with serving(stack, clock=clock) as gateway:
        used, idle, watched = [await gateway.signed_in(someone(), lasts=timedelta(hours=12)) for _ in range(3)]
        clock.go(minutes=25)
        assert [await _me(gateway, used), await _me(gateway, watched)] == [200, 200]
        clock.go(minutes=20)
        assert [await _me(gateway, used), await _me(gateway, idle)] == [200, 401]
        # The stream is opened by the page, not by the person.
        headers = {"Cookie": f"plumbline_session={watched}"}
        async with gateway.http.stream("GET", "/api/v1/stream", headers=headers) as answer:
            assert answer.status_code == 200
        clock.go(minutes=11)
        assert [await _me(gateway, used), await _me(gateway, watched)] == [200, 401]
        for _ in range(22):
            clock.go(minutes=29)
            assert await _me(gateway, used) == 200
        clock.go(minutes=28)
        assert await _me(gateway, used) == 401


async def test_a_stream_ends_with_its_session(stack: Stack) -> None:
    async with serving(stack, stream_ping_s=1) as gateway:
        name = await gateway.signed_in(someone())
        headers = {"Cookie": f"plumbline_session={name}"}
        async with gateway.http.stream("GET", "/api/v1/stream", headers=headers, timeout=20) as answer:
            told = ""
            async for text in answer.aiter_text():
                if not told:
                    async with gateway.database.transaction(SYSTEM) as tx:
                        await sessions.end_named(tx.conn, digest(name))
                told += text
        assert "event: end" in told


async def test_whoever_only_listens_comes_back_when_the_token_ends(gateway: Gateway) -> None:
    """Only then the issuer is asked who they are now; the session goes on, so nobody is told that it is over."""
    name = await gateway.signed_in(someone(), lasts=timedelta(hours=12))
    await _put(gateway, token_expires_at=datetime.now(UTC) + timedelta(seconds=2))
    headers = {"Cookie": f"plumbline_session={name}"}
    async with gateway.http.stream("GET", "/api/v1/stream", headers=headers, timeout=20) as answer:
        told = await answer.aread()
    assert b"event: ping" in told
    assert b"event: end" not in told


async def _put(gateway: Gateway, **fields: Any) -> None:
    """Set fields of the only session, as time or the issuer would."""
    async with gateway.database.transaction(SYSTEM) as tx:
        for name, value in fields.items():
            await tx.conn.execute(f"update session set {name} = $1", value)


class Renewing(httpx.AsyncBaseTransport):
    """An issuer that renews, as the local one does not: each refresh token once, as Keycloak does."""

    def __init__(self, gateway: Gateway, user: str) -> None:
        self.gateway, self.user, self.good = gateway, user, "refresh-0"
        own = gateway.service.settings
        self.issuer = Issuer(own.issuer, "portal", "secret", transport=self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            async with httpx.AsyncClient(trust_env=False) as http:
                return httpx.Response(200, content=(await http.get(request.url)).content)
        if parse_qs((await request.aread()).decode())["refresh_token"] != [self.good]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.good = f"refresh-{int(self.good.removeprefix('refresh-')) + 1}"
        access = token(self.gateway.stack, self.user)
        return httpx.Response(200, json={"access_token": access, "refresh_token": self.good, "expires_in": 300})


async def _renewing(gateway: Gateway) -> tuple[Renewing, httpx.AsyncClient]:
    """Signed in as the focal point, by an issuer that renews, shortly before the first token ends."""
    renewing = Renewing(gateway, "focal")
    browser, _arrived = await _sign_in(gateway, "focal")
    gateway.service.app.state.issuer = renewing.issuer
    await _put(gateway, refresh_token=renewing.good, token_expires_at=datetime.now(UTC) + timedelta(seconds=20))
    return renewing, browser


async def test_many_requests_renew_once(gateway: Gateway) -> None:
    renewing, browser = await _renewing(gateway)
    answers = await asyncio.gather(*(browser.get("/api/v1/me") for _ in range(6)))
    assert [a.status_code for a in answers] == [200] * 6
    assert renewing.good == "refresh-1"
    await browser.aclose()


async def test_a_session_is_renamed_when_its_tokens_are_renewed(stack: Stack) -> None:
    clock = Moved()
    async with serving(stack, clock=clock) as gateway:
        _, browser = await _renewing(gateway)
        before = browser.cookies["plumbline_session"]
        assert (await browser.get("/api/v1/me")).status_code == 200
        after = browser.cookies["plumbline_session"]
        assert after != before
        assert [await _me(gateway, after), await _me(gateway, before)] == [200, 200]  # some requests were under way
        clock.go(seconds=61)
        assert [await _me(gateway, after), await _me(gateway, before)] == [200, 401]
        await browser.aclose()


async def test_with_other_rights_an_open_form_is_not_sent(gateway: Gateway) -> None:
    _, browser = await _renewing(gateway)

    async def secret() -> str:
        async with gateway.database.transaction(SYSTEM) as tx:
            return str(await tx.conn.fetchval("select csrf from session"))

    first = await secret()
    await browser.get("/api/v1/me")
    assert await secret() == first
    soon = datetime.now(UTC) + timedelta(seconds=20)
    await _put(gateway, token_expires_at=soon, role="donor")  # as it was before the token that comes now
    assert (await browser.get("/api/v1/me")).json()["role"] == "entity"
    assert await secret() != first
    await browser.aclose()


async def test_a_session_ends_when_the_issuer_refuses_to_renew_and_outlasts_its_silence(gateway: Gateway) -> None:
    renewing, browser = await _renewing(gateway)
    gateway.service.app.state.issuer = Issuer("http://127.0.0.1:9", "x", "x")
    assert (await browser.get("/api/v1/me")).status_code == 200
    gateway.service.app.state.issuer = renewing.issuer
    await _put(gateway, refresh_token="of-nobody")
    assert (await browser.get("/api/v1/me")).status_code == 401
    async with gateway.database.transaction(SYSTEM) as tx:
        assert await tx.conn.fetchval("select count(*) from session") == 0
    await browser.aclose()


async def test_signing_in_again_ends_the_session_before_and_both_are_in_the_log(stack: Stack) -> None:
    async with serving(stack) as gateway:
        browser, _arrived = await _sign_in(gateway, "focal")
        before = browser.cookies["plumbline_session"]
        again, _arrived = await _sign_in(gateway, "focal", browser=browser)
        assert again.cookies["plumbline_session"] != before
        assert await _me(gateway, before) == 401
        page = (await again.get("/account")).text
        csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        ours = {"Origin": gateway.service.settings.gateway_url}
        await again.post("/logout", data={"csrf": csrf}, headers=ours)
        async with gateway.database.transaction(SYSTEM) as tx:
            rows = (await audit.latest(tx.conn, action="command"))[::-1]
        assert [row["action"] for row in rows] == ["sign-in", "sign-in", "POST /logout"]
        assert {row["actor"] for row in rows} == {"focal"}
        await browser.aclose()


async def test_a_person_ends_one_session_or_all_and_nobody_elses(gateway: Gateway) -> None:
    mine = [await gateway.signed_in(someone(subject="me")) for _ in range(3)]
    other = await gateway.signed_in(someone(subject="other"))
    ours = {"Origin": gateway.service.settings.gateway_url, "Cookie": f"plumbline_session={mine[0]}"}
    form = {"csrf": "the-forms-secret"}
    async with gateway.database.transaction(SYSTEM) as tx:
        sids = {name: await tx.conn.fetchval("select sid from session where id_hash = $1", digest(name))
                for name in (*mine, other)}  # fmt: skip
    answer = await gateway.http.post(f"/account/sessions/{sids[other]}/end", data=form, headers=ours)
    assert answer.status_code == 404
    answer = await gateway.http.post(f"/account/sessions/{sids[mine[1]]}/end", data=form, headers=ours)
    assert answer.status_code == 303
    assert [await _me(gateway, name) for name in (*mine, other)] == [200, 401, 200, 200]
    twin = f"/api/v1/account/sessions/{sids[other]}"
    assert (await gateway.http.delete(twin, headers=ours)).status_code == 404
    assert (await gateway.http.delete(twin, headers={**ours, "Origin": "https://evil.example"})).status_code == 403
    answer = await gateway.http.post("/logout/everywhere", data=form, headers=ours)
    assert answer.status_code == 303
    assert [await _me(gateway, name) for name in (*mine, other)] == [401, 401, 401, 200]


async def test_who_asks_too_often_is_told_when_to_come_back(stack: Stack) -> None:
    async with serving(stack, rate_sign_in=2, rate_commands=1, rate_searches=1) as gateway:
        ours = {"Origin": gateway.service.settings.gateway_url}
        answers = [await gateway.http.post("/login", data={"next": "/"}, headers=ours) for _ in range(3)]
        gateway.http.cookies.clear()
        assert [a.status_code for a in answers] == [303, 303, 429]
        assert int(answers[2].headers["retry-after"]) in range(1, 31)
        assert answers[2].json()["code"] == "too-often"
        name = await gateway.signed_in(someone())
        cookie = {"Cookie": f"plumbline_session={name}", "Accept": "text/html"}
        searches = [await gateway.http.get("/projects?q=x", headers=cookie) for _ in range(2)]
        assert [a.status_code for a in searches] == [200, 429]
        assert "asked too often" in searches[1].text
        assert searches[1].headers["retry-after"]
        form = {"csrf": "the-forms-secret"}
        codes = [
            (await gateway.http.post("/inbox/file", data=form, headers={**cookie, **ours})).status_code
            for _ in range(2)
        ]
        assert codes[1] == 429 != codes[0]
        for path in ("/projects", "/api/v1/me", "/health/live", "/static/x/plumbline.css"):
            for _ in range(3):
                assert (await gateway.http.get(path, headers=cookie)).status_code == 200


async def test_a_bucket_fills_again(stack: Stack) -> None:
    now = 0.0
    own = Settings.model_validate(settings(stack, "portal_gateway").model_dump() | {"rate_commands": 60})
    limits = Limits(own, clock=lambda: now)
    for _ in range(60):
        limits.take("command", "a")
    limits.take("command", "b")
    with pytest.raises(Problem) as refused:
        limits.take("command", "a")
    assert refused.value.headers["Retry-After"] == "1"
    now = 1.0
    limits.take("command", "a")


async def test_a_form_that_is_too_large_is_not_read(stack: Stack) -> None:
    async with serving(stack, body_bytes=2048) as gateway:
        ours = {"Origin": gateway.service.settings.gateway_url}
        answer = await gateway.http.post("/login", data={"next": "x" * 3000}, headers=ours)
        assert answer.status_code == 413

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(5):
                yield b"next=" + b"x" * 1000

        headers = {**ours, "Content-Type": "application/x-www-form-urlencoded"}
        assert (await gateway.http.post("/login", content=pieces(), headers=headers)).status_code == 413
