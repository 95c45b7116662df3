"""``services/<name>/asyncapi.json`` says what the service does: fresh, whole, and true of its code.

The document is made from the tables by which a service decides; here it is held against other witnesses: the
consumers and the ``emit`` of its source, Kafka's rights, and the schema of AsyncAPI 3.0.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from tests.support.sources import ROOT, modules

from contracts import streams
from contracts.streams import INBOUND_PREFIX, Stream
from plumbline import asyncapi
from plumbline.asyncapi import SURFACES, Surface
from plumbline.stack.provision import INBOUND_DLQ, SERVICES

SPECS: Final = "@asyncapi/specs@6.11.1"
EACH = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)


def read(surface: Surface) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / surface.path).read_text(encoding="utf-8"))
    return document


def addresses(document: dict[str, Any], action: str) -> set[str]:
    return {
        resolve(document, operation["channel"]["$ref"])["address"]
        for operation in document["operations"].values()
        if operation["action"] == action
    }


def resolve(document: dict[str, Any], ref: str) -> Any:
    found: Any = document
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def refs(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from refs(inner)
        case list():
            for inner in value:
                yield from refs(inner)


def test_every_service_has_a_fresh_one() -> None:
    assert {surface.name for surface in SURFACES} == {path.name for path in (ROOT / "services").iterdir()}
    assert asyncapi.stale() == []


def test_what_is_stale_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for surface in SURFACES:
        path = tmp_path / surface.path
        path.parent.mkdir(parents=True)
        path.write_text(asyncapi.text_of(surface))
    assert asyncapi.stale(tmp_path) == []
    edited = tmp_path / SURFACES[0].path
    edited.write_text(edited.read_text().replace('"send"', '"receive"'))
    (tmp_path / SURFACES[1].path).unlink()
    assert asyncapi.stale(tmp_path) == [SURFACES[0].path, SURFACES[1].path]
    assert asyncapi.main(["check"]) == 0
    assert "fresh" in capsys.readouterr().out


@EACH
def test_every_reference_leads_somewhere(surface: Surface) -> None:
    document = read(surface)
    for ref in refs(document):
        if ref.startswith("#/"):
            assert resolve(document, ref), ref
        else:
            assert ((ROOT / surface.path).parent / ref).is_file(), ref


@EACH
def test_an_operations_messages_are_its_channels(surface: Surface) -> None:
    """AsyncAPI 3.0: an operation refers to the messages of its channel, never past them."""
    document = read(surface)
    for operation in document["operations"].values():
        channel = operation["channel"]["$ref"]
        assert operation["messages"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


@EACH
def test_it_receives_what_its_consumers_subscribe_to(surface: Surface) -> None:
    subscribed = set()
    for call in calls(surface, "Consumer"):
        for keyword in call.keywords:
            if keyword.arg == "streams":
                assert isinstance(keyword.value, ast.Tuple)
                subscribed |= {stream(name).topic for name in keyword.value.elts}
            elif keyword.arg == "pattern":
                subscribed.add(INBOUND_PREFIX + "{entity}")
    assert subscribed
    assert addresses(read(surface), "receive") == subscribed


@EACH
def test_it_sends_what_its_code_says_and_its_dead_letters(surface: Surface) -> None:
    said = {
        stream(call.args[0]).topic
        for name in ("emit", "send")
        for call in calls(surface, name)
        if call.args and isinstance(call.args[0], ast.Name) and call.args[0].id.isupper()
    }
    document = read(surface)
    refused = {dead_letters(topic) for topic in addresses(document, "receive")}
    assert addresses(document, "send") == said | refused


@EACH
def test_kafka_lets_it_do_that(surface: Surface) -> None:
    rights = next(rights for rights in SERVICES if rights.user == surface.name)
    may_read = {stream.topic for stream in rights.reads}
    may_write = {stream.topic for stream in rights.writes} | {stream.dlq for stream in rights.reads}
    if rights.inbound:
        may_read.add(INBOUND_PREFIX + "{entity}")
        may_write.add(INBOUND_DLQ)
    document = read(surface)
    assert addresses(document, "receive") <= may_read
    assert addresses(document, "send") <= may_write


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> jsonschema.Draft7Validator:
    """The JSON Schema of AsyncAPI 3.0, as its authors publish it on npm; nothing of it is kept here."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the official schema is published there and nowhere else")
    folder = tmp_path_factory.mktemp("asyncapi")
    fetched = subprocess.run([npm, "pack", SPECS], cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        pytest.skip(f"{SPECS} could not be fetched: {fetched.stderr.strip()[-200:]}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/schemas/3.0.0.json")
        assert member is not None
        return jsonschema.Draft7Validator(json.load(member))


@EACH
def test_it_follows_the_schema_of_asyncapi(surface: Surface, official: jsonschema.Draft7Validator) -> None:
    document = read(surface)
    assert [error.message for error in official.iter_errors(document)] == []
    del document["info"]["version"]
    next(iter(document["operations"].values()))["action"] = "say"
    assert len(list(official.iter_errors(document))) == 2


def calls(surface: Surface, name: str) -> Iterator[ast.Call]:
    """Calls of that name, as a function or a method, in the service's source."""
    for module in modules(f"services/{surface.name}"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and name == getattr(node.func, "id", getattr(node.func, "attr", None)):
                yield node


def stream(node: ast.expr) -> Stream:
    assert isinstance(node, ast.Name)
    found = getattr(streams, node.id)
    assert isinstance(found, Stream)
    return found


def dead_letters(topic: str) -> str:
    return INBOUND_DLQ if topic.startswith(INBOUND_PREFIX) else f"{topic}.dlq"
