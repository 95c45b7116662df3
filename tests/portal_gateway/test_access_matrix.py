"""The access matrix: every kind of reader at every door, for a record of every class. No door tells too much.

A record of each class is planted with an identifier, words and a value that stand nowhere else. What a reader may learn
follows from ``runtime.access.may_read`` and from nothing else. A route that is not in the matrix fails the test.
"""

from __future__ import annotations

import io
import re
import statistics
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
from tests.support.gateway import Gateway, figure, message, project, receipt, serving, someone

from contracts.alerts import AlertRaised
from contracts.portfolio import BudgetRevised, IndicatorDefined, ObservationRecorded
from plumbline.stack import Stack
from runtime.access import SYSTEM, Principal, may_read

OWNER: Final = "XM-A"


@dataclass(frozen=True, slots=True)
class Secret:
    """A planted record: what names it, and what only somebody who read it can know."""

    classification: str
    number: int

    @property
    def id(self) -> str:
        """As long as every other, and as that of no record."""
        return f"{OWNER}-K{self.number}Q"

    @property
    def words(self) -> set[str]:
        """Of its title, its indicator, its alert and its message, and its value."""
        return {f"{word}{self.number}a" for word in ("velqorin", "thrumbex", "oskavent", "mirdolat")} | {self.value}

    @property
    def value(self) -> str:
        """Digits that stand nowhere else."""
        return f"91827{self.number}64"


CLASSES: Final = ("public", "member-states", "compact", "state:ML", "state:NE", "owner", "unheard-of")
SECRETS: Final = [Secret(classification, number) for number, classification in enumerate(CLASSES)]
NOTHING: Final = Secret("none", 9)
READERS: Final = [
    someone("entity", "of-the-owner", organisation=OWNER),
    someone("entity", "of-another-entity", organisation="XM-B"),
    someone("member-state", "of-mali", country="ML"),
    someone("member-state", "of-france", country="FR"),
    someone("member-state", "of-no-state"),
    someone("secretariat", "at-the-secretariat"),
    someone("donor", "a-donor"),
    someone("donor", "a-donor-with-the-owner", organisation=OWNER),
    someone("operator", "an-operator"),
]
RECEIPT: Final = "quillaby-9.xml"
VIEW: Final = "farnaxel view"


@dataclass(frozen=True, slots=True)
class Door:
    """Where to ask; ``{id}`` is a record's. ``tells``: beginnings of words that a reader who may learns there."""

    path: str
    tells: tuple[str, ...] = ()


