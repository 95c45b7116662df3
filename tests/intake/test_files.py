"""IATI files through intake: first edition, the same again, a later and an older one, a crash in between."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.intake.test_events import said
from tests.support.iati import a_file, an_activity
from tests.support.stack import fresh_database

from contracts.envelope import PREFIX
from contracts.streams import PORTFOLIO, RECEIPTS
from intake.reader import Limits
from intake.reader.protocol import MIB
from intake.store import entities, findings, submissions, uploads
from intake.store.submissions import Submission
from intake.usecases import files
from plumbline.generate.files import write_portfolio
from plumbline.stack import Stack
from runtime.access import SYSTEM
from runtime.db import Database, new_id

ENTITY = "XM-DEMO-1"


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two editions of one entity's file."""
    out = tmp_path_factory.mktemp("portfolio") / "p"
    write_portfolio(out, projects=60, seed=3, editions=2)
    found = [next((out / f"edition-{n}" / ENTITY).glob("*.xml")) for n in (1, 2)]
    assert all(found)
    return found


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    opened = await Database.connect((await fresh_database(stack, "intake")).run_dsn, "intake")
    async with opened.transaction(SYSTEM) as tx:
        await entities.save(tx.conn, ENTITY, "Demo", [])
        await entities.save(tx.conn, "XM-B", "B", [])
    yield opened
    await opened.close()


async def upload(database: Database, content: bytes, *, entity: str = ENTITY, dry_run: bool = False) -> str:
    submission = Submission(
        new_id(), entity, "file", datetime.now(UTC), state="waiting", file="f.xml",
        sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), dry_run=dry_run,
    )  # fmt: skip
    async with database.transaction(SYSTEM) as tx:
        await submissions.add(tx.conn, [submission])
        half = len(content) // 2
        await uploads.add(tx.conn, submission.id, 0, content[:half])
        await uploads.add(tx.conn, submission.id, 1, content[half:])
    return submission.id


async def submit(database: Database, content: bytes, *, limits: Limits | None = None, **options: Any) -> dict[str, Any]:
    """Submit and process; the receipt's row with findings by rule."""
    id_ = await upload(database, content, **options)
    while await files.process_next(database, limits or Limits()):
        pass
    return await receipt(database, id_)


async def receipt(database: Database, id_: str) -> dict[str, Any]:
    async with database.transaction(SYSTEM) as tx:
        row = await submissions.one(tx.conn, id_)
        assert row is not None
        assert await tx.conn.fetchval("select count(*) from upload") == 0
        return {**dict(row), "rules": await findings.by_rule(tx.conn, id_)}


