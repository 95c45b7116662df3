"""What a submitted fact means, given what is already known of its project: pure decisions.

A business key names the fact, not the message: a re-issued fact with a new id meets its earlier self
(methodology §3, idempotency). Content decides whether anything changed; arrival order decides who wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

Outcome = Literal["accepted", "amended", "unchanged"]

_NOT_CONTENT: Final = frozenset({"origin", "reason", "revision", "changed_fields", "edition", "published_on"})


@dataclass(frozen=True, slots=True)
class Known:
    """The current version of a fact: digest of its content, whether it was taken back, and its body if kept."""

    digest: bytes
    tombstone: bool
    body: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to publish for a proposed fact, or that nothing changed."""

    outcome: Outcome
    key: str
    type: str
    data: dict[str, Any]
    digest: bytes
    tombstone: bool


def business_key(type_: str, data: Mapping[str, Any]) -> str:
    """The key under which later versions of this fact replace earlier ones, within its project."""
    kind = type_.split(".")[0]
    if kind == "observation":
        place = data.get("place") or {}
        parts = [
            data["indicator_id"],
            data["period"]["start"],
            data["period"]["end"],
            data.get("ordinal", 1),
            place.get("location"),
            place.get("dimensions") or {},
        ]
        return "observation:" + orjson.dumps(parts, option=orjson.OPT_SORT_KEYS).decode()
    if kind == "indicator":
        return indicator_key(data["indicator_id"])
    if kind == "transaction":
        return f"transaction:{data['transaction_id']}"
    if kind == "budget":
        budget = data["budget"]
        return f"budget:{budget['period_start']}|{budget['period_end']}|{budget.get('type', '1')}"
    if type_ == "project.status-changed.v1":
        return "status"
    parts_of = _JUDGEMENTS.get(type_)
    if parts_of is not None:
        return named(parts_of[0], *(data.get(name) for name in parts_of[1:]))
    if type_ == "effort.reported.v1":
        return named("effort", data["period"]["start"], data["period"]["end"], data.get("pillar"))
    return "project"


_JUDGEMENTS: Final = {
    "evaluation.published.v1": ("evaluation", "evaluation_id"),
    "evaluation.quality-rated.v1": ("quality", "evaluation_id"),
    "recommendation.status-changed.v1": ("recommendation", "evaluation_id", "recommendation_id"),
    "marker.assigned.v1": ("marker", "scheme", "stage"),
    "risk.assessed.v1": ("risk", "risk_id"),
    "risk.closed.v1": ("risk", "risk_id"),
    "hrddp.decided.v1": ("hrddp", "hrddp_id"),
    "evidence.verified.v1": ("evidence", "evidence_id", "verifier"),
}
"""What names a judgement within its project: a word, and the fields whose values follow it (methodology §3)."""

_SHARED: Final = {
    "shared-result.claims-changed.v1": ("shared_result_ref", "shared-result", "shared_result_ref"),
    "need.registered.v1": ("country", "need", "need_id"),
    "need.updated.v1": ("country", "need", "need_id"),
    "need.support-linked.v1": ("country", "need-link", "need_id", "project_id"),
    "resolution.provision-defined.v1": ("resolution", "provision", "resolution", "provision_id"),
    "resolution.implementation-assessed.v1": (
        "country", "implementation", "resolution", "provision_id", "country", "assessor", "assessed_on",
    ),
    "national.resources-allocated.v1": ("country", "national-resources", "country", "year", "pillar"),
    "obligation.scheduled.v1": ("entity", "obligation", "obligation_id"),
    "report.received.v1": ("entity", "report", "obligation_id"),
    # A pair has one decision, whose newest version counts.
    "duplicate.decided.v1": ("pair_id", "duplicate", "pair_id"),
    "codelist.published.v1": ("list_id", "codelist", "list_id", "version"),
    "fx.rates-published.v1": ("table_id", "fx", "table_id", "version"),
    "method.released.v1": ("", "method", "version"),
    # One publisher has one dialect, whose newest version counts: what is withdrawn is that one, whatever its version.
    "dialect.proposed.v1": ("entity", "dialect-proposal", "entity"),
    "dialect.adopted.v1": ("entity", "dialect", "entity"),
    "dialect.withdrawn.v1": ("entity", "dialect", "entity"),
}  # fmt: skip
"""Of what no single project owns: the field that orders it, a word, and the fields that name it (methodology §3)."""

