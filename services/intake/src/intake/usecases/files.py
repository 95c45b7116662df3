"""IATI activity files: each activity judged on its own, kept in small transactions, resumed after a crash."""

from __future__ import annotations

import logging
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from contracts.envelope import Envelope
from intake.domain.acceptance import Fault, fault, ownership
from intake.reader import FileSummary, JudgedActivity, Limits, read_file
from intake.store import entities, findings, projects, sources, submissions, uploads
from intake.store.submissions import Submission
from intake.usecases import admission, receipts, tables
from intake.usecases.ledger import Ledger
from intake.usecases.progress import Progress
from runtime.access import SYSTEM
from runtime.db import TRANSIENT, Database, Tx

log = logging.getLogger(__name__)

CHUNK: Final = 40  # activities a transaction: short locks, and little to repeat after a crash


async def process_next(database: Database, limits: Limits) -> bool:
    """Process the oldest waiting file to its end; False where none waits.

    A session lock names its worker: another one takes over the moment this one is gone.
    """
    async with database.session() as session:
        row = await submissions.take_waiting(session)
        if row is None:
            return False
        try:
            await _process(database, row, limits)
        except TRANSIENT:
            raise
        except Exception as error:  # a file that cannot be kept must not end intake, again and again
            log.error("file %s: %r", row["id"], error, exc_info=error)
            await _give_up(database, row["id"], error)
        finally:
            await submissions.let_go(session, row["id"])
    return True


async def _give_up(database: Database, submission_id: str, error: Exception) -> None:
    """Close a file whose next activities cannot be kept; those before them stand."""
    async with database.transaction(SYSTEM) as tx:
        row = await submissions.one(tx.conn, submission_id)
        progress = await _progress(tx, row)
        last = progress.submission.activities
        told = fault(
            "NOT_KEPT",
            f"What follows the first {last} activities could not be kept: {error}",
            "Send the activities behind it in a file of their own, and tell operations of this receipt",
        )
        await _finish(tx, progress, [told])


async def _process(database: Database, row: Any, limits: Limits) -> None:
    async with database.transaction(SYSTEM) as tx:
        progress = await _progress(tx, row)
        submission = progress.submission
        submission.state = "processing"
        await submissions.update(tx.conn, submission)
    path = await _spool(database, submission.id)
    done = submission.activities
    try:
        if (submission.file or "").lower().endswith(tables.SUFFIX):
            faults = await tables.keep(database, progress, path)
            async with database.transaction(SYSTEM) as tx:
                await _finish(tx, progress, faults)
            return
        chunk: list[JudgedActivity] = []
        async for piece in read_file(path, declared_name=submission.file or "", limits=limits):
            if isinstance(piece, FileSummary):
                async with database.transaction(SYSTEM) as tx:
                    await _keep(tx, progress, chunk)
                    await _finish(tx, progress, [f.as_dict() for f in piece.findings])
                return
            if piece.index < done:
                progress.seen.add(piece.project_id or "")
                continue  # kept before the crash
            chunk.append(piece)
            if len(chunk) >= CHUNK:
                async with database.transaction(SYSTEM) as tx:
                    await _keep(tx, progress, chunk)
                chunk = []
    finally:
        path.unlink(missing_ok=True)


async def _progress(tx: Tx, row: Any) -> Progress:
    """What a file has come to, as its row says."""
    submission = _from_row(row)
    known = orjson.loads(row["readable"])
    sender = entities.sender(submission.entity, await entities.every(tx.conn))
    assert sender is not None, submission.entity  # who sent it was looked up before it was taken
    return Progress(
        submission,
        sender,
        await findings.count(tx.conn, submission.id),
        Counter({k: known.get(k, 0) for k in ("indicators", "scorable")}),
        Counter(known.get("reasons", {})),
        dict(known.get("remedies", {})),
    )


async def _spool(database: Database, submission_id: str) -> Path:
    """The upload as a file of its own: the reader is another process."""
    handle, name = tempfile.mkstemp(prefix="plumbline-")
    with os.fdopen(handle, "wb") as spool:
        part = 0
        while True:
            async with database.transaction(SYSTEM) as tx:
                content = await uploads.part(tx.conn, submission_id, part)
            if content is None:
                break
            spool.write(content)
            part += 1
    return Path(name)