def _lists() -> dict[str, list[Door]]:
    """Doors that show many records at once: lists, searches, counts, facets, files, places."""
    title, value = ("velqorin",), ("91827",)
    search = "/api/v1/projects"
    files = [Door(f"export.{form}?country=TV", title) for form in ("csv", "xlsx", "json", "xml")]
    texts = ("csv", "json")
    return {
        "GET /api/v1/projects": [
            Door(f"{search}?limit=500", title),
            Door(f"{search}?q=matrix&facets=true", title),
            Door(f"{search}?country=TV&facets=true", title),
            Door(search + "?q=velqorin{s.number}a"),
            Door(search + "?ids={s.id}"),
        ],
        "GET /api/v1/projects/export.{form}": [Door(f"{search}/{door.path}", door.tells) for door in files],
        "GET /projects/export.{form}": [Door(f"/projects/{door.path}", door.tells) for door in files],
        "GET /projects": [
            Door("/projects", title),
            Door("/projects?q=matrix", title),
            Door("/projects?view=map"),
            Door("/projects?view=timeline", title),
            Door("/projects?q=velqorin{s.number}"),
        ],
        "GET /api/v1/metrics": [Door("/api/v1/metrics?kind=project", value), Door("/api/v1/metrics?metric=M4", value)],
        "GET /api/v1/metrics/export.{form}": [
            Door(f"/api/v1/metrics/export.{form}?kind=project", value) for form in texts
        ],
        "GET /metrics/export.{form}": [Door(f"/metrics/export.{form}?kind=project", value) for form in texts],
        "GET /api/v1/map": [Door("/api/v1/map")],
        "GET /api/v1/inbox": [Door("/api/v1/inbox", ("mirdolat",))],
        "GET /api/v1/inbox/count": [Door("/api/v1/inbox/count")],
        "GET /inbox": [Door("/inbox", ("mirdolat",))],
        "GET /api/v1/stream": [
            Door("/api/v1/stream?after=0", ("91827", "oskavent", "mirdolat")),
            Door("/api/v1/stream?after=0&kind=metric&figure=*|project:*", value),
            Door("/api/v1/stream?after=0&project={s.id}&figure=*|project:{s.id}"),
        ],
        "GET /": [Door("/")],
        "GET /map": [Door("/map")],
        "GET /metrics": [Door("/metrics?metric=M4")],
        "GET /entities": [Door("/entities")],
        "GET /entities/{ref}": [Door(f"/entities/{OWNER}", title)],
        "GET /entities/{ref}/indicators.csv": [Door(f"/entities/{OWNER}/indicators.csv")],
        "GET /countries": [Door("/countries")],
        "GET /countries/{code}": [Door("/countries/TV")],
        "GET /regions/{code}": [Door("/regions/061")],
        "GET /pillars/{code}": [Door("/pillars/P2")],
        "GET /api/v1/account": [Door("/api/v1/account")],
        "GET /api/v1/account/sessions": [Door("/api/v1/account/sessions")],
        "GET /api/v1/account/audit": [Door("/api/v1/account/audit")],
        "GET /api/v1/account/audit/export": [Door("/api/v1/account/audit/export")],
        "GET /account": [Door("/account")],
        "GET /account/export.csv": [Door("/account/export.csv")],
        "GET /v1/audit": [Door("/v1/audit")],
        "GET /v1/audit/latest": [Door("/v1/audit/latest")],
        "GET /api/v1/receipts": [Door("/api/v1/receipts")],
        "GET /receipts": [Door("/receipts")],
        "GET /api/v1/views": [Door("/api/v1/views")],
        "GET /inbox/subscriptions": [Door("/inbox/subscriptions")],
        "GET /about": [Door("/about")],
    }


def _details() -> dict[str, list[Door]]:
    """Doors of one record: a reader who may not learn of it is answered as if it did not exist."""
    title, value = ("velqorin",), ("91827",)
    rest, page = "/api/v1/projects/{id}", "/projects/{id}"
    part = "project"
    return {
        "GET /api/v1/projects/{project_id:path}": [Door(rest, ("velqorin", "thrumbex", "oskavent", "91827"))],
        "GET /api/v1/projects/{project_id:path}/history": [Door(f"{rest}/history", ("thrumbex",))],
        "GET /api/v1/projects/{project_id:path}/related": [Door(f"{rest}/related")],
        "GET /projects/{project_id:path}": [Door(page, ("velqorin", "thrumbex"))],
        "GET /projects/{project_id:path}/history": [Door(f"{page}/history", title)],
        "GET /projects/{project_id:path}/versions": [Door(f"{page}/versions?part={part}")],
        "GET /projects/{project_id:path}/beside": [Door(f"{page}/beside?other=XM-A-K0Q")],
        "GET /api/v1/metrics/{metric}": [Door("/api/v1/metrics/M4?scope=project:{id}", value)],
        "GET /metrics/{metric}": [Door("/metrics/M4?scope=project:{id}", title)],
        "GET /api/v1/explanations/{metric}": [Door("/api/v1/explanations/M4?scope=project:{id}")],
        "GET /api/v1/revisions/{metric}": [Door("/api/v1/revisions/M4?scope=project:{id}")],
        "GET /api/v1/series/{metric}": [Door("/api/v1/series/M4?scope=project:{id}")],
        "GET /api/v1/duplicates": [Door("/api/v1/duplicates?project={id}")],
    }


