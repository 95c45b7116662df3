"""The fast decoders read what the contracts write, and refuse what is no event at all."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from tests.support.gateway import figure, receipt

from contracts import metrics, portfolio, receipts
from contracts.base import Payload
from portal_gateway import decoding
from portal_gateway.decoding import Undecodable, decode, encode

TWINS: list[tuple[type[BaseModel], type[msgspec.Struct]]] = [
    (metrics.MetricUpdated, decoding.Figure),
    (metrics.Coverage, decoding.Coverage),
    (portfolio.ObservationRecorded, decoding.Observation),
    (portfolio.ObservationCorrected, decoding.Correction),
    (portfolio.TransactionPosted, decoding.Posting),
    (portfolio.Period, decoding.Period),
    (portfolio.Place, decoding.Place),
    (receipts.SubmissionProcessed, decoding.Receipt),
    (receipts.Finding, decoding.Finding),
    (receipts.Readability, decoding.Readability),
]


MODELS = [
    metrics.MetricUpdated,
    portfolio.ObservationRecorded,
    portfolio.ProjectSubmitted,
    portfolio.TransactionPosted,
    receipts.SubmissionProcessed,
]


@pytest.mark.parametrize(("contract", "twin"), TWINS, ids=lambda t: t.__name__)
def test_a_twin_has_every_field_of_its_contract_with_the_same_default(
    contract: type[BaseModel], twin: type[msgspec.Struct]
) -> None:
    fields = {f.name: f for f in msgspec.structs.fields(twin)}
    assert fields.keys() == contract.model_fields.keys()
    for name, info in contract.model_fields.items():
        assert fields[name].required == info.is_required(), name
        if not info.is_required():
            assert _default(fields[name]) == _plain(info.get_default(call_default_factory=True)), name


def _default(field: msgspec.structs.FieldInfo) -> Any:
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default  # type: ignore[operator]
    return msgspec.to_builtins(value)


def _plain(value: Any) -> Any:
    assert value is not PydanticUndefined
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def test_a_figure_read_and_kept_says_every_field() -> None:
    event = figure(value=None)
    kept = json.loads(encode(decode(metrics.MetricUpdated, event.to_json())))
    assert kept.keys() == metrics.MetricUpdated.model_fields.keys()
    assert metrics.MetricUpdated.model_validate(kept) == event


def test_a_receipt_read_and_kept_says_every_field() -> None:
    event = receipt(findings=[{"rule": "R", "severity": "error", "message": "M", "remedy": "Mend it", "line": 3}])
    kept = json.loads(encode(decode(receipts.SubmissionProcessed, event.to_json())))
    assert kept.keys() == receipts.SubmissionProcessed.model_fields.keys()
    assert receipts.SubmissionProcessed.model_validate(kept) == event


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b'{"metric": 4}', b"\xff", b'{"value": "64"}'])
@pytest.mark.parametrize("model", MODELS)
def test_what_is_no_event_is_refused_with_a_reason(model: type[Payload], data: bytes) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(model, data)
    assert all(text for _, text in refused.value.problems)
