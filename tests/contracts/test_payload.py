"""A payload travels without what says nothing, and still reads back."""

from __future__ import annotations

import json

from contracts.metrics import MetricUpdated
from contracts.portfolio import ProjectStatusChanged

WITHHELD = {
    "metric": "M4",
    "scope": "global",
    "value": None,
    "state": "INSUFFICIENT_DATA",
    "coverage": {"observed": 1, "expected": 3},
    "valid_as_of": "2026-09-14",
    "known_as_of": "2026-09-14T09:15:27Z",
    "method_version": "1.0.0",
    "revision": 1,
    "updated_at": "2026-09-14T09:15:27Z",
}


def test_a_withheld_figure_says_that_it_has_no_value() -> None:
    sent = MetricUpdated.model_validate(WITHHELD).to_json()
    assert json.loads(sent)["value"] is None
    assert "previous" not in json.loads(sent)
    assert MetricUpdated.model_validate_json(sent).value is None


def test_a_name_that_python_keeps_for_itself_travels_as_it_is() -> None:
    moved = ProjectStatusChanged.model_validate({"project_id": "P", "to": "4", "from": "2"})
    assert json.loads(moved.to_json()) == {"project_id": "P", "to": "4", "from": "2"}