LISTS: Final = _lists()
DETAILS: Final = _details()
OTHERWISE: Final = {
    # What is planted once and is of no project's class: below, each in a test of its own.
    "GET /api/v1/receipts/{submission_id}": "receipt",
    "GET /receipts/{submission_id}": "receipt",
    "PATCH /api/v1/views/{view_id}": "view",
    "DELETE /api/v1/views/{view_id}": "view",
    "POST /projects/views/{view_id}": "view",
    "GET /operations": "operations",
    "GET /operations/audit": "operations",
    "GET /operations/quarantine/{service}/{record}": "operations",
    "POST /operations/quarantine/{service}/{record}/replay": "operations",
    "GET /v1/dlq": "operations",
    "GET /v1/dlq/{record}": "operations",
    "POST /v1/dlq/{record}/replay": "operations",
    "GET /v1/audit/head": "operations",
    "GET /v1/audit/verification": "operations",
    # Who one is, and the way in and out: they read no record.
    "GET /api/v1/me": "the caller's own token",
    "GET /api/v1/docs": "the interface's document",
    "GET /api/v1/openapi.json": "the interface's document",
    "GET /openapi.json": "the interface's document",
    "GET /health/live": "no datum",
    "GET /health/ready": "no datum",
    "GET /static/{release}/{name}": "files of the release",
    "GET /login": "tests/portal_gateway/test_session.py",
    "GET /callback": "tests/portal_gateway/test_session.py",
    "POST /login": "tests/portal_gateway/test_session.py",
    "POST /logout": "tests/portal_gateway/test_session.py",
    "POST /logout/everywhere": "tests/portal_gateway/test_session.py",
    "DELETE /api/v1/account/sessions": "tests/portal_gateway/test_session.py",
    "DELETE /api/v1/account/sessions/{sid}": "tests/portal_gateway/test_session.py",
    "POST /account/sessions/{sid}/end": "tests/portal_gateway/test_session.py",
    "GET /keys": "what the keys of a page do",
    "POST /keys": "what the keys of a page do",
    "POST /api/v1/views": "the reader's own words",
    "POST /projects/views": "the reader's own words",
    # Asked of their owner under the reader's own token, which judges by the same policy.
    "GET /api/v1/method": "tests/scoring/test_method.py",
    "GET /api/v1/national/{country}": "tests/scoring/test_national.py",
    "GET /api/v1/subscriptions": "tests/notifier/test_api.py",
    "POST /api/v1/subscriptions": "tests/notifier/test_telling.py",
    "DELETE /api/v1/subscriptions/{subscription_id}": "tests/notifier/test_telling.py",
    "POST /inbox/hours": "tests/notifier/test_digest.py",
    "POST /inbox/subscriptions": "tests/notifier/test_telling.py",
    "POST /inbox/subscriptions/{subscription_id}": "tests/notifier/test_telling.py",
    "POST /inbox/subscriptions/{subscription_id}/delete": "tests/notifier/test_telling.py",
    "POST /api/v1/inbox/filed": "tests/notifier/test_telling.py",
    "POST /api/v1/inbox/{notification_id}/read": "tests/notifier/test_telling.py",
    "POST /inbox/file": "tests/notifier/test_telling.py",
    "POST /entities/{ref}/dialect": "tests/intake/test_judgements.py",
    "POST /projects/{project_id:path}/beside": "tests/intake/test_judgements.py",
}


EVERY: Final = [False, pytest.param(True, marks=pytest.mark.long)]
"""Every reader at every door, and of the classes at each a few in turn, so that all readers together try all; on
demand every class by every reader at every door."""


def _asked(turn: int, every: bool) -> Iterator[Door]:
    """Every list; where a record is asked for by its own word, in turn."""
    for place, door in enumerate(door for doors in LISTS.values() for door in doors):
        if "{s" not in door.path:
            yield door
            continue
        for secret in SECRETS if every else [SECRETS[(turn + place) % len(SECRETS)]]:
            yield Door(door.path.format(s=secret))


def _some(reader: Principal, turn: int) -> list[Secret]:
    """Two that this reader may not read and one that it may, others each time."""
    open_to = [s for s in SECRETS if may(reader, s)]
    hidden = [s for s in SECRETS if s not in open_to]
    found = [hidden[(turn + n) % len(hidden)] for n in range(min(2, len(hidden)))]
    return found + ([open_to[turn % len(open_to)]] if open_to else [])


