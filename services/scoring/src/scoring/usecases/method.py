"""The versions of the method: kept as they are published, made from what was kept, in force one after the other.

Nothing changes when one is published. What is due is rebuilt in the shadow and switched to at once (ADR 0078).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any, Final

import orjson
from pydantic import ValidationError

from contracts.context import CodelistPublished, MethodReleased
from contracts.envelope import rfc3339
from contracts.method import FIRST as FIRST_RELEASE
from contracts.method import LISTS, OWN, PARAMETERS
from runtime.db import Tx
from runtime.delivery import Record
from scoring.codec import CODELIST, RELEASE, instant, parameters_of
from scoring.domain.causes import CLASSIFICATION_CHANGE, METHOD_CHANGE
from scoring.domain.method import FIRST_METHOD, Method, named, parts_of
from scoring.domain.places import Regions
from scoring.store import method as store
from scoring.usecases.heard import version_in

KIND: Final = "method"
"""What a release is kept under; a list is kept under its own name."""


async def keep(tx: Tx, record: Record) -> None:
    """Keep a release, or a version of a list that figures are read by; lists of others pass by."""
    version = version_in(tx, record)
    if version is None:
        return
    body = record.envelope.data
    try:
        if record.envelope.type == RELEASE:
            release = MethodReleased.model_validate_json(body)
            parameters_of(release.parameters)
            kind, name, effective = KIND, release.version, release.effective_from
        else:
            codes = CodelistPublished.model_validate_json(body)
            kind, name, effective = codes.list_id, codes.version, codes.effective_from
            if kind not in LISTS:
                return
            if wrong := LISTS[kind](codes.codes):
                raise ValueError("; ".join(found.message for found in wrong))
    except ValueError as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        tx.reject(record, "PAYLOAD", f"Not a {record.envelope.type} scoring can read: {why}")
        return
    # What the software carries itself is in force already; published again, later, it leads back to it.
    applied = version.recorded if name == _own(kind) and not await store.in_force(tx.conn) else None
    await store.keep_part(tx.conn, store.Part(kind, name, effective.toordinal(), version, body, applied))


def _own(kind: str) -> str:
    return FIRST_RELEASE if kind == KIND else OWN[kind]


async def in_force(tx: Tx, known: int = 2**62) -> Method:
    """The method figures stand under, or stood under at an instant (µs since 1970)."""
    found = await store.in_force(tx.conn, known)
    if found is None:
        return FIRST_METHOD
    method = await made(tx, found.version)
    if method is None:
        raise LookupError(f"{found.version} is in force, and what it is made of is not kept")
    return method


async def made(tx: Tx, version: str) -> Method | None:
    """A version made from what was kept; None where a part of it never was published."""
    release, lists = parts_of(version)
    bodies: dict[str, bytes] = {}
    for kind, name in ((KIND, release), *lists.items()):
        if kind == KIND and name == FIRST_RELEASE:
            continue
        found = await store.part(tx.conn, kind, name) if kind == KIND or kind in LISTS else None
        if found is None:
            return None
        bodies[kind] = found.body
    return _method(release, tuple(sorted(lists.items())), tuple(sorted(bodies.items())))


@lru_cache(maxsize=8)
def _method(release: str, lists: tuple[tuple[str, str], ...], bodies: tuple[tuple[str, bytes], ...]) -> Method:
    said = {kind: orjson.loads(body) for kind, body in bodies}
    return Method(
        release,
        parameters_of(said[KIND].get("parameters", {})) if KIND in said else FIRST_METHOD.parameters,
        Regions(said["regions"]["codes"]) if "regions" in said else FIRST_METHOD.regions,
        said["crosswalk"]["codes"] if "crosswalk" in said else None,
        dict(lists),
    )


def after(standing: Method, kind: str, name: str) -> str:
    """The name of the version that a part makes of the one in force."""
    if kind == KIND:
        return named(name, standing.lists)
    lists = {**standing.lists, kind: name}
    if name == OWN[kind]:
        del lists[kind]
    return named(standing.release, lists)


async def coming(tx: Tx, day: date) -> tuple[store.Part, str] | None:
    """What is due by a day and not yet in force, with the version it makes."""
    part = await store.due(tx.conn, day.toordinal())
    return None if part is None else (part, after(await in_force(tx), part.kind, part.version))


def cause_of(kind: str) -> tuple[str, str]:
    """The type of event a part is published by, and why figures are revised by it."""
    return (RELEASE, METHOD_CHANGE) if kind == KIND else (CODELIST, CLASSIFICATION_CHANGE)


async def shown(tx: Tx) -> dict[str, Any]:
    """The method in force, what is to come, what was, and every parameter beside 1.0.0's."""
    standing, kept = await in_force(tx), await store.parts(tx.conn)
    current = await store.in_force(tx.conn)
    said: dict[str, Any] = next(
        (orjson.loads(p.body) for p in kept if (p.kind, p.version) == (KIND, standing.release)), {}
    )
    given = said.get("parameters", {})
    return {
        "method_version": standing.version,
        "release": standing.release,
        "codelist_version": standing.codelists,
        "since": rfc3339(instant(current.since)) if current is not None else None,
        "parameters": [
            {
                "name": name,
                "says": p.says,
                "value": given.get(name, p.first),
                "first": p.first,
                "differs": given.get(name, p.first) != p.first,
            }
            for name, p in PARAMETERS.items()
        ],
        "coming": [_told(part) for part in kept if part.applied is None],
        "published": [_told(part) for part in kept if part.applied is not None],
        "history": [
            {"method_version": one.version, "since": rfc3339(instant(one.since)), "cause": one.cause}
            for one in await store.switched(tx.conn)
        ],
    }


def _told(part: store.Part) -> dict[str, Any]:
    said = orjson.loads(part.body)
    return {
        "kind": part.kind,
        "version": part.version,
        "effective_from": date.fromordinal(part.effective).isoformat(),
        "published_at": rfc3339(instant(part.recorded.recorded)),
        "in_force_since": rfc3339(instant(part.applied)) if part.applied is not None else None,
        "parameters": said.get("parameters", {}),
        "codes": len(said["codes"]) if "codes" in said else None,
        "summary": said.get("summary", {}),
    }
