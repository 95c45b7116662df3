"""No text is out of a translator's reach: every page, notice and fault, and what other services say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import HTTPException
from starlette.responses import Response
from tests.browser.test_pages import PAGES
from tests.support.gateway import Gateway, someone
from tests.support.portfolio import everything
from tests.support.reach import Marked, strings, unreached, unreached_by
from tests.support.sources import ROOT

from portal_gateway import places
from portal_gateway.api import speaking
from portal_gateway.api.limits import Limits
from portal_gateway.api.pages import notice
from portal_gateway.domain.heard import Heard, heard
from portal_gateway.domain.heard.findings import FINDINGS
from portal_gateway.domain.heard.problems import PROBLEMS
from portal_gateway.domain.search.wish import SORTS, VIEWS
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import LANGUAGES
from portal_gateway.domain.speech.language import speaking as in_language
from portal_gateway.web.render import static_files

READER = someone("secretariat", "reader", name="A. Reader")
OPERATOR = someone("operator", "watch", name="A. Reader")


_ASKED = {
    *("judicail", "judicial", "zzzz", "never", "project:none", "nowhere", "none", "nonsense", "XM-T", "Z", "P9"),
    *("sort", "status", "view", *SORTS, *VIEWS),
}
"""What the addresses below ask for, and the answers repeat."""


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """French, in which every message is marked."""
    monkeypatch.setattr(speaking, "spoken", lambda: dict(LANGUAGES))
    monkeypatch.setattr(speaking, "catalogue", lambda _code: Marked())


def _data(*payloads: Any) -> set[str]:
    """What is no message: what the payloads say, people, and places by their French names."""
    return {
        *strings(*(payload.model_dump(mode="json") for payload in payloads)),
        *places.names("fr").values(),
        *LANGUAGES.values(),
        *(word.icon for table in (words.STATES, words.WITHHELD) for word in table.values()),
        *("A. Reader", "sex", "intake", "scoring", "notifier", "portal-gateway"),
        *_ASKED,
    }


class Door:
    """A signed-in reader at the gateway's door who reads the marked language."""

    def __init__(self, gateway: Gateway, cookie: str) -> None:
        self.gateway, self._cookie = gateway, cookie

    async def ask(self, path: str, method: str = "GET", extra: str = "", **more: Any) -> httpx.Response:
        """One page; a form carries its origin and its secret."""
        headers = {
            "Cookie": f"plumbline_session={self._cookie}; lang=fr{extra}",
            "Accept": "text/html",
            "Origin": self.gateway.service.settings.gateway_url,
        }
        return await self.gateway.http.request(method, path, headers=headers | more.pop("headers", {}), **more)


async def _door(gateway: Gateway, who: Any = READER) -> Door:
    return Door(gateway, await gateway.signed_in(who))


async def test_every_page_notice_and_fault_speaks_the_readers_language_alone(gateway: Gateway, marked: None) -> None:
    """Empty, then full: with nothing to show a page says so, and that too is a message. One gateway for all."""
    told = everything()
    data = _data(*told)
    found: dict[str, list[str]] = {}
    for state in ("empty", "full"):
        door, watch = await _door(gateway), await _door(gateway, OPERATOR)
        if state == "full":
            await gateway.tell(*told)
        for name, path in PAGES.items():
            page = await door.ask(path)
            found[f"{state} {name}"] = unreached(page.text, data)
        for path in ("/operations", "/operations/audit", "/account?day=never", "/receipts?entity=XM-T"):
            page = await watch.ask(path)
            found[f"{state} {path}"] = unreached(page.text, data)
    page = await gateway.http.get("/login", headers={"Accept": "text/html", "Cookie": "lang=fr"})
    found["login"] = unreached(page.text, data)
    found |= await _notices(door, data) | await _faults(door, data)
    assert {name: texts for name, texts in found.items() if texts} == {}


async def _refused(status: int) -> None:
    raise HTTPException(status)


