"""The domain neither waits nor asks for the time.

Why: replaying the log must give the same integers, today and in five years. A domain that reads the clock cannot
promise that, and one that awaits cannot be called from a property-based test a hundred thousand times.
import-linter keeps the imports out; this keeps out what needs no import of ours.
"""

from __future__ import annotations

import ast
from typing import Final

from tests.support.sources import Module, modules

_CLOCKS: Final = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
                  ("time", "time"), ("time", "monotonic"), ("time", "time_ns")}  # fmt: skip
_CHANCE: Final = {"random", "secrets", "uuid"}


def _domain() -> list[Module]:
    return [module for module in modules("services") if "domain" in module.parts]


def test_every_service_has_a_domain() -> None:
    assert {module.package for module in _domain()} == {"intake", "scoring", "notifier", "portal_gateway"}


def test_it_does_not_wait() -> None:
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert [m.at(node) for m in _domain() for node in ast.walk(m.tree) if isinstance(node, waiting)] == []


def test_it_does_not_ask_for_the_time() -> None:
    found = [
        f"{module.at(node)}: {ast.unparse(node)}"
        for module in _domain()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in _CLOCKS
    ]
    assert found == []


def test_it_does_not_throw_dice() -> None:
    """An identifier or a sample drawn inside a decision cannot be replayed: it is passed in."""
    found = [module.at(node) for module in _domain() for node in ast.walk(module.tree) if _imports(node) & _CHANCE]
    assert found == []


def _imports(node: ast.AST) -> set[str]:
    match node:
        case ast.Import(names=names):
            return {name.name for name in names}
        case ast.ImportFrom(module=str(name)):
            return {name}
    return set()
