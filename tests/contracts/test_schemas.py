"""The committed schemas and examples: fresh, compatible with all that came before, readable for ever."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from contracts import schemas
from contracts.__main__ import main
from contracts.catalogue import BY_TYPE

EXAMPLES = [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in schemas.examples()]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The committed contracts, to break."""
    for name in ("schemas", "examples"):
        shutil.copytree(schemas.ROOT / name, tmp_path / name)
    shutil.copy(schemas.ROOT / schemas.SUMS, tmp_path)
    return tmp_path


def test_schemas_and_examples_are_fresh_complete_unedited_and_compatible() -> None:
    assert schemas.check() == []


@pytest.mark.parametrize(("name", "number", "path"), EXAMPLES)
def test_every_example_ever_written_is_read_by_the_models_of_today(name: str, number: int, path: Path) -> None:
    payload = BY_TYPE[name].model_validate_json(path.read_bytes())
    again = BY_TYPE[name].model_validate_json(payload.model_dump_json())
    assert again == payload


@pytest.mark.parametrize(("name", "number", "path"), EXAMPLES)
def test_every_example_is_valid_under_every_version_of_its_schema(name: str, number: int, path: Path) -> None:
    """Full compatibility, shown on real payloads by a validator that is not ours."""
    history = next(history for history in schemas.histories() if name == history.model.TYPE)
    example = json.loads(path.read_bytes())
    for version in history.versions:
        jsonschema.Draft202012Validator(version).validate(example)
    written_today = json.loads(BY_TYPE[name].model_validate(example).model_dump_json())
    for version in history.versions:
        jsonschema.Draft202012Validator(version).validate(written_today)


def test_every_schema_is_itself_a_schema() -> None:
    for history in schemas.histories():
        for version in history.versions:
            jsonschema.Draft202012Validator.check_schema(version)


def test_writing_twice_changes_nothing(copy: Path) -> None:
    before = (copy / schemas.SUMS).read_bytes()
    assert schemas.write(copy) == ([], [])
    assert (copy / schemas.SUMS).read_bytes() == before


def test_an_optional_field_more_becomes_the_next_version(copy: Path) -> None:
    """As if version 1 had been written before the field ``reason`` was added."""
    first = copy / "schemas/plumbline.portfolio.v1/project.withdrawn.v1/1.json"
    older = json.loads(first.read_bytes())
    del older["properties"]["reason"]
    first.write_text(json.dumps(older))
    written, refused = schemas.write(copy)
    assert refused == []
    assert [path.relative_to(copy).as_posix() for path in written] == [
        "schemas/plumbline.portfolio.v1/project.withdrawn.v1/2.json"
    ]


def test_an_incompatible_model_is_refused_and_nothing_is_written(copy: Path) -> None:
    first = copy / "schemas/plumbline.portfolio.v1/project.withdrawn.v1/1.json"
    older = json.loads(first.read_bytes())
    older["properties"]["approved_by"] = {"type": "string"}
    older["required"].append("approved_by")
    first.write_text(json.dumps(older))
    written, refused = schemas.write(copy)
    assert written == []
    assert refused == [
        "project.withdrawn.v1: against version 1: .approved_by: is removed; "
        "readers of yesterday still look for it [forward]"
    ]
    assert main(["write", "--root", str(copy)]) == 1


def test_compatibility_is_judged_against_all_versions_not_only_the_last(copy: Path) -> None:
    """A field dropped in version 2 would otherwise be free for another meaning in version 3."""
    folder = copy / "schemas/plumbline.portfolio.v1/project.withdrawn.v1"
    older = json.loads((folder / "1.json").read_bytes())
    (folder / "2.json").write_text(json.dumps(older))
    older["properties"]["reason"] = {"type": "integer"}
    (folder / "1.json").write_text(json.dumps(older))
    faults = [fault for history in schemas.histories(copy) for fault in history.breaks()]
    assert faults
    assert all(fault.startswith("project.withdrawn.v1: against version 1: .reason") for fault in faults)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_text(path.read_text() + "\n"), "was edited"),
        (lambda path: path.unlink(), "is gone"),
    ],
)
def test_an_edited_or_lost_example_is_noticed(copy: Path, damage: object, said: str) -> None:
    assert callable(damage)
    damage(copy / "examples/clock.day.closed.v1/1.json")
    assert any(said in problem for problem in schemas.check(copy))


def test_a_recorded_hash_is_never_replaced(copy: Path) -> None:
    path = copy / "examples/clock.day.closed.v1/1.json"
    path.write_text('{"date": "2026-07-01"}')
    schemas.write(copy)
    recorded = (copy / schemas.SUMS).read_text()
    assert hashlib.sha256(path.read_bytes()).hexdigest() not in recorded


def test_an_example_that_todays_model_refuses_is_named(copy: Path) -> None:
    path = copy / "examples/clock.day.closed.v1/2.json"
    path.write_text('{"date": "soon"}')
    assert any("example 2 is no longer readable" in problem for problem in schemas.check(copy))


def test_a_folder_without_schemas_is_a_clear_word(tmp_path: Path) -> None:
    assert schemas.check(tmp_path) == [f"{tmp_path} holds no schemas: run this in a checkout, or name one with --root"]