def may(reader: Principal, secret: Secret) -> bool:
    """The one policy."""
    return may_read(reader, secret.classification, OWNER)


@pytest.fixture(scope="module")
async def matrix(stack: Stack) -> AsyncIterator[Gateway]:
    """A gateway that knows a record of every class, and a message about each for everybody."""
    async with serving(stack, rate_searches=1_000_000, rate_exports=1_000_000) as gateway:
        for secret in SECRETS:
            await gateway.tell(*_record(secret))
        await gateway.tell(receipt("S-MATRIX", OWNER, file=RECEIPT))
        async with gateway.database.transaction(SYSTEM) as tx:
            # No event can say a class that is not known; a later version of the contracts might.
            for table in ("project", "figure", "alert", "message"):
                await tx.conn.execute(
                    f"update {table} set classification = 'unheard-of' where {table}::text like '%{SECRETS[-1].id}%'"
                )
        state = gateway.service.app.state
        # A stream that ends at once can be read to its end.
        state.settings = state.settings.model_copy(update={"stream_lifetime_s": 0})
        yield gateway


def _record(secret: Secret) -> Iterator[Any]:
    n, name = secret.number, secret.id
    said = "owner" if secret.classification == "unheard-of" else secret.classification
    yield project(
        name,
        entity=OWNER,
        classification=said,
        title={"en": f"Matrix velqorin{n}a"},
        allocations=[
            {"dim": "COUNTRY", "code": "TV", "ppm": 1_000_000},
            {"dim": "PILLAR", "code": "P2", "ppm": 1_000_000},
        ],
        dates={"actual_start": "2024-01-01", "planned_end": "2026-12-31"},
    )
    yield IndicatorDefined(
        project_id=name, indicator_id="I", result_id="R", result_type="1", measure="1", title={"en": f"thrumbex{n}a"}
    )
    yield ObservationRecorded.model_validate(
        {
            "project_id": name,
            "indicator_id": "I",
            "period": {"start": "2025-01-01", "end": "2025-12-31"},
            "value": secret.value,
        }
    )
    yield BudgetRevised.model_validate(
        {
            "project_id": name,
            "budget": {
                "period_start": "2025-01-01",
                "period_end": "2025-12-31",
                "amount": secret.value,
                "currency": "USD",
                "value_date": "2025-01-01",
            },
        }
    )
    yield figure(f"project:{name}", int(secret.value), classification=said, owner=OWNER)
    yield AlertRaised.model_validate(
        {
            "alert_id": f"A-{name}",
            "kind": "off-track",
            "scope": f"project:{name}",
            "project_id": name,
            "entity": OWNER,
            "text": f"oskavent{n}a",
            "classification": said,
            "raised_at": "2026-09-14T09:00:00Z",
        }
    )
    for reader in READERS:
        yield message(
            f"m-{name}-{reader.subject}",
            reader.subject,
            title=f"mirdolat{n}a",
            link=f"/projects/{name}",
            classification=said,
            owner=OWNER,
        )


