"""The committed JSON Schemas: written from the models, numbered, never edited (style: contracts only grow).

``schemas/<topic>/<type>/<n>.json`` is version *n* of what the event type promised, the newest being what the
models say now; ``examples/<type>/<n>.json`` is a payload as it was written under version *n*. ``SHA256SUMS``
beside them holds the hash of each, so that a changed line in it is a changed promise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from contracts.base import Payload
from contracts.catalogue import BY_TYPE, EVENTS
from contracts.compatibility import Schema, breaks, same
from contracts.streams import Stream

ROOT: Final = Path(__file__).resolve().parents[2]
"""Where ``schemas`` and ``examples`` stand in a checkout. An installed package carries neither."""

SUMS: Final = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class History:
    """What one event type has promised so far: its schema versions, oldest first."""

    stream: Stream
    model: type[Payload]
    folder: Path
    versions: tuple[Schema, ...]

    @property
    def current(self) -> Schema:
        """The schema of today's model."""
        return schema_of(self.model)

    @property
    def fresh(self) -> bool:
        """Whether the newest committed version takes what the model takes now; wording may differ."""
        return bool(self.versions) and same(self.versions[-1], self.current)

    def breaks(self) -> list[str]:
        """Why today's model cannot share the stream with the versions before it; empty where it can."""
        return [
            f"{self.model.TYPE}: against version {number}: {fault}"
            for number, version in enumerate(self.versions, start=1)
            for fault in breaks(version, self.current)
        ]


def schema_of(model: type[Payload]) -> Schema:
    """The JSON Schema (2020-12) of a payload, by the names used on the wire."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:plumbline:event:{model.TYPE}",
        **schema,
    }


def histories(root: Path = ROOT) -> Iterator[History]:
    """Every event type of every stream with its committed versions."""
    for stream, models in EVENTS.items():
        for model in models:
            folder = root / "schemas" / stream.topic / model.TYPE
            yield History(stream, model, folder, tuple(_read(path) for path in _numbered(folder)))


def write(root: Path = ROOT) -> tuple[list[Path], list[str]]:
    """Commit what the models say now to files: the new versions written, and why others could not be.

    A type whose model changed incompatibly is left alone and named with its reasons.
    """
    written: list[Path] = []
    refused: list[str] = []
    for history in histories(root):
        if history.fresh:
            continue
        if faults := history.breaks():
            refused.extend(faults)
            continue
        path = history.folder / f"{len(history.versions) + 1}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_pretty(history.current), encoding="utf-8")
        written.append(path)
    _write_sums(root)
    return written, refused


def check(root: Path = ROOT) -> list[str]:
    """Everything that is wrong with the committed schemas and examples; empty when all is well."""
    if not (root / "schemas").is_dir():
        return [f"{root} holds no schemas: run this in a checkout, or name one with --root"]
    problems: list[str] = []
    for history in histories(root):
        problems += history.breaks()
        if not history.fresh:
            problems.append(f"{history.model.TYPE}: the newest schema is not today's; run python -m contracts write")
        wanted = [f"examples/{history.model.TYPE}/{number + 1}.json" for number in range(len(history.versions))]
        problems += [
            f"{history.model.TYPE}: an example is missing; add {path}" for path in wanted if not (root / path).is_file()
        ]
    problems += _unreadable_examples(root)
    problems += _edited(root)
    return problems


def examples(root: Path = ROOT) -> Iterator[tuple[str, int, Path]]:
    """Every committed example as (event type, version, file)."""
    for folder in sorted((root / "examples").iterdir()):
        for path in _numbered(folder):
            yield folder.name, int(path.stem), path


def newest_example(type_: str, root: Path = ROOT) -> dict[str, Any] | None:
    """The newest committed example of an event type; None where the package is installed without them."""
    found = _numbered(root / "examples" / type_)
    return _read(found[-1]) if found else None


def _unreadable_examples(root: Path) -> Iterator[str]:
    if not (root / "examples").is_dir():
        return
    for name, number, path in examples(root):
        model = BY_TYPE.get(name)
        if model is None:
            yield f"{name}: example {number} belongs to no event type; types are never removed"
            continue
        try:
            model.model_validate_json(path.read_bytes())
        except ValidationError as fault:
            yield f"{name}: example {number} is no longer readable: {fault.errors()[0]['msg']}"


def _edited(root: Path) -> Iterator[str]:
    recorded = _read_sums(root)
    for name, digest in recorded.items():
        path = root / name
        if not path.is_file():
            yield f"{name}: is gone; versions and examples are kept for ever"
        elif _sha256(path) != digest:
            yield f"{name}: was edited; add the next version instead"
    for path in _all_files(root):
        name = path.relative_to(root).as_posix()
        if name not in recorded:
            yield f"{name}: is not in {SUMS}; run python -m contracts write"


def _write_sums(root: Path) -> None:
    """Add the hashes of new files; a recorded hash is never replaced."""
    recorded = _read_sums(root)
    for path in _all_files(root):
        recorded.setdefault(path.relative_to(root).as_posix(), _sha256(path))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(recorded.items())]
    (root / SUMS).write_text("".join(lines), encoding="utf-8")


def _read_sums(root: Path) -> dict[str, str]:
    path = root / SUMS
    if not path.is_file():
        return {}
    pairs = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in pairs}


def _all_files(root: Path) -> list[Path]:
    return sorted([*(root / "schemas").rglob("*.json"), *(root / "examples").rglob("*.json")])


def _numbered(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"), key=lambda path: int(path.stem))


def _read(path: Path) -> Schema:
    schema: Schema = json.loads(path.read_bytes())
    return schema


def _pretty(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
