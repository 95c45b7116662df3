"""docs/events.md is what the code says: every type, who may say it, and an example.

Why: an entity's programmer reads the page, not our tables; a page that lags behind is worse than none.
"""

from __future__ import annotations

import pytest

from contracts.catalogue import BY_TYPE
from intake.domain.ledger import business_key, shared_key
from intake.domain.rights import OFFICES
from intake.usecases.events import SHARED, TYPES
from plumbline import catalogue


def test_it_is_fresh_and_says_so_when_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogue.main(["check"]) == 0
    monkeypatch.setattr(catalogue, "_HEAD", "# Something else\n")
    assert catalogue.main(["check"]) == 1


def test_every_type_stands_on_it() -> None:
    page = catalogue.page()
    assert [name for name in BY_TYPE if f"### `{name}`\n" not in page] == []


def test_who_may_say_it_is_said_of_every_shared_type() -> None:
    """A type nobody was given the right to would fall to entities, who own none of these facts."""
    assert {name.removeprefix("org.plumbline.") for name in SHARED} == set(OFFICES)


@pytest.mark.parametrize("name", sorted(TYPES.keys() - SHARED.keys()))
def test_a_judgement_never_replaces_its_project(name: str) -> None:
    """A type without a business key of its own would fall under the project's."""
    type_ = name.removeprefix("org.plumbline.")
    key = business_key(type_, catalogue._example(type_))
    assert (key in {"project", "status"}) is type_.startswith("project."), key


@pytest.mark.parametrize("name", sorted(SHARED))
def test_a_shared_fact_has_both_its_keys(name: str) -> None:
    type_ = name.removeprefix("org.plumbline.")
    ordering, key = shared_key(type_, catalogue._example(type_))
    assert ordering
    assert ":" in key