IMMUTABLE: Final = frozenset({"codelist.published.v1", "fx.rates-published.v1", "method.released.v1"})
"""What is published under a version and never changes under it: figures name the version they were made with."""


def shared_key(type_: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """The ordering key and the business key of a fact that no single project owns."""
    order, word, *names = _SHARED[type_]
    return (data[order] if order else "method"), named(word, *(data.get(name) for name in names))


def named(word: str, *parts: Any) -> str:
    """A business key of several parts, none of which can be taken for another."""
    return f"{word}:{parts[0]}" if len(parts) == 1 else f"{word}:{orjson.dumps(parts).decode()}"


def indicator_key(indicator_id: str) -> str:
    """The business key of an indicator's definition."""
    return f"indicator:{indicator_id}"


def digest_of(data: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical content, without what says where it came from."""
    content = {k: v for k, v in data.items() if k not in _NOT_CONTENT}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


_TOMBSTONES: Final = {
    "project.withdrawn.v1",
    "indicator.withdrawn.v1",
    "observation.retracted.v1",
    "transaction.reversed.v1",
    "risk.closed.v1",
    "dialect.withdrawn.v1",
}


def decide(known: Known | None, key: str, type_: str, data: dict[str, Any]) -> Decision:
    """Whether the fact with this business key is new, changes what is known, or says nothing new; and its type then."""
    tombstone = type_ in _TOMBSTONES or bool(data.get("withdrawn"))
    digest = b"" if tombstone else digest_of(data)
    alive = known is not None and not known.tombstone
    if tombstone:
        final, body = _type_for(type_, data, known if alive else None)
        return Decision("amended" if alive else "unchanged", key, final, body, digest, True)
    if alive and known is not None and known.digest == digest:
        return Decision("unchanged", key, type_, data, digest, False)
    final, body = _type_for(type_, data, known if alive else None)
    return Decision("amended" if alive else "accepted", key, final, body, digest, False)


def _type_for(type_: str, data: dict[str, Any], known: Known | None) -> tuple[str, dict[str, Any]]:
    if type_ in {"project.submitted.v1", "project.amended.v1"}:
        if known is None:
            return "project.submitted.v1", {k: v for k, v in data.items() if k != "changed_fields"}
        old = known.body or {}
        changed = sorted(k for k in data.keys() | old.keys() if k not in _NOT_CONTENT and data.get(k) != old.get(k))
        return "project.amended.v1", {**data, "changed_fields": changed}
    if type_ in {"indicator.defined.v1", "indicator.target-revised.v1"}:
        old_targets = (known.body or {}).get("targets", []) if known is not None else None
        revised = old_targets is not None and old_targets != data.get("targets", [])
        return ("indicator.target-revised.v1" if revised else "indicator.defined.v1"), data
    if type_ in {"observation.recorded.v1", "observation.corrected.v1"}:
        return ("observation.recorded.v1" if known is None else "observation.corrected.v1"), data
    if type_ in {"need.registered.v1", "need.updated.v1"}:
        return ("need.registered.v1" if known is None else "need.updated.v1"), data
    return type_, data


def retraction(key: str, project_id: str) -> tuple[str, dict[str, Any]] | None:
    """The event that takes back the fact with this key: a later edition of a file no longer has it.

    None for facts that a file's silence does not take back: the project itself.
    """
    kind, _, rest = key.partition(":")
    if kind == "indicator":
        return "indicator.withdrawn.v1", {"project_id": project_id, "indicator_id": rest, "reason": _GONE}
    if kind == "transaction":
        return "transaction.reversed.v1", {"project_id": project_id, "transaction_id": rest, "reason": _GONE}
    if kind == "observation":
        indicator, start, end, ordinal, location, dimensions = orjson.loads(rest)
        place = {"dimensions": dimensions, **({"location": location} if location else {})}
        return "observation.retracted.v1", {
            "project_id": project_id,
            "indicator_id": indicator,
            "period": {"start": start, "end": end},
            "place": place,
            "ordinal": ordinal,
            "reason": _GONE,
        }
    return None


_GONE: Final = "A later edition of the file no longer has it"