async def _faults(door: Door, data: set[str]) -> dict[str, list[str]]:
    """Every fault a person may meet is a page, with its trace, that says nothing but messages."""
    form = {"csrf": "the-forms-secret"}
    service = door.gateway.service
    views = [await door.ask("/projects/views", "POST", data={**form, "name": name, "query": "q=a"}) for name in "AB"]
    assert {view.status_code for view in views} == {httpx.codes.SEE_OTHER}
    kept = {view["name"]: view["view_id"] for view in (await door.ask("/api/v1/views")).json()["items"]}
    faults = [
        await door.ask("/inbox/file", "POST", data={"csrf": "another"}),
        await door.ask("/inbox/file", "POST", data=form, headers={"Origin": "https://elsewhere.example"}),
        await door.ask("/inbox/file", "POST", data=form | {"one": "read:m1"}),
        await door.ask("/inbox/file", "POST", content=b"x" * 20_000_000),
        await door.ask(f"/projects/views/{kept['B']}", "POST", data={**form, "do": "rename", "name": "A"}),
        await door.ask("/receipts", "DELETE"),
        *[
            await door.ask(path)
            for path in (
                "/projects?status=Z&sort=none&view=none", "/metrics/M4?scope=nonsense", "/receipts?cursor=nonsense",
                "/callback?state=nonsense", "/map?view=none", "/map?metric=none", "/nowhere", "/projects/nowhere",
                "/projects/nowhere/history", "/projects/nowhere/beside?other=none", "/metrics/M4?scope=project:none",
                "/countries/XX", "/regions/999", "/pillars/P9", "/receipts/none", "/operations",
            )
        ],
    ]  # fmt: skip
    service.app.add_api_route("/refused/{status}", _refused)  # what the framework itself may refuse
    faults += [await door.ask(f"/refused/{status}") for status in (401, 415)]
    service.app.state.limits = Limits(service.settings.model_copy(update={"rate_searches": 1}))
    faults += [await door.ask("/projects?q=often") for _again in range(2)][1:]
    assert {page.status_code for page in faults} == {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503}
    found = {}
    for page in faults:
        kind, traced = page.headers["content-type"].split(";")[0], re.search(r"[0-9a-f]{32}</bdi>", page.text)
        texts = unreached(page.text, data)
        if texts or traced is None or kind != "text/html":
            found[f"{page.status_code} {page.url.raw_path.decode()}"] = [kind, *texts]
    return found


async def _notices(door: Door, data: set[str]) -> dict[str, list[str]]:
    """What a page says once, of what was just done."""
    found = {}
    for kind in notice.Kind.__args__:
        cookie = Response()
        notice.leave(cookie, door.gateway.service.settings, kind, ["m1"], until=door.gateway.database.clock())
        left = cookie.headers["set-cookie"].partition(";")[0]
        page = await door.ask("/keys", extra=f"; {left}")
        assert 'class="note done"' in page.text, kind
        found[f"notice {kind}"] = unreached(page.text, data)
    return found


@pytest.mark.parametrize("name", sorted(name for name in static_files() if name.endswith(".js")))
def test_a_script_says_what_the_page_gave_it_and_no_word_of_its_own(name: str) -> None:
    assert unreached_by(static_files()[name][0].decode()) == []


def test_a_bare_word_in_a_script_is_found() -> None:
    script = """
    e.textContent = `${n} updates`;  // a comment says nothing
    button.setAttribute("aria-label", "Pause");
    const news = "three updates wait";
    e.textContent = words.pause; body.querySelector("[data-live] button").title = label;
    """
    assert unreached_by(script) == ["2:  updates", "3: Pause", "4: three updates wait"]


