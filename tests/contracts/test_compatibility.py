"""An incompatible change of a contract is caught, in both directions, and a compatible one passes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, create_model

from contracts.base import Model
from contracts.catalogue import BY_TYPE
from contracts.compatibility import breaks, same
from contracts.schemas import schema_of

YESTERDAY: dict[str, Any] = {
    "id": (str, ...),
    "status": (Literal["open", "closed"], ...),
    "note": (str | None, None),
    "count": (Annotated[int, Field(ge=0, le=10)], 0),
    "tags": (list[str], Field(default_factory=list, max_length=5)),
    "names": (dict[str, str], Field(default_factory=dict)),
    "title": (str, "untitled"),
}


def a_schema(*without: str, **changes: Any) -> dict[str, Any]:
    """The schema of yesterday's payload with some fields changed, added or left out."""
    fields = {name: kind for name, kind in {**YESTERDAY, **changes}.items() if name not in without}
    model: type[Model] = create_model("Example", __base__=Model, **fields)
    return model.model_json_schema()


class Inner(Model):
    """A value with one field."""

    value: int


class NarrowerInner(Model):
    """The same value, stricter."""

    value: Annotated[int, Field(ge=1)]


COUNT = Annotated[int, Field(ge=0, le=10)]

INCOMPATIBLE = {
    "a field is removed": (a_schema("note"), "forward", ".note"),
    "a required field is removed": (a_schema("id"), "forward", ".id"),
    "a new field is required": (a_schema(fresh=(str, ...)), "backward", ".fresh"),
    "an optional field becomes required": (a_schema(note=(str | None, ...)), "backward", ".note"),
    "a required field becomes optional": (a_schema(id=(str, "x")), "forward", ".id"),
    "another type": (a_schema(id=(int, ...)), "both", ".id"),
    "may be null now": (a_schema(id=(str | None, ...)), "forward", ".id"),
    "may no longer be null": (a_schema(note=(str, None)), "backward", ".note"),
    "a value is dropped": (a_schema(status=(Literal["open"], ...)), "backward", ".status"),
    "a value is added": (a_schema(status=(Literal["open", "closed", "lost"], ...)), "forward", ".status"),
    "any value now": (a_schema(status=(str, ...)), "forward", ".status"),
    "only some values now": (a_schema(id=(Literal["a", "b"], ...)), "backward", ".id"),
    "a higher minimum": (a_schema(count=(Annotated[int, Field(ge=1, le=10)], 0)), "backward", ".count"),
    "a lower minimum": (a_schema(count=(Annotated[int, Field(ge=-1, le=10)], 0)), "forward", ".count"),
    "no maximum any more": (a_schema(count=(Annotated[int, Field(ge=0)], 0)), "forward", ".count"),
    "a new maximum length": (a_schema(id=(Annotated[str, Field(max_length=9)], ...)), "backward", ".id"),
    "a new pattern": (a_schema(id=(Annotated[str, Field(pattern="^a")], ...)), "both", ".id"),
    "another default": (a_schema(count=(COUNT, 1)), "both", ".count"),
    "another default of a field called title": (a_schema(title=(str, "none")), "both", ".title"),
    "other items": (a_schema(tags=(list[int], Field(default_factory=list, max_length=5))), "both", ".tags[]"),
    "fewer items": (a_schema(tags=(list[str], Field(default_factory=list, max_length=4))), "backward", ".tags"),
    "other dictionary values": (
        a_schema(names=(dict[str, int], Field(default_factory=dict))),
        "both",
        ".names[]",
    ),
}


@pytest.mark.parametrize("case", INCOMPATIBLE)
def test_an_incompatible_change_is_caught(case: str) -> None:
    today, direction, path = INCOMPATIBLE[case]
    found = breaks(a_schema(), today)
    assert [(fault.direction, fault.path) for fault in found] == [(direction, path)]
    assert path in str(found[0])


@pytest.mark.parametrize("case", sorted(INCOMPATIBLE.keys() - {"a field is removed"}))
def test_taking_an_incompatible_change_back_is_incompatible_too(case: str) -> None:
    """Events of both kinds are in the log by then. Only an optional field may come where none was."""
    today, _, _ = INCOMPATIBLE[case]
    assert breaks(today, a_schema())


def test_a_change_inside_a_nested_value_is_caught() -> None:
    fields: dict[str, Any] = {"inner": (Inner | None, None), "many": (list[Inner], Field(default_factory=list))}
    stricter: dict[str, Any] = {
        "inner": (NarrowerInner | None, None),
        "many": (list[NarrowerInner], Field(default_factory=list)),
    }
    found = breaks(a_schema(**fields), a_schema(**stricter))
    assert {(fault.path, fault.direction) for fault in found} == {
        (".inner.value", "backward"),
        (".many[].value", "backward"),
    }


def test_every_break_is_named_at_once() -> None:
    found = breaks(a_schema(), a_schema("note", "count", id=(int, ...), more=(int, ...)))
    assert {fault.path for fault in found} == {".note", ".count", ".id", ".more"}


@pytest.mark.parametrize(
    "today",
    [
        pytest.param(a_schema(), id="nothing"),
        pytest.param(a_schema(more=(str | None, None)), id="an optional field"),
        pytest.param(a_schema(more=(list[Inner], Field(default_factory=list))), id="an optional list of values"),
        pytest.param(a_schema(id=(str, Field(description="said better"))), id="a description"),
        pytest.param(a_schema(status=(Literal["closed", "open"], ...)), id="the order of an enumeration"),
    ],
)
def test_a_compatible_change_passes(today: dict[str, Any]) -> None:
    assert breaks(a_schema(), today) == []


def test_better_words_are_no_new_version() -> None:
    assert same(a_schema(), a_schema(id=(str, Field(description="said better"))))
    assert not same(a_schema(), a_schema(more=(str | None, None)))


@pytest.mark.parametrize("name", sorted(BY_TYPE))
def test_every_event_is_compatible_with_itself(name: str) -> None:
    assert breaks(schema_of(BY_TYPE[name]), schema_of(BY_TYPE[name])) == []


def test_two_alternatives_of_one_json_type_are_refused_when_they_change() -> None:
    """The checker may refuse what it cannot judge; it never lets it pass."""
    old = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "maxLength": 3}]}
    new = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "maxLength": 4}]}
    assert [fault.direction for fault in breaks(old, new)] == ["both"]


def test_a_schema_that_refers_to_itself_is_refused() -> None:
    endless = {"$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}}}}, "$ref": "#/$defs/Node"}
    with pytest.raises(ValueError, match="refers to itself"):
        breaks(endless, endless)


@given(st.sampled_from(sorted(BY_TYPE)), st.sampled_from(sorted(BY_TYPE)))
def test_two_different_events_are_never_compatible(one: str, other: str) -> None:
    """A check of the checker on real schemas: where a required field is missing, it must say so."""
    required = {name for name, field in BY_TYPE[one].model_fields.items() if field.is_required()}
    if not required <= BY_TYPE[other].model_fields.keys():
        assert breaks(schema_of(BY_TYPE[one]), schema_of(BY_TYPE[other]))