def kinds(facts: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for fact in facts:
        kind = fact["type"].removeprefix(PREFIX)
        found[kind] = found.get(kind, 0) + 1
    return found


async def test_editions_of_a_file(database: Database, editions: list[Path]) -> None:
    first, second = (path.read_bytes() for path in editions)
    accepted = await submit(database, first)
    assert accepted["outcome"] == "accepted"
    assert accepted["accepted"] == accepted["activities"] > 0
    assert accepted["quarantined"] == 0
    out = await said(database)
    facts = out[PORTFOLIO.topic]
    assert len(facts) == accepted["events"]
    count = kinds(facts)
    assert count["project.submitted.v1"] == accepted["activities"]
    assert count["indicator.defined.v1"] > 0
    assert count["observation.recorded.v1"] > 0
    assert all(fact["data"]["origin"]["line"] for fact in facts)
    assert out[RECEIPTS.topic][-1]["data"]["readability"]["indicators"] > 0

    again = await submit(database, first)
    assert again["outcome"] == "unchanged"
    assert again["unchanged"] == again["activities"] == accepted["activities"]
    assert again["events"] == 0
    assert again["rules"]["plumbline:SAME_FILE"] == 1
    assert PORTFOLIO.topic not in await said(database)

    later = await submit(database, second)
    assert later["amended"] > 0
    assert later["accepted"] + later["amended"] + later["unchanged"] == later["activities"]
    changed = kinds((await said(database))[PORTFOLIO.topic])
    assert "project.amended.v1" in changed
    assert changed.get("project.submitted.v1", 0) == later["accepted"]

    older = await submit(database, first)
    assert older["outcome"] == "unchanged"
    assert older["rules"]["plumbline:OLDER_EDITION"] == later["amended"]
    assert PORTFOLIO.topic not in await said(database)


async def test_what_an_edition_leaves_out_is_taken_back(database: Database, editions: list[Path]) -> None:
    first = editions[0].read_bytes()
    await submit(database, first)
    await said(database)
    text = first.decode()
    begin = text.index("<result ")
    end = text.index("</result>") + len("</result>")
    cut = text[:begin] + text[end:]
    receipt_of_cut = await submit(database, cut.encode())
    assert receipt_of_cut["amended"] == 1
    assert kinds((await said(database))[PORTFOLIO.topic]).keys() <= {
        "indicator.withdrawn.v1", "observation.retracted.v1"
    }  # fmt: skip


async def test_a_dry_run_keeps_nothing(database: Database, editions: list[Path]) -> None:
    judged = await submit(database, editions[0].read_bytes(), dry_run=True)
    assert judged["accepted"] == judged["activities"]
    out = await said(database)
    assert PORTFOLIO.topic not in out
    async with database.transaction(SYSTEM) as tx:
        for table in ("project", "fact", "source"):
            assert await tx.conn.fetchval(f"select count(*) from {table}") == 0
    real = await submit(database, editions[0].read_bytes())
    assert real["accepted"] == judged["accepted"]


async def test_another_entitys_file_is_refused_activity_by_activity(database: Database, editions: list[Path]) -> None:
    refused = await submit(database, editions[0].read_bytes(), entity="XM-B")
    assert refused["outcome"] == "quarantined"
    assert refused["quarantined"] == refused["activities"]
    assert refused["rules"]["plumbline:IDENTITY"] == refused["activities"]


async def test_one_bad_activity_delays_no_other(database: Database, editions: list[Path]) -> None:
    text = editions[0].read_text()
    broken = text.replace("<activity-status", "<activity-statuz", 1).replace(
        "/activity-status>", "/activity-statuz>", 0
    )
    result = await submit(database, broken.encode())
    assert result["outcome"] == "partly-quarantined"
    assert result["quarantined"] == 1
    assert result["accepted"] == result["activities"] - 1


async def test_a_receipt_shows_what_held_an_activity_back_however_much_else_was_found(database: Database) -> None:
    own = '<sector vocabulary="99" code="X"/>' * 150  # a warning each: nobody else knows the list
    good = an_activity(identifier=f"{ENTITY}-0", sectors=own)
    bad = an_activity(identifier=f"{ENTITY}-1").replace("<activity-status", "<activity-statuz", 1)
    await submit(database, a_file(good, bad).replace(b"XM-DAC-41120", ENTITY.encode()))
    told = (await said(database))[RECEIPTS.topic][-1]["data"]
    assert (told["quarantined"], len(told["findings"])) == (1, 100)
    assert told["findings"][0]["severity"] == "error"
    assert told["findings"][0]["project_id"] == f"{ENTITY}-1"
    assert {f["rule"] for f in told["findings"]} == told["rules"].keys()


async def test_an_activity_that_kills_the_reader_is_quarantined_alone(database: Database) -> None:
    sectors = '<sector code="15130" percentage="1"/>' * 400_000
    text = a_file(
        an_activity(identifier=f"{ENTITY}-0"),
        an_activity(identifier=f"{ENTITY}-1", sectors=sectors),
        an_activity(identifier=f"{ENTITY}-2"),
    )
    content = text.replace(b"XM-DAC-41120", ENTITY.encode())
    result = await submit(database, content, limits=Limits(memory_bytes=200 * MIB))
    assert result["outcome"] == "partly-quarantined"
    assert (result["activities"], result["accepted"], result["quarantined"]) == (3, 2, 1)
    assert result["rules"]["plumbline:ACTIVITY_FATAL"] == 1
    assert not any(rule.startswith("plumbline:READER_") for rule in result["rules"])


async def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
    database: Database, editions: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", 2)
    content = editions[0].read_bytes()
    id_ = await upload(database, content)
    calls = 0
    keep = files._keep

    class Died(BaseException):
        """Nothing may catch it, as nothing catches a kill."""

    async def keep_then_die(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Died
        await keep(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(files, "_keep", keep_then_die)
        with pytest.raises(Died):
            await files.process_next(database, Limits())
    assert await files.process_next(database, Limits())
    done = await receipt(database, id_)
    assert done["accepted"] == done["activities"] > 3
    facts = (await said(database))[PORTFOLIO.topic]
    assert len(facts) == done["events"]
    assert len({json.dumps([f["key"], f["data"].get("indicator_id"), f["sequence"]]) for f in facts}) == len(facts)


@pytest.mark.parametrize("content", [b"", b"not XML at all", b"<x/>", b"\x1f\x8bnot gzip"])
async def test_what_is_no_activity_file_gets_a_receipt(database: Database, content: bytes) -> None:
    result = await submit(database, content)
    assert result["outcome"] == "quarantined"
    assert result["activities"] == 0
    assert sum(result["rules"].values()) >= 1
