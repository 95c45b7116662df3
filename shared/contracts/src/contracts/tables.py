"""Facts as rows of a table: for people who keep in a spreadsheet what IATI has no place for.

One row is one event. The columns come from the payload's model, by their path: ``period.start``, ``title.en`` for a
text in English, ``claims.2.share`` for the second claim. An empty cell says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from contracts.assessment import (
    EffortReported,
    EvaluationPublished,
    HrddpDecided,
    MarkerAssigned,
    RecommendationStatusChanged,
    RiskAssessed,
)
from contracts.base import Model, Payload
from contracts.coordination import (
    ImplementationAssessed,
    NationalResourcesAllocated,
    NeedRegistered,
    NeedSupportLinked,
    ObligationScheduled,
    ProvisionDefined,
    ReportReceived,
    SharedResultClaimsChanged,
)

KINDS: Final[Mapping[str, type[Payload]]] = {
    "evaluations": EvaluationPublished,
    "recommendations": RecommendationStatusChanged,
    "risks": RiskAssessed,
    "hrddp": HrddpDecided,
    "markers": MarkerAssigned,
    "effort": EffortReported,
    "needs": NeedRegistered,
    "need-links": NeedSupportLinked,
    "provisions": ProvisionDefined,
    "assessments": ImplementationAssessed,
    "national-resources": NationalResourcesAllocated,
    "shared-results": SharedResultClaimsChanged,
    "obligations": ObligationScheduled,
    "reports": ReportReceived,
}
"""What may come as a table, by the word people ask for it with."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PLACE: Final = re.compile(r"[1-9][0-9]{0,2}")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_LEFT_OUT: Final = "origin"  # intake says where a fact was read


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its path within the payload, whether it takes whole numbers, and whether it may be left out."""

    name: str
    whole: bool
    required: bool
    nullable: bool


@dataclass(slots=True)
class Row:
    """The payload of one row, and the column behind each numbered place in it."""

    data: dict[str, Any]
    places: dict[str, str] = field(default_factory=dict)

    def column(self, path: str) -> str:
        """The column of a place in the payload, e.g. ``claims/0/share``."""
        for place, name in self.places.items():
            if path == place or path.startswith(place + "/"):
                path = name + path[len(place) :]
                break
        return path.replace("/", ".")


def template(model: type[Payload], example: Mapping[str, Any] | None = None) -> list[Column]:
    """The columns of a table of these facts; as many numbered places, and the languages, as the example has."""
    return list(_columns(model, example or {}, "", required=True))


def cells(columns: Sequence[Column], payload: Mapping[str, Any]) -> list[str]:
    """A payload as a row under these columns."""
    return [_cell(payload, column.name.split(".")) for column in columns]


def column_of(model: type[Payload], name: str) -> Column | None:
    """The column of this name; None where the facts have none."""
    return _column(model, name.split("."), name, required=True)


def kind_of(names: Sequence[str]) -> tuple[str | None, list[str], list[str]]:
    """Which table has these columns; where none has all, the likeliest: what it does not know, and what it misses."""
    best: tuple[int, str | None, list[str], list[str]] = (0, None, list(names), [])
    for kind, model in KINDS.items():
        unknown = [name for name in names if column_of(model, name) is None]
        missing = [c.name for c in template(model) if c.required and c.name not in names]
        fits = (len(names) - len(unknown)) * 2 - len(unknown) - len(missing)
        if len(unknown) < len(names) and (best[1] is None or fits > best[0]):
            best = (fits, kind, unknown, missing)
    return best[1:]


def row_of(columns: Sequence[Column], texts: Sequence[str]) -> Row:
    """The payload that a row says. A cell is text; what takes whole numbers reads those, and nothing is computed."""
    tree: dict[str, Any] = {}
    for column, text in zip(columns, texts, strict=False):
        value: Any = text.strip()
        if not value:
            if not (column.required and column.nullable):
                continue
            value = None
        elif column.whole and _WHOLE.fullmatch(value):
            value = int(value)
        *path, last = column.name.split(".")
        at = tree
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    places: dict[str, str] = {}
    return Row(_listed(tree, places), places)


def _columns(model: type[Model], example: Mapping[str, Any], prefix: str, *, required: bool) -> Iterator[Column]:
    for name, info in model.model_fields.items():
        if name == _LEFT_OUT:
            continue
        wire = prefix + (info.alias or name)
        needed = required and info.is_required()
        shape, kind = _shape(info)
        given = example.get(name)
        if shape == "model":
            yield from _columns(kind, given or {}, f"{wire}.", required=needed)
        elif shape == "list":
            for n, item in enumerate(given or [{}], start=1):
                yield from _columns(kind, item, f"{wire}.{n}.", required=False)
        elif shape == "text":
            for language in given or ["en"]:
                yield Column(f"{wire}.{language}", whole=False, required=False, nullable=False)
        else:
            yield _leaf(info, wire, required=needed)


def _column(model: type[Model], parts: Sequence[str], name: str, *, required: bool) -> Column | None:
    info = model.model_fields.get(parts[0])
    if info is None or parts[0] == _LEFT_OUT:
        return None
    rest = parts[1:]
    needed = required and info.is_required()
    shape, kind = _shape(info)
    if shape == "model":
        return _column(kind, rest, name, required=needed) if rest else None
    if shape == "list":
        numbered = len(rest) > 1 and _PLACE.fullmatch(rest[0])
        return _column(kind, rest[1:], name, required=False) if numbered else None
    if shape == "text":
        spoken = len(rest) == 1 and _LANGUAGE.fullmatch(rest[0])
        return Column(name, whole=False, required=False, nullable=False) if spoken else None
    return None if rest else _leaf(info, name, required=needed)


def _leaf(info: FieldInfo, name: str, *, required: bool) -> Column:
    kinds = list(_kinds(info.annotation))
    whole = any(kind is int or isinstance(kind, int) for kind in kinds if kind is not bool)
    return Column(name, whole=whole, required=required, nullable=NoneType in kinds)


def _shape(info: FieldInfo) -> tuple[Literal["model", "list", "text", "leaf"], Any]:
    """What stands in a field: an object, a list of them, a text by language, or one value."""
    annotation = info.annotation
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return "model", annotation
    if get_origin(annotation) is list:
        return "list", get_args(annotation)[0]
    return ("text", None) if get_origin(annotation) is dict else ("leaf", None)


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types, and the words or numbers of a Literal, that an annotation is made of."""
    arguments = getattr(annotation, "__args__", ())
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from _kinds(argument)


def _listed(tree: dict[str, Any], places: dict[str, str], path: str = "", name: str = "") -> Any:
    """The tree with lists where its keys are numbers: what is empty leaves no gap, and its column is remembered."""
    if tree and all(_PLACE.fullmatch(key) for key in tree):
        ordered = sorted(tree, key=int)
        for n, key in enumerate(ordered):
            places[f"{path}{n}"] = f"{name}{key}"
        return [
            _listed(tree[key], places, f"{path}{n}/", f"{name}{key}/") if isinstance(tree[key], dict) else tree[key]
            for n, key in enumerate(ordered)
        ]
    return {
        key: _listed(value, places, f"{path}{key}/", f"{name}{key}/") if isinstance(value, dict) else value
        for key, value in tree.items()
    }


def _cell(value: Any, path: Sequence[str]) -> str:
    for part in path:
        if value is None:
            return ""
        if isinstance(value, list):
            value = value[int(part) - 1] if int(part) <= len(value) else None
        else:
            value = value.get(part)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