class Visitor:
    """A reader at the doors, with a session."""

    def __init__(self, gateway: Gateway, reader: Principal, cookie: str) -> None:
        self.reader = reader
        self._gateway = gateway
        self._headers = {"Cookie": f"plumbline_session={cookie}", "Origin": gateway.service.settings.gateway_url}

    async def ask(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        """The answer of a door, as a browser would ask for a page and a program for the rest."""
        kind = "application/json" if path.startswith(("/api/", "/v1/")) else "text/html"
        headers = self._headers | {"Accept": kind}
        return await self._gateway.http.request(method, path, headers=headers, timeout=60, **more)


async def visitors(gateway: Gateway) -> list[Visitor]:
    return [Visitor(gateway, reader, await gateway.signed_in(reader)) for reader in READERS]


def readable(answer: httpx.Response) -> str:
    """Every text in an answer, its headers too; numbers without the signs that group them."""
    body = answer.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    text = "\n".join([body.decode("utf-8", "replace"), *(f"{k}: {v}" for k, v in answer.headers.items())])
    return text + re.sub(r"(?<=\d)[,.\u202f\u00a0\u066c](?=\d)", "", text)


def as_of_nothing(answer: httpx.Response, secret: Secret) -> tuple[Any, ...]:
    """An answer without what differs between any two of them, and without the name that was asked for."""
    return _plain(answer, secret.id, f"K{secret.number}Q")


def _plain(answer: httpx.Response, *asked: str) -> tuple[Any, ...]:
    plain = answer.text
    for name in asked:
        plain = plain.replace(name, "#")
    plain = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?|\d\d:\d\d(:\d\d)?", "@", plain)
    plain = re.sub(r"[0-9a-f]{32}", "~", plain)
    headers = {k: v for k, v in answer.headers.items() if k not in {"date", "traceresponse", "etag", "content-length"}}
    return answer.status_code, headers, plain


def _routes(routes: Any) -> Iterator[str]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)
        else:
            for method in sorted(getattr(route, "methods", None) or ()):
                if method not in {"HEAD", "OPTIONS"}:
                    yield f"{method} {route.path}"


async def test_every_route_is_in_the_matrix(matrix: Gateway) -> None:
    """Whoever adds a route says here what a reader can learn at it."""
    assert set(_routes(matrix.service.app.routes)) == {*LISTS, *DETAILS, *OTHERWISE}


@pytest.mark.parametrize("every", EVERY)
async def test_no_door_tells_anybody_what_they_may_not_read(matrix: Gateway, every: bool) -> None:
    """Neither word, identifier nor value of a record stands in any byte of an answer; those who may learn it, do."""
    wrong = []
    for turn, visitor in enumerate(await visitors(matrix)):
        open_to = [s for s in SECRETS if may(visitor.reader, s)]
        hidden = [s for s in SECRETS if s not in open_to]
        for door in _asked(turn, every):
            answer = await visitor.ask(door.path)
            text = readable(answer)
            asked = {s.number for s in SECRETS if s.id in door.path or f"velqorin{s.number}" in door.path}
            leaks = {word for s in hidden if s.number not in asked for word in (*s.words, s.id) if word in text}
            for s in hidden:
                if s.number in asked:
                    leaks |= {w for w in s.words if w in text and not w.startswith("velqorin")}
            missed = {w for s in open_to for w in s.words if w.startswith(door.tells or ("-",)) and w not in text}
            if leaks or missed or answer.status_code >= 500:
                wrong.append((visitor.reader.subject, door.path, answer.status_code, "leaks", leaks, "hides", missed))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("every", EVERY)
async def test_what_may_not_be_read_is_answered_as_what_does_not_exist(matrix: Gateway, every: bool) -> None:
    wrong: list[Any] = []
    for turn, visitor in enumerate(await visitors(matrix)):
        for place, door in enumerate(door for doors in DETAILS.values() for door in doors):
            nothing = as_of_nothing(await visitor.ask(door.path.format(id=NOTHING.id)), NOTHING)
            for secret in SECRETS if every else _some(visitor.reader, turn + place):
                answer = await visitor.ask(door.path.format(id=secret.id))
                where = (visitor.reader.subject, secret.classification, door.path, answer.status_code)
                if may(visitor.reader, secret):
                    text = readable(answer)
                    missed = {w for w in secret.words if w.startswith(door.tells or ("-",)) and w not in text}
                    if missed:
                        wrong.append((*where, "hides", missed))
                elif (found := as_of_nothing(answer, secret)) != nothing:
                    wrong.append((*where, "is not as of nothing", _difference(found, nothing)))
    assert not wrong, "\n".join(map(str, wrong))


def _difference(found: tuple[Any, ...], nothing: tuple[Any, ...]) -> Any:
    if found[:2] != nothing[:2]:
        return found[:2], nothing[:2]
    lines = zip(found[2].splitlines(), nothing[2].splitlines(), strict=False)
    return [pair for pair in lines if pair[0] != pair[1]][:3]


