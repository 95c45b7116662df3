"""Bytes to facts, and states to bytes and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import lcm
from typing import Any, Final

import lz4.block
import msgspec

from contracts.context import (
    ClockDayClosed,
    CodelistPublished,
    DialectAdopted,
    DialectWithdrawn,
    MethodReleased,
    RatesPublished,
)
from contracts.coordination import DuplicateDecided as DuplicateDecidedEvent
from contracts.coordination import SharedResultClaimsChanged
from contracts.envelope import PREFIX, Envelope
from contracts.method import read as read_parameters
from scoring.domain import coordination, facts
from scoring.domain.assessment import Assessment, Sealed
from scoring.domain.coordination import SubjectFact
from scoring.domain.dialect import Adopted
from scoring.domain.duplicates.cases import Case
from scoring.domain.duplicates.decided import DuplicateDecided
from scoring.domain.duplicates.fingerprint import Fingerprint
from scoring.domain.facts import Fact, Version
from scoring.domain.numbers import half_even
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.rates import RatesTable
from scoring.domain.sharing import SharedResult
from scoring.domain.state import Indicators, IndicatorState, ProjectState, Published
from scoring.domain.subjects import KINDS, Subject

_FACTS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    PREFIX + name: msgspec.json.Decoder(kind) for name, kind in facts.TYPES.items()
}
_SUBJECT_FACTS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    PREFIX + name: msgspec.json.Decoder(kind) for name, kind in coordination.TYPES.items()
}
CLOCK: Final = PREFIX + ClockDayClosed.TYPE
RATES: Final = PREFIX + RatesPublished.TYPE
DIALECTS: Final = frozenset({PREFIX + DialectAdopted.TYPE, PREFIX + DialectWithdrawn.TYPE})
RELEASE: Final = PREFIX + MethodReleased.TYPE
CODELIST: Final = PREFIX + CodelistPublished.TYPE
CLAIMS: Final = PREFIX + SharedResultClaimsChanged.TYPE
DUPLICATE: Final = PREFIX + DuplicateDecidedEvent.TYPE
_rates: Final = msgspec.json.Decoder(RatesTable)
_dialect: Final = msgspec.json.Decoder(Adopted)
_shared: Final = msgspec.json.Decoder(SharedResult)
_decided: Final = msgspec.json.Decoder(DuplicateDecided)

_plain: Final = msgspec.msgpack.Encoder()
_assessment: Final = msgspec.msgpack.Decoder(Assessment)
_indicator: Final = msgspec.msgpack.Decoder(IndicatorState)
_packed: Final = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_published: Final = msgspec.msgpack.Decoder(dict[str, Published])
_fingerprint: Final = msgspec.msgpack.Decoder(Fingerprint)
_case: Final = msgspec.msgpack.Decoder(Case)


def _to_bytes(found: Any) -> bytes:
    if isinstance(found, Sealed):
        return found.repack(_plain.encode, _assessment.decode)
    return _plain.encode(found.repack(lambda indicator: msgspec.Raw(_plain.encode(indicator)), _indicator.decode))


def _from_bytes(kind: type, body: Any) -> Indicators | Sealed:
    if kind is Sealed:
        return Sealed(body, _assessment.decode)
    return Indicators(_packed.decode(body), _indicator.decode)


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_to_bytes)
_states: Final = msgspec.msgpack.Decoder(ProjectState, dec_hook=_from_bytes)
_subjects: Final[dict[str, msgspec.msgpack.Decoder[Any]]] = {
    name: msgspec.msgpack.Decoder(kind) for name, kind in KINDS.items()
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def is_fact(type_: str) -> bool:
    """Whether scoring reads this event type; others pass by."""
    return type_ in _FACTS


def is_subject_fact(type_: str) -> bool:
    """Whether this event type is about a subject that is no project."""
    return type_ in _SUBJECT_FACTS


def is_heard(type_: str) -> bool:
    """Whether scoring does anything with this event type."""
    known = {CLOCK, RATES, CLAIMS, DUPLICATE, RELEASE, CODELIST} | DIALECTS
    return is_fact(type_) or is_subject_fact(type_) or type_ in known


def fact_of(envelope: Envelope) -> Fact:
    """The fact an event carries. Raises msgspec.DecodeError where its payload does not follow the contract."""
    fact: Fact = _FACTS[envelope.type].decode(envelope.data)
    return fact


def subject_fact_of(type_: str, data: bytes) -> SubjectFact:
    """The fact about a subject. Raises msgspec.DecodeError where its payload does not follow the contract."""
    fact: SubjectFact = _SUBJECT_FACTS[type_].decode(data)
    return fact


def rates_table_of(data: bytes) -> RatesTable:
    """The table an event carries. Raises msgspec.DecodeError where its payload does not follow the contract."""
    return _rates.decode(data)


def dialect_of(data: bytes) -> Adopted:
    """A dialect; one that was withdrawn has no readings. Raises msgspec.DecodeError as the others do."""
    return _dialect.decode(data)


def shared_result_of(data: bytes) -> SharedResult:
    """The claims an event carries. Raises msgspec.DecodeError where its payload does not follow the contract."""
    return _shared.decode(data)


def decision_of(data: bytes) -> DuplicateDecided:
    """A decision on a pair. Raises msgspec.DecodeError where its payload does not follow the contract."""
    return _decided.decode(data)


def parameters_of(said: Mapping[str, str]) -> Parameters:
    """The parameters of a release. Raises ValueError with all that cannot be meant."""
    v, wrong = read_parameters(said)
    if wrong:
        raise ValueError("; ".join(found.message for found in wrong))
    whole = lcm(*(v[f"weight.{level}"].denominator for level in ("output", "outcome", "impact")))
    return Parameters(
        on_track=_ratio(v["pace.on_track"]),
        accelerate=_ratio(v["pace.accelerate"]),
        limited=_ratio(v["pace.limited"]),
        early_output=_ratio(v["early.output"]),
        early_outcome=_ratio(v["early.outcome"]),
        cap=half_even(v["attainment.cap"].numerator * MICRO, v["attainment.cap"].denominator),
        over_achieved=_ratio(v["attainment.over_achieved"]),
        maintain_tolerance=_ratio(v["maintain.tolerance"]),
        rubric={name: _ratio(v[f"rubric.{name.lower()}"]) for name in ("NOT", "PARTIAL", "MOSTLY", "FULL")},
        level_weights={
            n: int(v[f"weight.{level}"] * whole) for n, level in enumerate(("output", "outcome", "impact"), start=1)
        },
        confidence={
            grade: int(v[f"confidence.{letter}"] * 100) for grade, letter in zip((4, 3, 2, 1), "abcd", strict=True)
        },
        published=_ratio(v["coverage.published"]),
        provisional=_ratio(v["coverage.provisional"]),
        risk_bands={"LOW": 1} | {name.upper(): int(v[f"risk.{name}"]) for name in ("medium", "high", "very_high")},
        grace_days=int(v["timeliness.grace_days"]),
        evaluation_quality=int(v["evaluation.quality"]),
        duplicate_queue=_ratio(v["duplicate.queue"]),
        duplicate_review=_ratio(v["duplicate.review"]),
    )


def _ratio(value: Fraction) -> tuple[int, int]:
    return value.numerator, value.denominator


def version_of(envelope: Envelope) -> Version | None:
    """What intake stamped on the event; None where it did not."""
    if envelope.recordedtime is None:
        return None
    return Version(micros(envelope.recordedtime), envelope.sequence or "", envelope.id)


def micros(instant: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(micros_: int) -> datetime:
    """The inverse of ``micros``."""
    return _EPOCH + timedelta(microseconds=micros_)


def pack_state(state: ProjectState) -> bytes:
    """A project's state, small enough to stay within its row: keys and ids repeat, so lz4 takes most of it."""
    return lz4.block.compress(_encoder.encode(state), store_size=True)  # type: ignore[no-any-return]


