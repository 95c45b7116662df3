"""The versions of a project as pages and programs are told them: masked, named, compared with the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal_gateway.domain.project import history, parts
from portal_gateway.domain.speech.language import language
from portal_gateway.store import history as store
from portal_gateway.store import receipts
from portal_gateway.web.render import areas


@dataclass(frozen=True, slots=True)
class Telling:
    """What is needed to tell a version: names, which values are withheld, which receipts may be read."""

    entity: str
    names: history.Names
    withheld: frozenset[str]
    readable: frozenset[str]


async def telling(conn: Any, project: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Telling:
    """Read what these versions are told with."""
    project_id = project["project_id"]
    indicators, actuals = await store.withheld(conn, project_id)
    kept = {parts.indicator(name) for name in indicators} | {
        parts.observation(name, start, end, place, ordinal) for name, start, end, place, ordinal in actuals
    }
    submissions = {str((row["data"].get("origin") or {}).get("submission_id", "")) for row in rows}
    return Telling(
        entity=project.get("entity_name") or project["entity"],
        names=history.Names(areas(), await store.titles(conn, project_id), language()),
        withheld=frozenset(kept),
        readable=await receipts.readable(conn, sorted(submissions)),
    )


def told(row: Mapping[str, Any], by: Telling) -> dict[str, Any]:
    """One version: what it is of, what changed, why, and where it came from."""
    part = row["part"]
    data = history.masked(part, row["data"], by.withheld)
    before = history.masked(part, row["before"], by.withheld) if row["before"] else None
    title, lang = history.title(part, data, by.names)
    origin = data.get("origin") or {}
    submission = origin.get("submission_id") or ""
    return {
        "number": row["number"],
        "version": row["version"],
        "part": part,
        "kind": row["kind"],
        "at": row["at"],
        "entity": by.entity,
        "what": title,
        "lang": lang,
        "cause": history.cause(part, row["event_type"], row["at"], data, before),
        "changes": [
            {"what": c.what, "before": c.before, "after": c.after}
            for c in history.changes(part, data, before, by.names)
        ],
        "reason": data.get("reason"),
        "event_type": row["event_type"],
        "event_id": row["event_id"],
        "submission_id": submission or None,
        "receipt": submission in by.readable,
        "file": origin.get("file"),
        "line": origin.get("line"),
        "replaces": row["before_version"],
    }


def fields(row: Mapping[str, Any], by: Telling) -> dict[str, str]:
    """Everything a version says, in words."""
    return history.fields(row["part"], history.masked(row["part"], row["data"], by.withheld), by.names)
