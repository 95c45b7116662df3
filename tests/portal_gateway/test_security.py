"""What every answer, cookie and log line holds to, whoever asks: the rows of docs/asvs.csv that no other test keeps."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any, Final

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.gateway import Gateway, figure, project, serving, someone
from tests.support.sources import ROOT

from plumbline.stack import Stack
from portal_gateway.clients.issuer import Issuer, SignInError
from runtime.http import create_app
from runtime.telemetry import JsonLines

OURS: Final = "https://portal.example"
ISSUER: Final = "https://issuer.example"


def _holds(headers: httpx.Headers) -> None:
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"]
    assert not [name for name in headers if name.startswith("access-control")]


async def test_no_answer_of_any_service_can_run_or_be_framed(gateway: Gateway) -> None:
    for path in ("/login", "/api/v1/projects", "/nowhere", "/projects", "/openapi.json", "/health/live"):
        _holds((await gateway.http.get(path, headers={"Origin": "https://elsewhere.example"})).headers)
    # The three others are made by the same function.
    transport = httpx.ASGITransport(app=create_app("any", "any"))
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as http:
        for path in ("/health/live", "/nowhere", "/openapi.json"):
            _holds((await http.get(path)).headers)
    for service in ("intake", "scoring", "notifier", "portal-gateway"):
        package = service.replace("-", "_")
        assert "create_app(" in (ROOT / f"services/{service}/src/{package}/app.py").read_text()


async def test_every_cookie_is_for_this_host_and_no_script(stack: Stack) -> None:
    async with serving(stack, gateway_url=OURS) as gateway:
        begun = await gateway.http.post("/login", data={"next": "/"}, headers={"Origin": OURS})
        held = {"Cookie": f"__Host-plumbline={await gateway.signed_in(someone())}", "Origin": OURS}
        out = await gateway.http.post("/logout", data={"csrf": "the-forms-secret"}, headers=held)
        spoken = await gateway.http.get("/login?lang=fr")
        keys = await gateway.http.post("/keys", data={"csrf": "the-forms-secret", "keys": "off"}, headers=held)
        kept = {"Cookie": "; ".join(line.partition(";")[0] for line in spoken.headers.get_list("set-cookie"))}
        assert 'lang="fr"' in (await gateway.http.get("/login", headers=kept)).text
    cookies = [line for answer in (begun, out, spoken, keys) for line in answer.headers.get_list("set-cookie")]
    assert len(cookies) >= 4
    for line in cookies:
        words = {part.strip().lower() for part in line.split(";")}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= words, line
        assert not [word for word in words if word.startswith("domain=")], line
    names = {line.partition("=")[0] for line in cookies}
    assert {"__Host-plumbline-in", "__Host-plumbline"} <= names
    assert all(name.startswith("__Host-") for name in names), names


async def test_under_https_browsers_are_told_to_stay_there(stack: Stack) -> None:
    async with serving(stack, gateway_url=OURS) as gateway:
        for path in ("/login", "/api/v1/me", "/nowhere"):
            said = (await gateway.http.get(path)).headers["strict-transport-security"]
            assert said == "max-age=31536000; includeSubDomains"


async def test_a_header_of_a_proxy_decides_nothing(gateway: Gateway) -> None:
    claimed = {
        "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1",
        "X-Remote-User": "focal", "X-Forwarded-User": "focal", "X-Original-URL": "/operations", "Forwarded": "for=1",
    }  # fmt: skip
    assert (await gateway.http.get("/api/v1/me", headers=claimed)).status_code == 401
    answer = await gateway.http.get("/projects", headers=claimed | {"Accept": "text/html"})
    assert answer.headers["location"] == "/login?next=%2Fprojects"
    page = await gateway.http.get("/login", headers=claimed)
    assert "elsewhere.example" not in page.text


async def test_only_a_proxy_that_is_named_says_where_a_request_came_from(stack: Stack) -> None:
    """The last address it adds, whatever the request brought with it; what anybody else says counts nothing."""
    async with serving(stack, rate_sign_in=1) as gateway:
        ours = {"Origin": gateway.service.settings.gateway_url}

        async def status(said: str, own: str) -> int:
            transport = httpx.AsyncHTTPTransport(local_address=own)
            async with httpx.AsyncClient(base_url=gateway.address, transport=transport, trust_env=False) as http:
                return (await http.post("/login", headers=ours | {"X-Forwarded-For": said})).status_code

        proxy, another = "127.0.0.1", "127.0.0.2"
        assert [await status("10.0.0.7", proxy), await status("1.1.1.1, 10.0.0.7", proxy)] == [303, 429]
        assert await status("10.0.0.8", proxy) == 303
        assert [await status("10.0.0.9", another), await status("10.0.0.10", another)] == [303, 429]


async def test_nobody_is_led_to_the_host_that_a_request_names(gateway: Gateway) -> None:
    for path in ("/map/", "/login/", "/api/v1/me/", "/health/live/", "/login?next=%2F%2Felsewhere.example"):
        answer = await gateway.http.get(path, headers={"Host": "elsewhere.example", "Accept": "text/html"})
        assert "elsewhere.example" not in answer.headers.get("location", ""), path
    assert (await gateway.http.get("/map/")).status_code == 404


async def test_what_no_number_and_no_day_can_be_is_refused(gateway: Gateway) -> None:
    """What Python reads and nothing else does, at the doors that take it."""
    await gateway.tell(figure())
    held = {"Cookie": f"plumbline_session={await gateway.signed_in(someone())}"}
    ours = held | {"Origin": gateway.service.settings.gateway_url, "Content-Type": "application/json"}
    superscript = held | {"Last-Event-ID": "²".encode("latin-1")}
    assert (await gateway.http.get("/api/v1/stream", headers=superscript)).status_code == 400
    endless = b'{"about": "metric", "metric": "M4", "min_change": 1e400}'
    answer = await gateway.http.post("/api/v1/subscriptions", content=endless, headers=ours)
    assert (answer.status_code, answer.json()["code"]) == (422, "not-json")
    for query in ("than_known=99999-1-1", "known_as_of=0001-01-01T00:00:00%2B23:59"):
        page = await gateway.http.get(f"/metrics/M4?scope=pillar:P2&{query}", headers=held | {"Accept": "text/html"})
        assert page.status_code == 200
        assert "is no day" in page.text, query


async def test_what_is_no_method_of_ours_is_refused(gateway: Gateway) -> None:
    for method in ("TRACE", "CONNECTED", "PUT"):
        assert (await gateway.http.request(method, "/api/v1/projects")).status_code == 405


async def test_what_is_not_for_everybody_is_kept_by_no_cache(gateway: Gateway) -> None:
    await gateway.tell(project("XM-T-1"), project("XM-T-2", classification="compact"))
    reader = {"Cookie": f"plumbline_session={await gateway.signed_in(someone())}"}

    async def kept(path: str) -> str:
        answer = await gateway.http.get(path, headers=reader)
        assert answer.status_code == 200, path
        return answer.headers["cache-control"]

    assert await kept("/api/v1/projects/XM-T-1") == "private, no-cache"
    for path in ("/api/v1/projects/XM-T-2", "/api/v1/projects", "/projects", "/projects/XM-T-1", "/account"):
        assert await kept(path) == "no-store", path


async def test_signing_out_clears_what_a_browser_holds(gateway: Gateway) -> None:
    ours = gateway.service.settings.gateway_url
    held = {"Cookie": f"plumbline_session={await gateway.signed_in(someone())}", "Origin": ours}
    out = await gateway.http.post("/logout", data={"csrf": "the-forms-secret"}, headers=held)
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert 'plumbline_session=""' in "".join(out.headers.get_list("set-cookie"))


async def test_a_refusal_is_noted_on_one_line_without_what_was_asked_for(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="runtime.http"):
        await gateway.http.get("/api/v1/projects/a-secret-name%0DINFO:forged?q=a-secret-word")
        await gateway.get("/api/v1/projects", "focal", headers={"Authorization": "Bearer a.secret.token"})
    lines = [JsonLines().format(record) for record in caplog.records if record.message.startswith("refused")]
    assert len(lines) == 2
    for line in lines:
        assert "\n" not in line
        assert "secret" not in line
        assert "GET /api/v1/projects" in json.loads(line)["message"]
    assert "401 no-token" in lines[0]
    caplog.clear()
    held = {"Cookie": f"plumbline_session={await gateway.signed_in(someone())}", "Accept": "text/html"}
    with caplog.at_level(logging.INFO, logger="portal_gateway"):
        assert (await gateway.http.get("/projects/a-secret-name", headers=held)).status_code == 404
    (line,) = [JsonLines().format(record) for record in caplog.records if record.message.startswith("shown as a page")]
    assert "secret" not in line


def test_nothing_turns_the_validation_of_certificates_off() -> None:
    """Nor follows where an answer redirects, nor takes a proxy from the environment unseen."""
    never = re.compile(r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|follow_redirects\s*=\s*True")
    clients = re.compile(r"httpx\.AsyncClient\(")
    files = [p for top in ("services", "shared/runtime") for p in (ROOT / top).glob("**/src/**/*.py")]
    assert len(files) > 100
    made = 0
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not never.search(text), path
        for found in clients.finditer(text):
            made += 1
            call = text[found.start() : found.start() + 250]
            assert "follow_redirects=False" in call, path
            assert "trust_env=False" in call, path
    assert made >= 3


def _issuer(named: str, audience: str) -> Issuer:
    """A client of an issuer that answers as told: who it says it is, and whom its identity tokens are for."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "s", "aud": audience, "iat": now, "exp": now + 60, "nonce": "n"}
    answers: dict[str, Any] = {
        "/.well-known/openid-configuration": {
            "issuer": named, "jwks_uri": f"{ISSUER}/keys", "token_endpoint": f"{ISSUER}/token",
            "authorization_endpoint": f"{ISSUER}/authorize",
        },
        "/keys": {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "k"}]},
        "/token": {"access_token": "a", "id_token": jwt.encode(claims, key, "RS256", {"kid": "k"})},
    }  # fmt: skip
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answers[request.url.path]))
    return Issuer(ISSUER, "portal-gateway", "x", transport=transport)


async def test_an_issuer_that_names_another_is_not_believed() -> None:
    with pytest.raises(SignInError, match="another issuer"):
        await _issuer("https://evil.example", "portal-gateway").authorize("r", "s", "n", "v")


async def test_an_identity_token_for_another_client_signs_nobody_in() -> None:
    assert (await _issuer(ISSUER, "portal-gateway").exchange("c", "r", "v", "n")).access_token == "a"
    with pytest.raises(SignInError, match="not valid"):
        await _issuer(ISSUER, "another-client").exchange("c", "r", "v", "n")
    with pytest.raises(SignInError, match="another sign-in"):
        await _issuer(ISSUER, "portal-gateway").exchange("c", "r", "v", "m")