async def _keep(tx: Tx, progress: Progress, chunk: Sequence[JudgedActivity]) -> None:
    """Decide about some activities and keep what they say, in one transaction."""
    submission = progress.submission
    cause = progress.cause()
    faults: list[Fault] = []
    good: list[JudgedActivity] = []
    for activity in chunk:
        own = [f.as_dict() for f in activity.findings]
        own += admission.identity(activity, progress.entity, progress.seen)
        own += admission.keepable(activity)
        for f in own:
            f.setdefault("project_id", activity.project_id)
        faults += own
        if activity.project_id is None or any(f["severity"] == "error" for f in own):
            submission.quarantined += 1
        else:
            good.append(activity)
        progress.readability["indicators"] += activity.readability["indicators"]
        progress.readability["scorable"] += activity.readability["scorable"]
        progress.reasons.update(activity.readability["reasons"])
        progress.remedies |= activity.readability["remedies"]
    ledger = await Ledger.open(tx, progress.entity, (a.project_id for a in good if a.project_id), from_file=True)
    mine = []
    for activity in good:
        refused = ownership(
            progress.entity.ref, progress.entity.names, str(activity.project_id),
            ledger.owner(str(activity.project_id)), "project.submitted.v1",
        )  # fmt: skip
        if refused:
            submission.quarantined += 1
            faults += [f | {"project_id": activity.project_id, "line": activity.line} for f in refused]
        else:
            mine.append(activity)
    new = {str(a.project_id) for a in mine} - ledger.projects.keys()
    await ledger.claim(new)
    await ledger.load_all(str(a.project_id) for a in mine)
    originals: list[tuple[str, str, int, bytes]] = []
    readable: list[tuple[str, str]] = []
    for activity in mine:
        faults += _apply(activity, ledger, progress, cause, new, originals, readable)
    submission.activities += len(chunk)
    submission.events += ledger.events
    if not submission.dry_run:
        await ledger.save()
        await projects.save_readability(tx.conn, readable)
        await sources.add(tx.conn, submission.id, progress.entity.ref, originals)
    else:
        tx.emitted.clear()
        await projects.forget_claims(tx.conn, sorted(new))
    if faults:
        await findings.add(tx.conn, submission.id, progress.findings + 1, faults)
        progress.findings += len(faults)
    await submissions.update(tx.conn, submission, progress.as_readability())


def _apply(
    activity: JudgedActivity,
    ledger: Ledger,
    progress: Progress,
    cause: Envelope,
    new: set[str],
    originals: list[tuple[str, str, int, bytes]],
    readable: list[tuple[str, str]],
) -> list[Fault]:
    submission = progress.submission
    project_id = str(activity.project_id)
    row = ledger.projects[project_id]
    edition = admission.edition(activity)
    if row.edition is not None and edition is not None and edition < row.edition:
        submission.unchanged += 1
        return [
            fault(
                "OLDER_EDITION",
                f"last-updated-datetime is before the edition of {row.edition:%Y-%m-%d %H:%M} already known",
                "Nothing to do, unless the older one is right: then raise last-updated-datetime",
                "@last-updated-datetime",
                severity="warning",
            )
            | {"project_id": project_id, "line": activity.line}
        ]
    before = ledger.events
    present: set[str] = set()
    for f in activity.facts:
        origin = {
            "submission_id": submission.id,
            "file": submission.file,
            "sha256": submission.sha256,
            "line": f.line,
            "path": f.path,
        }
        origin = {k: v for k, v in origin.items() if v is not None}
        data = {k: v for k, v in f.data.items() if k != "origin"}
        present.add(f.key)
        ledger.apply(f.type, data, origin, cause, None)
    ledger.retract_missing(project_id, present, {"submission_id": submission.id, "file": submission.file}, cause)
    if edition is not None:
        row.edition = edition
    if ledger.events == before:
        submission.unchanged += 1
        return []
    if project_id in new:
        submission.accepted += 1
    else:
        submission.amended += 1
    originals.append((project_id, row.classification, activity.line, zlib.compress(activity.xml, 6)))
    readable.append((project_id, orjson.dumps(activity.readability).decode()))
    return []


async def _finish(tx: Tx, progress: Progress, faults: list[Fault]) -> None:
    """Close the submission with its receipt."""
    submission = progress.submission
    earlier = await submissions.earlier_copy(tx.conn, submission.entity, submission.sha256 or "", submission.id)
    if earlier is not None and not submission.accepted and not submission.amended:
        faults = [
            *faults,
            fault("SAME_FILE", f"The same bytes were processed as {earlier}", "Nothing to do", severity="notice"),
        ]
    if faults:
        await findings.add(tx.conn, submission.id, progress.findings + 1, faults)
        progress.findings += len(faults)
    broken = any(f["severity"] == "error" for f in faults)
    taken = submission.accepted + submission.amended + submission.unchanged
    if taken == 0:
        submission.outcome = "quarantined" if submission.quarantined or broken else "unchanged"
    elif submission.quarantined or broken:
        submission.outcome = "partly-quarantined"
    else:
        submission.outcome = "unchanged" if taken == submission.unchanged else "accepted"
    submission.state = "done"
    submission.processed_at = tx.clock()
    await submissions.update(tx.conn, submission, progress.as_readability())
    await uploads.forget(tx.conn, submission.id)
    shown = await findings.shown(tx.conn, submission.id, receipts.SHOWN)
    receipts.say(
        tx,
        submission,
        [{k: v for k, v in dict(r).items() if k != "n" and v is not None} for r in shown],
        now=submission.processed_at,
        cause=progress.cause(),
        rules=await findings.by_rule(tx.conn, submission.id),
        readability=progress.as_readability(),
    )


def _from_row(row: Any) -> Submission:
    names = Submission.__dataclass_fields__
    return Submission(**{k: v for k, v in dict(row).items() if k in names})
