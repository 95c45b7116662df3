"""Whether two JSON Schemas of one event type can live on one stream: full compatibility, both ways.

A stream holds events of many years. So a reader of today must read every event ever written (*backward*),
and a reader of yesterday that is still running must read the events of today (*forward*). What that leaves
is small and easy to remember: **add an optional field**. Everything else is a new event type, ``….v2``.

Only what pydantic generates for our payloads is understood; anything else must be equal, so that the
checker may refuse a change it cannot judge but never lets a breaking one pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Schema = dict[str, Any]

_ANNOTATIONS: Final = frozenset({"$defs", "$schema", "$id", "title", "description", "examples"})
"""Keywords that say something to people and nothing about which documents are valid."""

_LOWER_BOUNDS: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_HANDLED: Final = frozenset(
    {"type", "anyOf", "enum", "const", "properties", "required", "items", "additionalProperties", "default"}
).union(_LOWER_BOUNDS, _UPPER_BOUNDS)


@dataclass(frozen=True, slots=True)
class Break:
    """One reason why two versions cannot share a stream.

    ``backward``: events already written may not be readable today. ``forward``: a reader of yesterday may
    refuse an event of today, or read something else in it. ``both``: neither can be shown.
    """

    path: str
    direction: Literal["backward", "forward", "both"]
    what: str

    def __str__(self) -> str:
        return f"{self.path or '(the payload)'}: {self.what} [{self.direction}]"


def breaks(old: Schema, new: Schema) -> list[Break]:
    """Every incompatibility between an older and a newer schema; empty where both ways work."""
    return list(_compare(_resolve(old, old), _resolve(new, new), ""))


def same(old: Schema, new: Schema) -> bool:
    """Whether two schemas take the same documents; titles and descriptions may differ."""
    return _canonical(_resolve(old, old)) == _canonical(_resolve(new, new))


def _resolve(node: Any, root: Schema, seen: tuple[str, ...] = ()) -> Any:
    """The schema with every local reference written out and everything meant for people left out."""
    if isinstance(node, list):
        return [_resolve(item, root, seen) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = str(node["$ref"]).removeprefix("#/$defs/")
        if name in seen:
            raise ValueError(f"{name} refers to itself; a payload is a tree")
        target = _resolve(root["$defs"][name], root, (*seen, name))
        return {**target, **_resolve({k: v for k, v in node.items() if k != "$ref"}, root, seen)}
    resolved = {key: _resolve(value, root, seen) for key, value in node.items() if key not in _ANNOTATIONS}
    if "properties" in node:  # a field may be called "title": names are not keywords
        resolved["properties"] = {name: _resolve(field, root, seen) for name, field in node["properties"].items()}
    if "default" in node:  # a default is data, not a schema
        resolved["default"] = node["default"]
    return resolved


def _compare(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    if _canonical(old) == _canonical(new):
        return
    if "anyOf" in old or "anyOf" in new:
        yield from _compare_alternatives(old, new, path)
        return
    if old.get("type") != new.get("type"):
        yield Break(path, "both", f"is {_named(old)} and becomes {_named(new)}")
        return
    yield from _compare_values(old, new, path)
    yield from _compare_bounds(old, new, path)
    yield from _compare_fields(old, new, path)
    for keyword in ("items", "additionalProperties"):
        yield from _compare_nested(old.get(keyword), new.get(keyword), f"{path}[]", keyword)
    for keyword in sorted((old.keys() | new.keys()) - _HANDLED):
        if _canonical(old.get(keyword)) != _canonical(new.get(keyword)):
            yield Break(path, "both", f"{keyword} changes from {old.get(keyword)!r} to {new.get(keyword)!r}")


def _compare_alternatives(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    """Compare ``X | Y``, alternative by alternative, told apart by their JSON type."""
    before, after = _alternatives(old), _alternatives(new)
    if before is None or after is None:
        yield Break(path, "both", "has two alternatives of one JSON type that changed; this cannot be judged")
        return
    for kind in sorted(before.keys() - after.keys()):
        yield Break(path, "backward", f"could be {kind} and no longer can")
    for kind in sorted(after.keys() - before.keys()):
        yield Break(path, "forward", f"can now be {kind}, which readers of yesterday refuse")
    for kind in sorted(before.keys() & after.keys()):
        yield from _compare(before[kind], after[kind], path)
    yield from _compare_default(old, new, path)


def _alternatives(node: Schema) -> dict[str, Schema] | None:
    options: list[Schema] = node.get("anyOf", [{k: v for k, v in node.items() if k != "default"}])
    by_type = {str(option.get("type")): option for option in options}
    return by_type if len(by_type) == len(options) else None


def _compare_values(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    before, after = _values(old), _values(new)
    if before is None and after is not None:
        yield Break(path, "backward", f"could be any {_named(old)} and becomes one of {sorted(after)}")
    elif before is not None and after is None:
        yield Break(path, "forward", f"was one of {sorted(before)} and becomes any {_named(new)}")
    elif before is not None and after is not None:
        if gone := sorted(before - after):
            yield Break(path, "backward", f"no longer takes {', '.join(gone)}")
        if added := sorted(after - before):
            yield Break(path, "forward", f"now takes {', '.join(added)}, which readers of yesterday refuse")
    yield from _compare_default(old, new, path)


def _values(node: Schema) -> set[str] | None:
    if "const" in node:
        return {_canonical(node["const"])}
    return {_canonical(value) for value in node["enum"]} if "enum" in node else None


def _compare_default(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    if "default" in old and "default" in new and _canonical(old["default"]) != _canonical(new["default"]):
        yield Break(
            path, "both", f"the default changes from {old['default']!r} to {new['default']!r}: "
            "an event without the field would mean something else"
        )  # fmt: skip


def _compare_bounds(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    infinity = float("inf")
    for keywords, outward in ((_LOWER_BOUNDS, -infinity), (_UPPER_BOUNDS, infinity)):
        for keyword in keywords:
            before, after = old.get(keyword, outward), new.get(keyword, outward)
            if before == after:
                continue
            narrowed = (after > before) == (outward < 0)
            direction: Literal["backward", "forward"] = "backward" if narrowed else "forward"
            change = f"{old.get(keyword, 'none')} to {new.get(keyword, 'none')}"
            yield Break(path, direction, f"{keyword} {'narrows' if narrowed else 'widens'} from {change}")


def _compare_fields(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    before, after = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield Break(f"{path}.{name}", "forward", "is removed; readers of yesterday still look for it")
    for name in sorted(after.keys() - before.keys()):
        if name in is_required:
            yield Break(f"{path}.{name}", "backward", "is new and required; events already written lack it")
    for name in sorted(before.keys() & after.keys()):
        if name in is_required - was_required:
            yield Break(f"{path}.{name}", "backward", "becomes required; events already written may lack it")
        if name in was_required - is_required:
            yield Break(f"{path}.{name}", "forward", "becomes optional; readers of yesterday require it")
        yield from _compare(before[name], after[name], f"{path}.{name}")


def _compare_nested(old: Any, new: Any, path: str, keyword: str) -> Iterator[Break]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _compare(old, new, path)
    elif old != new:
        yield Break(path, "both", f"{keyword} changes from {old!r} to {new!r}")


def _named(node: Schema) -> str:
    return str(node.get("type", "anything"))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
