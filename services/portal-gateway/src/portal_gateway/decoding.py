"""Events decoded: by their contract, and the kinds that come in thousands by a twin that is ten times faster.

A test holds the twins to their contracts, field by field and default by default.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import ValidationError

from contracts.alerts import AlertRaised
from contracts.base import Payload
from contracts.envelope import PREFIX
from contracts.metrics import MetricUpdated
from contracts.notifications import NotificationCreated, NotificationFiled, NotificationRead
from contracts.portfolio import FACTS as PORTFOLIO_FACTS
from contracts.portfolio import ObservationCorrected, ObservationRecorded, TransactionPosted
from contracts.receipts import SubmissionProcessed

Day = date  # a name of its own, for the twin that has a field called date


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.metrics.Coverage``."""

    observed: int
    expected: int


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.metrics.MetricUpdated``; encoded again it says every field, null where nothing is known."""

    metric: str
    scope: str
    value: int | None
    unit: str = "µ"
    state: Literal["PUBLISHED", "PROVISIONAL", "INSUFFICIENT_DATA", "NOT_APPLICABLE"]
    coverage: Coverage
    lower: int | None = None
    upper: int | None = None
    flags: list[str] = []
    parts: dict[str, Any] = {}
    projects: int = 0
    inferred_ppm: int = 0
    previous: int | None = None
    classification: str = "public"
    owner: str | None = None
    withheld: Literal["small-cell", "complementary"] | None = None
    demonstration: bool = False
    valid_as_of: date
    known_as_of: datetime
    method_version: str
    revision: int
    updated_at: datetime
    cause: dict[str, Any] | None = None


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.portfolio.Period``."""

    start: date
    end: date


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.portfolio.Place``."""

    location: str | None = None
    dimensions: dict[str, str] = {}


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.portfolio.ObservationRecorded``, as far as a page shows it."""

    project_id: str
    indicator_id: str
    period: Period
    place: Place = Place()
    ordinal: int = 1
    revision: int = 1
    value: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    rubric: Literal["NOT", "PARTIAL", "MOSTLY", "FULL"] | None = None
    assessor: str | None = None
    withheld: bool = False
    source_type: str = "SELF"
    evidence: list[str] = []
    comment: str | None = None
    flags: list[str] = []
    origin: dict[str, Any] | None = None


class Correction(Observation, frozen=True, kw_only=True):
    """Twin of ``contracts.portfolio.ObservationCorrected``."""

    reason: str | None = None


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.portfolio.TransactionPosted``."""

    project_id: str
    transaction_id: str
    type: Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"]
    date: Day
    amount: Annotated[str, msgspec.Meta(pattern=r"^[+-]?([0-9]{1,24}(\.[0-9]{0,24})?|\.[0-9]{1,24})$")]
    currency: str
    value_date: Day
    provider: str | None = None
    receiver: str | None = None
    provider_activity_id: str | None = None
    receiver_activity_id: str | None = None
    agreement_ref: str | None = None
    origin: dict[str, Any] | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.receipts.Finding``."""

    rule: str
    severity: Literal["error", "warning", "notice"]
    message: str
    remedy: str
    path: str | None = None
    line: int | None = None
    project_id: str | None = None
    text: str | None = None


class Readability(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.receipts.Readability``."""

    indicators: int = 0
    scorable: int = 0
    reasons: dict[str, int] = {}
    remedies: dict[str, str] = {}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Twin of ``contracts.receipts.SubmissionProcessed``."""

    submission_id: str
    entity: str
    channel: Literal["kafka", "http", "file"]
    outcome: Literal["accepted", "unchanged", "quarantined", "partly-quarantined"]
    received_at: datetime
    processed_at: datetime
    event_id: str | None = None
    project_id: str | None = None
    file: str | None = None
    sha256: str | None = None
    activities: int = 0
    accepted: int = 0
    amended: int = 0
    unchanged: int = 0
    quarantined: int = 0
    events: int = 0
    rules: dict[str, int] = {}
    findings: list[Finding] = []
    readability: Readability = Readability()


Decoded = Payload | Figure | Observation | Posting | Receipt

_FAST: Final[dict[type[Payload], msgspec.json.Decoder[Any]]] = {
    MetricUpdated: msgspec.json.Decoder(Figure),
    ObservationRecorded: msgspec.json.Decoder(Observation),
    ObservationCorrected: msgspec.json.Decoder(Correction),
    TransactionPosted: msgspec.json.Decoder(Posting),
    SubmissionProcessed: msgspec.json.Decoder(Receipt),
}
_encoder: Final = msgspec.json.Encoder()

PORTFOLIO: Final[dict[str, type[Payload]]] = {PREFIX + model.TYPE: model for model in PORTFOLIO_FACTS}
NEWS: Final[dict[str, type[Payload]]] = {
    PREFIX + model.TYPE: model
    for model in (
        MetricUpdated,
        AlertRaised,
        NotificationCreated,
        NotificationRead,
        NotificationFiled,
        SubmissionProcessed,
    )
}
FIGURE: Final = PREFIX + MetricUpdated.TYPE


class Undecodable(ValueError):
    """The payload does not follow its contract; ``problems`` are (place, what is wrong)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{place}: {text}" for place, text in problems))


def decode(model: type[Payload], data: bytes) -> Decoded:
    """Read a payload. Raises Undecodable with every fault that the reader can tell."""
    fast = _FAST.get(model)
    try:
        if fast is None:
            return model.model_validate_json(data)
        found: Decoded = fast.decode(data)
    except ValidationError as error:
        raise Undecodable([("/".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]) from None
    except msgspec.MsgspecError as error:
        raise Undecodable([("payload", str(error))]) from None
    return found


def encode(payload: Decoded) -> str:
    """The payload as the read model keeps it: every field said."""
    if isinstance(payload, msgspec.Struct):
        return _encoder.encode(payload).decode()
    return payload.model_dump_json(by_alias=True)
