"""What scoring decodes by its own means says the same as the contract."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel
from tests.support import scoring_facts

from contracts import assessment, portfolio
from contracts.catalogue import BY_TYPE
from contracts.envelope import PREFIX, Envelope
from scoring import codec
from scoring.domain import coordination, facts, judgements
from scoring.domain.facts import TYPES
from scoring.domain.families import FAMILIES
from scoring.domain.ledger import apply
from scoring.domain.state import ProjectState

EXAMPLES = Path(__file__).parents[2] / "shared" / "contracts" / "examples"


def _envelope(type_: str, data: bytes) -> Envelope:
    return Envelope(id="e", source="s", type=PREFIX + type_, data=data)


def _agree(ours: Any, theirs: Any, where: str) -> None:
    """Every field of ours is the contract's field of the same name, as deep as it goes."""
    if dataclasses.is_dataclass(ours) and isinstance(theirs, BaseModel):
        for field in dataclasses.fields(ours):
            _agree(getattr(ours, field.name), getattr(theirs, field.name), f"{where}.{field.name}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), where
        for n, (x, y) in enumerate(zip(ours, theirs, strict=True)):
            _agree(x, y, f"{where}[{n}]")
    else:
        assert ours == theirs, where


def test_every_fact_about_a_project_is_read_and_the_judgements_that_a_family_takes() -> None:
    about, judging = ({model.TYPE for model in module.FACTS} for module in (portfolio, assessment))
    assert about <= set(TYPES) <= about | judging
    taken = set[Any]().union(*(family.facts for family in FAMILIES.values())) - {judgements.SharedClaim}
    # Effort stands in the cells of M7; a claim is a part of an event about a shared result.
    assert {TYPES[name] for name in set(TYPES) - about} == taken | {judgements.EffortReported}


@pytest.mark.parametrize("type_", sorted(coordination.TYPES))
def test_facts_about_subjects_are_read_as_the_contract_reads_them(type_: str) -> None:
    for example in sorted((EXAMPLES / type_).glob("*.json")):
        data = example.read_bytes()
        ours = codec.subject_fact_of(PREFIX + type_, data)
        _agree(ours, BY_TYPE[type_].model_validate_json(data), type_)
    _same_fields(coordination.TYPES[type_], BY_TYPE[type_])


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_examples_are_read_as_the_contract_reads_them(type_: str) -> None:
    for example in sorted((EXAMPLES / type_).glob("*.json")):
        data = example.read_bytes()
        _agree(codec.fact_of(_envelope(type_, data)), BY_TYPE[type_].model_validate_json(data), type_)


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_fields_have_the_contracts_names_defaults_and_necessity(type_: str) -> None:
    """Compared without an example: what may be left out there may be left out here, and means the same."""
    _same_fields(TYPES[type_], BY_TYPE[type_])


def _same_fields(ours: Any, theirs: type[BaseModel]) -> None:
    for field in dataclasses.fields(ours):
        model = theirs.model_fields[field.name]
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        assert required == model.is_required(), f"{theirs.__name__}.{field.name}"


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{}", b'{"project_id": 7}', b'{"project_id": "P", "entity": "E", "status": "9"}']
)
def test_a_payload_that_is_no_fact_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        codec.fact_of(_envelope("project.submitted.v1", data))


def test_fields_of_tomorrow_are_ignored() -> None:
    known = {"project_id": "P", "transaction_id": "t", "reason": "twice"}
    data = json.dumps(known | {"of_tomorrow": {"a": 1}}).encode()
    fact = codec.fact_of(_envelope("transaction.reversed.v1", data))
    assert isinstance(fact, facts.TransactionReversed)


def test_a_state_survives_its_packing() -> None:
    state = ProjectState("P")
    said: list[Any] = [
        scoring_facts.a_project(countries={"ML": 1_000_000}, budget="10", themes={"T": 1_000_000}),
        scoring_facts.an_indicator(),
        scoring_facts.an_actual("40"),
        scoring_facts.an_actual("50", place=facts.Place("ML", {"sex": "f"})),
        facts.StatusChanged("P", "2", date(2020, 1, 1)),
        facts.BudgetRevised("P", facts.Budget(date(2020, 1, 1), date(2020, 12, 31), "5", "USD")),
        facts.Transaction("P", "t", "3", "7.5", "EUR", date(2020, 1, 31)),
        judgements.MarkerAssigned("P", "GEM", "DESIGN", 2),
    ]
    apply(state, [(fact, scoring_facts.version("2026-01-01", n)) for n, fact in enumerate(said)], 800_000, {})
    assert codec.unpack_state(codec.pack_state(state)) == state


def test_a_state_can_be_used_after_it_was_packed() -> None:
    """What was packed stays in memory as bytes, and opens again when an event asks for it."""
    state = ProjectState("P")
    said = [scoring_facts.a_project(), scoring_facts.an_indicator(), scoring_facts.an_actual("40")]
    apply(state, [(fact, scoring_facts.version("2026-01-01", n)) for n, fact in enumerate(said)], 800_000, {})
    codec.pack_state(state)
    apply(state, [(scoring_facts.an_actual("70"), scoring_facts.version("2026-02-01"))], 800_000, {})
    assert state.attained == {"I1": 700_000}
    assert codec.unpack_state(codec.pack_state(state)) == state