def test_a_bare_word_is_found() -> None:
    page = '<html lang="xx"><p>⟦Said⟧ bare <code>code</code><b lang="fr">mot</b></p><a title="Bare">M4</a></html>'
    assert [text.partition(":")[0] for text in unreached(page, ())] == ["html > p", "a@title"]
    assert unreached('<html lang="xx"><p>⟦Said⟧ Mali</p></html>', {"Mali"}) == []
    assert unreached('<html lang="xx"><text>⟦In ⟧Mali⟦ now⟧</text></html>', {"Mali"}) == []


# What other services say ------------------------------------------------------------------------------------


def test_what_another_service_said_is_said_again_in_the_readers_language() -> None:
    text = "3 of 7 recipient countries have no percentage."
    assert heard(text) == text
    with in_language("xx", Marked()):
        assert heard(text) == "⟦⟧3⟦ of ⟧7⟦ recipient countries have no percentage.⟧"
        assert heard("The file is larger than 20 MiB") == "⟦The file is larger than ⟧20⟦ MiB⟧"
        strange = heard("Something a library said")
        assert (strange, strange.lang) == ("Something a library said", "en")
        assert Heard(heard("Send both")).lang == ""


_SKIPPED = {
    "intake": ("codelists/__main__", "app.py", "reader/__main__", "handlers.py", "domain/iati/node.py"),
    "runtime": ("openapi.py", "audit.py", "service.py", "delivery/"),
    "notifier": ("app.py", "handlers.py", "domain/"),
    "scoring": ("app.py", "domain/", "usecases/", "handlers.py"),
}
"""Modules whose sentences no page shows: commands, logs, the interface's description, what says itself with ``say``."""

_NO_SENTENCE = {"%Y-%m-%d %H:%M", "'([^']*)' is not a valid value", "Resource limit exceeded", "COUNTRY and REGION",
                'Bearer error="invalid_token"', "The caller has this one already", "IATI, plain or gzip"}  # fmt: skip


def _sentences(service: str) -> Iterator[tuple[str, list[str]]]:
    """Sentences in the source of a service, each as the pieces between its values."""
    folder = ROOT / ("shared" if service == "runtime" else "services") / service / "src" / service
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(_SKIPPED[service]):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for inner in _unread(node):
                inner.unread = True  # type: ignore[attr-defined]
        for node in ast.walk(tree):
            if getattr(node, "unread", False):
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                pieces = [node.value]
            elif isinstance(node, ast.JoinedStr):
                pieces = [""]
                for part in node.values:
                    if isinstance(part, ast.Constant):
                        pieces[-1] += str(part.value)
                    else:
                        pieces.append("")
            else:
                continue
            whole = "%".join(pieces)
            if re.match(r"[A-Z%'\"]", whole) and re.search(r"[A-Za-z%)] +[A-Za-z%]", whole):
                yield f"{service}/{name}:{node.lineno}", pieces


def _unread(node: ast.AST) -> Iterator[ast.AST]:
    """What below a node is no sentence for a reader: docstrings, logs, SQL, descriptions, errors of programmers."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from node.values
    elif isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if (
            name.startswith("log.")
            or name.endswith(("Error", "Exception"))
            or re.search("Field|Query|execute|fetch", name)
        ):
            yield from ast.walk(node)


@pytest.mark.parametrize("service", sorted(_SKIPPED))
def test_every_sentence_of_a_service_has_a_message_here(service: str) -> None:
    """A sentence is known where a message has its words: a value may stand for words, and more may follow."""
    known = {re.sub(r"%\(\w+\)s", "\0", m).replace("%%", "%") for m in (*PROBLEMS, *FINDINGS)}
    missing = []
    for place, pieces in _sentences(service):
        if not re.search("[A-Za-z]{2,} [A-Za-z]{2,}", " ".join(pieces)) or "".join(pieces) in _NO_SENTENCE:
            continue
        pattern = re.compile(".+?".join(map(re.escape, pieces)), re.DOTALL)
        if "\0".join(pieces) not in known and not any(pattern.match(message) for message in known):
            missing.append(f"{place} {'…'.join(pieces)}")
    assert missing == []
