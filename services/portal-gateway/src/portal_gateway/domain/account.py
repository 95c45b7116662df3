"""What a person may read and why, and what was done in their name, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal_gateway.domain.speech.language import N_, NP_, _, said

ROLE_NAMES: Final[dict[str, str]] = {
    "entity": N_("Entity of the Compact"),
    "member-state": N_("Member State"),
    "secretariat": N_("Secretariat of the Compact"),
    "donor": N_("Donor"),
    "operator": N_("Operator"),
}
"""Roles as people call them."""

REASONS: Final[dict[str, tuple[str, str]]] = {
    "public": (NP_("class of data", "Open"), N_("Whoever is signed in reads it.")),
    "member-states": (
        N_("Member States and the Compact"),
        N_("Member States, entities of the Compact and the secretariat read it."),
    ),
    "compact": (N_("Compact"), N_("Entities of the Compact and the secretariat read it.")),
    "state": (N_("One State"), N_("That State, the secretariat and the organisation that owns it read it.")),
    "support": (
        N_("Receipts"),
        N_("Whoever sent the submission reads them, and the secretariat and operators, who help to mend it."),
    ),
    "owner": (N_("Owner"), N_("Only the organisation that owns it reads it.")),
    "operators": (N_("Operations"), N_("Operators read quarantined records and the whole audit log.")),
}
"""Classes of records: their names, and who reads them."""

ACTIONS: Final[dict[str, str]] = {
    "read": N_("Read"),
    "sign-in": N_("Signed in"),
    "POST /logout": N_("Signed out"),
    "POST /logout/everywhere": N_("Signed out everywhere"),
    "POST /account/sessions/{sid}/end": N_("Ended a session"),
    "DELETE /api/v1/account/sessions/{sid}": N_("Ended a session"),
    "DELETE /api/v1/account/sessions": N_("Signed out everywhere"),
    "POST /v1/events": N_("Sent events"),
    "POST /v1/files": N_("Sent a file"),
    "POST /v1/entities": N_("Registered an entity"),
    **dict.fromkeys(
        ("POST /v1/subscriptions", "POST /api/v1/subscriptions", "POST /inbox/subscriptions"), N_("Subscribed")
    ),
    **dict.fromkeys(
        ("PATCH /v1/subscriptions/{subscription}", "POST /inbox/subscriptions/{subscription_id}"),
        N_("Changed a subscription"),
    ),
    **dict.fromkeys(
        (
            "DELETE /v1/subscriptions/{subscription}",
            "DELETE /api/v1/subscriptions/{subscription_id}",
            "POST /inbox/subscriptions/{subscription_id}/delete",
        ),
        N_("Unsubscribed"),
    ),
    **dict.fromkeys(("PUT /v1/hours", "POST /inbox/hours"), N_("Set the hours of quiet")),
    **dict.fromkeys(
        ("POST /v1/inbox/filed", "POST /api/v1/inbox/filed", "POST /inbox/file"), N_("Filed messages of the inbox")
    ),
    "POST /v1/inbox/read-all": N_("Marked all messages as read"),
    **dict.fromkeys(
        ("POST /v1/inbox/{message}/read", "POST /api/v1/inbox/{notification_id}/read"), N_("Marked a message as read")
    ),
    **dict.fromkeys(("POST /api/v1/views", "POST /projects/views"), N_("Kept a search")),
    **dict.fromkeys(("PATCH /api/v1/views/{view_id}", "POST /projects/views/{view_id}"), N_("Changed a kept search")),
    "DELETE /api/v1/views/{view_id}": N_("Removed a kept search"),
    "POST /entities/{ref}/dialect": N_("Adopted or withdrew a reading"),
    "POST /projects/{project_id:path}/beside": N_("Decided about two projects"),
    "POST /keys": N_("Switched the keys on or off"),
    "POST /v1/dlq/{record}/replay": N_("Replayed a quarantined record"),
    "POST /operations/quarantine/{service}/{record}/replay": N_("Asked to replay a quarantined record"),
    "POST /v1/snapshots/{snapshot}": N_("Began a snapshot"),
    "POST /v1/rebuild": N_("Began a rebuild"),
}


@dataclass(frozen=True, slots=True)
class Right:
    """Whether records of a class are read, and why."""

    name: str
    reads: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A row of the audit log as a person reads it."""

    service: str
    seq: int
    at: Any
    actor: str
    role: str
    action: str
    known: bool
    """Whether ``action`` is in words; else it is the method and the address."""
    object: str
    more: list[str]
    """Further records of the same reading."""
    classes: str
    status: int | None
    trace: str

    @property
    def refused(self) -> bool:
        """Whether it was refused or failed."""
        return self.status is not None and self.status >= 400


def rights(may: Mapping[str, bool]) -> list[Right]:
    """Every class, in the order of :data:`REASONS`, with whether this person reads it."""
    return [Right(said(name), may[code], said(why)) for code, (name, why) in REASONS.items() if code in may]


def deed(service: str, row: Mapping[str, Any], detail: Mapping[str, Any]) -> Deed:
    """A row in words; ``detail`` is its parsed detail."""
    text = ACTIONS.get(row["action"])
    records = [str(name) for name, _class in detail.get("records", [])]
    return Deed(
        service=service,
        seq=int(row["seq"]),
        at=row["at"],
        actor=row["actor"],
        role=row["role"],
        action=said(text) if text else row["action"],
        known=text is not None,
        object=_("%(n)s records", n=len(records)) if records else row["object"],
        more=records,
        classes=row["class"],
        status=detail.get("status"),
        trace=row["trace"],
    )
