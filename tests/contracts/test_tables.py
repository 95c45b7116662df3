"""Facts as rows: the columns come from the models, and what goes out as a row comes back the same."""

from __future__ import annotations

import json

import pytest

from contracts import schemas
from contracts.tables import KINDS, cells, column_of, kind_of, row_of, template

EXAMPLES = {name: json.loads(path.read_bytes()) for name, _, path in schemas.examples()}


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_survives_its_row(kind: str) -> None:
    model = KINDS[kind]
    example = EXAMPLES[model.TYPE] | {"origin": None}
    columns = template(model, example)
    row = row_of(columns, cells(columns, example))
    read = model.model_validate_json(json.dumps(row.data), extra="forbid")
    assert read == model.model_validate(example)


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_that_must_be_there_name_the_table(kind: str) -> None:
    columns = template(KINDS[kind])
    assert kind_of([c.name for c in columns]) == (kind, [], [])
    assert kind_of([c.name for c in columns if c.required]) == (kind, [], [])
    assert [column_of(KINDS[kind], c.name) for c in columns] == columns


def test_what_is_missing_or_unknown_is_named() -> None:
    kind, unknown, missing = kind_of(["project_id", "risk_id", "likelyhood", "impact", "category", "owner"])
    assert (kind, unknown) == ("risks", ["likelyhood"])
    assert missing == ["likelihood", "residual_likelihood", "residual_impact"]
    assert kind_of(["colour", "shape"]) == (None, ["colour", "shape"], [])


@pytest.mark.parametrize("name", ["", ".", "title", "title.", "title.English words", "origin.submission_id", "ratings",
                                  "ratings.relevance.x", "project_id.x", "a.b.c"])  # fmt: skip
def test_a_name_that_leads_nowhere_is_no_column(name: str) -> None:
    assert column_of(KINDS["evaluations"], name) is None


def test_numbered_places_leave_no_gap_and_keep_their_column() -> None:
    model = KINDS["shared-results"]
    names = ["shared_result_ref", "claims.2.project_id", "claims.10.project_id", "claims.10.share", "claims.3.share"]
    columns = [column for name in names if (column := column_of(model, name)) is not None]
    row = row_of(columns, ["SR", "A", "B", "500000", ""])
    assert row.data == {
        "shared_result_ref": "SR",
        "claims": [{"project_id": "A"}, {"project_id": "B", "share": 500_000}],
    }
    assert row.column("claims/1/share") == "claims.10.share"
    assert row.column("shared_result_ref") == "shared_result_ref"


def test_an_empty_cell_says_nothing_except_where_null_says_something() -> None:
    columns = [c for c in template(KINDS["markers"]) if c.name in {"project_id", "significance", "assessor"}]
    assert row_of(columns, ["P", " ", ""]).data == {"project_id": "P", "significance": None}