async def test_counts_are_of_what_may_be_read(matrix: Gateway) -> None:
    """Totals, facets, and the numbers of a country and an entity count nothing else."""
    for visitor in await visitors(matrix):
        n = sum(may(visitor.reader, s) for s in SECRETS)
        body = (await visitor.ask("/api/v1/projects?country=TV&facets=true")).json()
        assert body["total"] == n, visitor.reader
        for name, code in (("country", "TV"), ("entity", OWNER), ("pillar", "P2"), ("region", "061")):
            assert [row["total"] for row in body["facets"][name] if row["value"] == code] == [n], (name, visitor.reader)
        one = (await visitor.ask(f"/api/v1/projects?ids={SECRETS[-2].id}")).json()
        none = (await visitor.ask(f"/api/v1/projects?ids={NOTHING.id}")).json()
        if not may(visitor.reader, SECRETS[-2]):
            assert (one["total"], len(one["missing"])) == (none["total"], len(none["missing"])) == (0, 1)
        inbox = (await visitor.ask("/api/v1/inbox/count")).json()
        assert inbox["unread"] == n, visitor.reader


async def test_a_receipt_is_its_entitys_and_theirs_who_help(matrix: Gateway) -> None:
    for visitor in await visitors(matrix):
        allowed = may_read(visitor.reader, "support", OWNER)
        for path in ("/api/v1/receipts", "/receipts"):
            assert (RECEIPT in (await visitor.ask(path)).text) == allowed, (path, visitor.reader)
            answer = await visitor.ask(f"{path}/S-MATRIX")
            assert (RECEIPT in answer.text) == allowed, (path, visitor.reader)
            if not allowed:
                none = await visitor.ask(f"{path}/S-NOTHIN")
                assert answer.status_code == 404
                assert _plain(answer, "S-MATRIX") == _plain(none, "S-NOTHIN")


async def test_a_view_is_its_organisations_and_changed_by_nobody_else(matrix: Gateway) -> None:
    everybody = await visitors(matrix)
    owner = everybody[0]
    made = await owner.ask("/api/v1/views", "POST", json={"name": VIEW, "query": "country=TV", "shared": True})
    (view,) = made.json()["items"]
    for visitor in everybody[1:]:
        for path in ("/api/v1/views", "/projects"):
            seen = VIEW in (await visitor.ask(path)).text
            assert seen == (visitor.reader.organisation == OWNER), (path, visitor.reader)
        for method, body in (("PATCH", {"name": "mine now"}), ("DELETE", None)):
            answer = await visitor.ask(f"/api/v1/views/{view['view_id']}", method, json=body)
            none = await visitor.ask("/api/v1/views/nothing-here", method, json=body)
            assert (answer.status_code, none.status_code) == (404, 404)
            assert answer.text.replace(view["view_id"], "#") == none.text.replace("nothing-here", "#")
    assert [v["name"] for v in (await owner.ask("/api/v1/views")).json()["items"]] == [VIEW]


async def test_what_operators_do_does_not_exist_for_others(matrix: Gateway) -> None:
    paths = ("/operations", "/operations/audit", "/operations/quarantine/intake/1")
    for visitor in await visitors(matrix):
        statuses = {(await visitor.ask(path)).status_code for path in paths}
        assert (statuses == {404}) == (visitor.reader.role != "operator"), visitor.reader


async def test_how_long_an_answer_takes_tells_nothing(matrix: Gateway) -> None:
    """A record that may not be read costs what one costs that is not there, loosely: other work is on the machine."""
    (donor,) = [v for v in await visitors(matrix) if v.reader.subject == "a-donor"]
    hidden = SECRETS[-2]
    for template in ("/api/v1/projects/{id}", "/api/v1/metrics/M4?scope=project:{id}", "/projects/{id}"):
        taken: dict[str, list[float]] = {hidden.id: [], NOTHING.id: []}
        for _ in range(20):
            for name, times in taken.items():
                begin = time.perf_counter()
                await donor.ask(template.format(id=name))
                times.append(time.perf_counter() - begin)
        one, other = (statistics.median(times) for times in taken.values())
        assert 1 / 3 < one / other < 3, (template, one, other)
