"""The local issuer keeps the rules a browser and a service rely on."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from plumbline.demo import ENTITIES, USERS
from plumbline.stack.issuer import keys, registry
from plumbline.stack.issuer.app import CODE_SECONDS, Issuer
from plumbline.stack.issuer.part import IssuerPart
from plumbline.stack.issuer.registry import AUDIENCE, CLI_CLIENT, PORTAL_CLIENT, client_secret, user_secret
from plumbline.stack.layout import Layout
from runtime.auth import Verifier
from runtime.http import Problem

ISSUER = "http://127.0.0.1:8104"
CALLBACK = "http://127.0.0.1:8100/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout(tmp_path)
    found.prepare()
    part = IssuerPart(found, {"issuer": 8104, "portal_gateway": 8100})
    part.prepare()
    part.add_users(USERS)
    part.add_entities(ENTITIES)
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def http(layout: Layout, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Issuer(layout, clock=clock).app())
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
        yield client


@pytest.fixture
async def live(layout: Layout) -> AsyncIterator[httpx.AsyncClient]:
    """The same with today's clock, for whoever checks expiry against it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Issuer(layout).app()), base_url=ISSUER) as client:
        yield client


def asked(**over: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": PORTAL_CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | over


def back(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 303, answer.text
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def code_of(http: httpx.AsyncClient, layout: Layout, user: str = "focal") -> str:
    page = await http.get("/authorize", params=asked())
    form = {"request": request_of(page), "user": user, "password": layout.secrets.read(user_secret(user))}
    query = back(await http.post("/sign-in", data=form))
    assert (query["state"], query["iss"]) == ("s1", ISSUER)
    return query["code"]


def request_of(page: httpx.Response) -> str:
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)


async def exchange(http: httpx.AsyncClient, layout: Layout, code: str, **over: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return await http.post(
        "/token", data=form | over, auth=(PORTAL_CLIENT, layout.secrets.read(client_secret(PORTAL_CLIENT)))
    )


async def test_discovery_names_this_issuer_and_only_what_it_does(http: httpx.AsyncClient) -> None:
    found = (await http.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == ISSUER
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["response_types_supported"] == ["code"]
    for endpoint in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        assert found[endpoint].startswith(ISSUER)
    (key,) = (await http.get("/jwks")).json()["keys"]
    assert key["use"] == "sig"
    assert "d" not in key, "a private key must never be published"


async def test_code_and_pkce_give_tokens_with_the_attributes_of_the_user(
    live: httpx.AsyncClient, layout: Layout
) -> None:
    answer = (await exchange(live, layout, await code_of(live, layout))).json()
    verifier = Verifier(ISSUER, AUDIENCE, client=live)
    principal = await verifier.verify(answer["access_token"])
    assert (principal.subject, principal.role, principal.organisation) == ("focal", "entity", "XM-DEMO-1")
    identity = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert (identity["aud"], identity["nonce"], identity["sub"]) == (PORTAL_CLIENT, "n1", "focal")
    with pytest.raises(Problem, match="refused"):
        await verifier.verify(answer["id_token"])


async def test_an_entitys_system_gets_its_own_organisation(live: httpx.AsyncClient, layout: Layout) -> None:
    secret = layout.secrets.read(client_secret("XM-DEMO-2"))
    answer = await live.post("/token", data={"grant_type": "client_credentials"}, auth=("XM-DEMO-2", secret))
    principal = await Verifier(ISSUER, AUDIENCE, client=live).verify(answer.json()["access_token"])
    assert (principal.role, principal.organisation) == ("entity", "XM-DEMO-2")


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_request_without_pkce_or_beyond_it_is_refused(
    http: httpx.AsyncClient, over: dict[str, str], error: str
) -> None:
    query = back(await http.get("/authorize", params=asked(**over)))
    assert query["error"] == error
    assert query["state"] == "s1"


@pytest.mark.parametrize(
    "over",
    [
        {"client_id": "nobody"},
        {"client_id": "XM-DEMO-1"},
        {"redirect_uri": "http://127.0.0.1:8100/callback/more"},
        {"redirect_uri": "http://127.0.0.1:9999/callback"},
        {"redirect_uri": "https://elsewhere.example/callback"},
        {"client_id": CLI_CLIENT, "redirect_uri": "http://elsewhere.example/callback"},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    http: httpx.AsyncClient, over: dict[str, str]
) -> None:
    answer = await http.get("/authorize", params=asked(**over))
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_the_command_may_return_to_any_port_of_this_machine(http: httpx.AsyncClient) -> None:
    there = asked(client_id=CLI_CLIENT, redirect_uri="http://127.0.0.1:40123/callback")
    assert (await http.get("/authorize", params=there)).status_code == 200


async def test_a_wrong_verifier_is_refused_and_uses_the_code_up(http: httpx.AsyncClient, layout: Layout) -> None:
    code = await code_of(http, layout)
    answer = await exchange(http, layout, code, code_verifier="w" * 64)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await exchange(http, layout, code)).status_code == 400


async def test_a_code_works_once(http: httpx.AsyncClient, layout: Layout) -> None:
    code = await code_of(http, layout)
    assert (await exchange(http, layout, code)).status_code == 200
    assert (await exchange(http, layout, code)).json()["error"] == "invalid_grant"


async def test_an_expired_code_is_refused(http: httpx.AsyncClient, layout: Layout, clock: Clock) -> None:
    code = await code_of(http, layout)
    clock.now += CODE_SECONDS + 1
    assert (await exchange(http, layout, code)).json()["error"] == "invalid_grant"


async def test_a_code_is_good_for_its_client_and_address_only(http: httpx.AsyncClient, layout: Layout) -> None:
    code = await code_of(http, layout)
    assert (await exchange(http, layout, code, redirect_uri=CALLBACK + "x")).json()["error"] == "invalid_grant"
    stolen = await code_of(http, layout)
    form = {
        "grant_type": "authorization_code",
        "client_id": CLI_CLIENT,
        "code": stolen,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    assert (await http.post("/token", data=form)).json()["error"] == "invalid_grant"


async def test_a_client_without_its_secret_gets_nothing(http: httpx.AsyncClient, layout: Layout) -> None:
    for secret in ("", "wrong"):
        answer = await http.post("/token", data={"grant_type": "client_credentials"}, auth=("XM-DEMO-1", secret))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    own = layout.secrets.read(client_secret(PORTAL_CLIENT))
    answer = await http.post("/token", data={"grant_type": "client_credentials"}, auth=(PORTAL_CLIENT, own))
    assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.parametrize("user", ["focal", "nobody", "../issuer-keys"])
async def test_a_wrong_password_shows_the_form_again(http: httpx.AsyncClient, user: str) -> None:
    page = await http.get("/authorize", params=asked())
    answer = await http.post("/sign-in", data={"request": request_of(page), "user": user, "password": "wrong"})
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert request_of(answer) == request_of(page)


async def test_a_form_from_another_browser_signs_nobody_in(http: httpx.AsyncClient, layout: Layout) -> None:
    page = await http.get("/authorize", params=asked())
    http.cookies.clear()
    form = {"request": request_of(page), "user": "focal", "password": layout.secrets.read(user_secret("focal"))}
    assert (await http.post("/sign-in", data=form)).status_code == 400


async def test_the_page_runs_nothing_and_goes_nowhere_but_back(http: httpx.AsyncClient) -> None:
    page = await http.get("/authorize", params=asked())
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:8100;" in policy
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert page.headers["cache-control"] == "no-store"
    for name in ("user", "password"):
        assert f'<label for="{name}">' in page.text


async def test_keys_rotate_and_the_one_before_still_verifies(live: httpx.AsyncClient, layout: Layout) -> None:
    before = (await exchange(live, layout, await code_of(live, layout))).json()["access_token"]
    new = keys.rotate(layout.secrets)
    after = (await exchange(live, layout, await code_of(live, layout))).json()["access_token"]
    assert jwt.get_unverified_header(after)["kid"] == new != jwt.get_unverified_header(before)["kid"]
    verifier = Verifier(ISSUER, AUDIENCE, client=live)
    for token in (before, after):
        assert (await verifier.verify(token)).subject == "focal"
    for _ in range(3):
        keys.rotate(layout.secrets)
    with pytest.raises(Problem, match="refused"):
        await Verifier(ISSUER, AUDIENCE, client=live).verify(before)


async def test_sign_out_goes_only_where_the_client_said(http: httpx.AsyncClient) -> None:
    home = {"client_id": PORTAL_CLIENT, "post_logout_redirect_uri": "http://127.0.0.1:8100/"}
    assert (await http.get("/end-session", params=home)).headers["location"] == "http://127.0.0.1:8100/"
    away = home | {"post_logout_redirect_uri": "https://elsewhere.example/"}
    answer = await http.get("/end-session", params=away)
    assert (answer.status_code, "location" in answer.headers) == (200, False)


def test_secrets_are_their_owners_alone_and_each_its_own(layout: Layout) -> None:
    files = list(layout.secrets.folder.iterdir())
    assert files
    assert layout.secrets.folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in [*files, registry.file_of(layout)]} == {0o600}
    assert len({file.read_text() for file in files}) == len(files)