def unpack_state(body: bytes) -> ProjectState:
    """The inverse of ``pack_state``."""
    return _states.decode(lz4.block.decompress(body))


def pack_subject(subject: Subject) -> bytes:
    """A subject's state; its names repeat too."""
    return lz4.block.compress(_plain.encode(subject), store_size=True)  # type: ignore[no-any-return]


def unpack_subject(kind: str, body: bytes) -> Subject:
    """The inverse of ``pack_subject``."""
    subject: Subject = _subjects[kind].decode(lz4.block.decompress(body))
    return subject


def pack_published(published: dict[str, Published]) -> bytes:
    """What was last said of a cell's figures."""
    return _plain.encode(published)


def unpack_published(body: bytes) -> dict[str, Published]:
    """The inverse of ``pack_published``."""
    return _published.decode(body) if body else {}


def pack_fingerprint(found: Fingerprint) -> bytes:
    """What a project is compared by."""
    return _plain.encode(found)


def unpack_fingerprint(body: bytes) -> Fingerprint:
    """The inverse of ``pack_fingerprint``."""
    return _fingerprint.decode(body)


def pack_case(case: Case) -> bytes:
    """A pair that is kept."""
    return _plain.encode(case)


def unpack_case(body: bytes) -> Case:
    """The inverse of ``pack_case``."""
    return _case.decode(body)
