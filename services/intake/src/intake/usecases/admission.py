"""What is asked of a judged activity before it is kept: whose it is, and whether it can be kept at all."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson

from contracts.envelope import parse_rfc3339
from intake.domain.acceptance import Fault, fault, naming
from intake.reader import JudgedActivity
from intake.store.entities import Entity

FACT_BYTES: Final = 1_500_000
"""Bytes of one fact at most: what every topic takes (1 MiB of an event, with room for what intake adds)."""


def identity(activity: JudgedActivity, entity: Entity, seen: set[str]) -> list[Fault]:
    """Whether the sender speaks of its own, and of each project once; ``seen`` are the file's projects so far."""
    found = []
    place = {"line": activity.line}
    if activity.reporting_org and activity.reporting_org not in entity.names:
        found.append(
            fault(
                "IDENTITY",
                f"reporting-org is {activity.reporting_org}, but {entity.ref} sent the file",
                f"Submit it as {activity.reporting_org}, or have that reference registered as one of yours",
                "reporting-org/@ref",
            )
            | place
        )
    if activity.project_id and activity.project_id in seen:
        found.append(
            fault(
                "IDENTIFIER_TWICE",
                f"{activity.project_id} stands in this file more than once; the first one counts",
                "Keep one activity an identifier",
                "iati-identifier",
            )
            | place
        )
    seen.add(activity.project_id or "")
    return found


def keepable(activity: JudgedActivity) -> list[Fault]:
    """Whether every fact can be stored and sent: names short enough, none too large for a message."""
    found: list[Fault] = []
    for f in activity.facts:
        data = {k: v for k, v in f.data.items() if k != "origin"}
        found += [told | {"line": f.line} for told in naming(data, f.key)]
        if len(activity.xml or b"") in range(1, FACT_BYTES // 4):
            continue  # a fact is never four times as long as the activity it is read from
        size = len(orjson.dumps(data))
        if size > FACT_BYTES:
            found.append(
                fault("TOO_LARGE", f"One fact of it has {size} bytes", f"Shorten its texts to {FACT_BYTES} together")
                | {"line": f.line}
            )
    return found


def edition(activity: JudgedActivity) -> datetime | None:
    """When the activity was last changed, as the file says."""
    for f in activity.facts:
        if f.type == "project.submitted.v1" and f.data.get("edition"):
            try:
                return parse_rfc3339(f.data["edition"])
            except ValueError:
                return None
    return None
