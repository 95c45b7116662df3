"""Writing accepted facts: the version clock of each project, the current facts, and the events that say so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson

from contracts.envelope import PREFIX, Envelope, parse_rfc3339
from contracts.streams import PORTFOLIO
from intake.domain.ledger import Decision, Known, business_key, decide, indicator_key, retraction
from intake.store import facts, projects
from intake.store.entities import Entity
from intake.store.facts import FactRow
from intake.store.projects import ProjectRow
from runtime.db import Tx, new_id

_KEPT_BODIES = ("project", "indicator")  # needed again: what changed, and what an observation may say


class Ledger:
    """The projects one transaction touches, locked, and what changes about them."""

    def __init__(self, tx: Tx, entity: Entity, projects: dict[str, ProjectRow], *, from_file: bool) -> None:
        self._tx = tx
        self._entity = entity
        self._from_file = from_file
        self._now = tx.clock()
        self.projects = projects
        self.known: dict[tuple[str, str], Known] = {}
        self._measures: dict[tuple[str, str], str] = {}
        self._rows: list[FactRow] = []
        self._touched: dict[str, ProjectRow] = {}

    @classmethod
    async def open(cls, tx: Tx, entity: Entity, project_ids: Iterable[str], *, from_file: bool) -> Ledger:
        """Lock the known ones of these projects."""
        return cls(tx, entity, await projects.lock(tx.conn, list(set(project_ids))), from_file=from_file)

    def owner(self, project_id: str) -> str | None:
        """Whose project this is, None where nobody has submitted it."""
        row = self.projects.get(project_id)
        return row.entity if row else None

    async def claim(self, project_ids: Iterable[str]) -> None:
        """Take ownership of unknown projects; where another transaction was quicker, the owner is theirs."""
        new = [p for p in set(project_ids) if p not in self.projects]
        if new:
            await projects.claim(self._tx.conn, new, self._entity.ref)
            self.projects |= await projects.lock(self._tx.conn, new)

    async def load(self, keys: Iterable[tuple[str, str]]) -> None:
        """Load the current versions of these facts, by (project, key)."""
        wanted = [k for k in set(keys) if k not in self.known]
        if wanted:
            self.known |= await facts.known(self._tx.conn, wanted)

    async def load_measures(self, keys: Iterable[tuple[str, str]]) -> None:
        """Load what kind of figure these indicators take: an observation needs no more of its definition."""
        wanted = [k for k in set(keys) if k not in self.known]
        if wanted:
            self._measures |= await facts.measures(self._tx.conn, wanted)

    def measure(self, project_id: str, indicator_id: str) -> str | None:
        """The IATI measure of the indicator as it now stands; None where nobody has defined it."""
        key = (project_id, indicator_key(indicator_id))
        found = self.known.get(key)  # defined or withdrawn a moment ago
        if found is None:
            return self._measures.get(key)
        return found.body["measure"] if found.body and not found.tombstone else None

    def apply(
        self, type_: str, data: dict[str, Any], origin: dict[str, Any], cause: Envelope | None, time: datetime | None
    ) -> Decision:
        """Decide about one fact; if it says something new, stamp it, keep it and publish it."""
        project = self.projects[data["project_id"]]
        key = business_key(type_, data)
        decision = decide(self.known.get((project.project_id, key)), key, type_, data)
        if decision.outcome != "unchanged":
            self._publish(project, decision, origin, cause, time)
        return decision

    def retract_missing(
        self, project_id: str, present: set[str], origin: dict[str, Any], cause: Envelope | None
    ) -> int:
        """Take back the facts an earlier edition of the file had and this one has not; returns how many."""
        count = 0
        for (project, key), known in list(self.known.items()):
            if project != project_id or known.tombstone or key in present or key not in self._file_facts(project_id):
                continue
            event = retraction(key, project_id)
            if event is not None:
                self.apply(event[0], event[1], origin, cause, None)
                count += 1
        return count

    async def load_all(self, project_ids: Iterable[str]) -> None:
        """Load every fact of these projects, and remember which a file said."""
        self._from_files: dict[str, set[str]] = {}
        for project_id, said in (await facts.known_of(self._tx.conn, list(project_ids))).items():
            for key, (known, from_file) in said.items():
                self.known[(project_id, key)] = known
                if from_file:
                    self._from_files.setdefault(project_id, set()).add(key)

    def _file_facts(self, project_id: str) -> set[str]:
        return self._from_files.get(project_id, set())

    def _publish(
        self,
        project: ProjectRow,
        decision: Decision,
        origin: dict[str, Any],
        cause: Envelope | None,
        time: datetime | None,
    ) -> None:
        now = self._now
        if project.recordedtime is not None and now <= project.recordedtime:
            # Two facts of one batch, or a clock set back: versions still only rise.
            now = project.recordedtime + timedelta(microseconds=1)
        project.recordedtime = now
        project.sequence += 1
        body = {k: v for k, v in decision.data.items() if k != "origin"}
        if decision.key == "project" and not decision.tombstone:
            project.classification = str(body.get("classification", "public"))
            if body.get("edition"):
                project.edition = parse_rfc3339(body["edition"])
        project.withholds |= bool(body.get("withheld"))
        self._touched[project.project_id] = project
        keep = not decision.tombstone and decision.key.split(":")[0] in _KEPT_BODIES
        self._rows.append((
            project.project_id, decision.key, decision.digest, project.sequence,
            orjson.dumps(body).decode() if keep else None,
        ))  # fmt: skip
        self.known[(project.project_id, decision.key)] = Known(
            decision.digest, decision.tombstone, body if keep else None
        )
        self._tx.send(
            PORTFOLIO,
            project.project_id,
            Envelope(
                id=new_id(),
                source=f"/svc/intake/{self._entity.ref}",
                type=PREFIX + decision.type,
                data=orjson.dumps({**body, "origin": origin}),
                subject=f"project/{project.project_id}",
                time=time or now,
                recordedtime=now,
                sequence=f"{project.sequence:010d}",
                partitionkey=project.project_id,
                correlationid=(cause.correlationid or cause.id) if cause else origin["submission_id"],
                causationid=cause.id if cause else origin["submission_id"],
                dataclassification=project.classification,
                traceparent=cause.traceparent if cause else None,
                tracestate=cause.tracestate if cause else None,
            ),
        )

    @property
    def events(self) -> int:
        """How many facts were published so far."""
        return len(self._rows)

    async def save(self) -> None:
        """Write what changed."""
        if self._touched:
            await projects.save(self._tx.conn, list(self._touched.values()))
        if self._rows:
            await facts.save(self._tx.conn, self._rows, from_file=self._from_file)
