"""Every SQL statement of a service is in its ``store.py``.

Why: a question about the database ("who reads this column?", "which statement locks first?") is then answered by
opening one file. It is also how row-level security stays reviewable: no handler opens a side door.
import-linter cannot see SQL, so this reads the code.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from tests.support.sources import Module, modules

_STATEMENT: Final = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\S+\s+as\s*\(|"
    r"(create|alter|drop)\s+(table|index|policy|role|schema|view)\s|lock\s+table\s|copy\s+\S+\s+from\s)",
    re.IGNORECASE | re.DOTALL,
)
_MADE_WITHIN: Final = re.compile(r"\bjoin\s+\S+\s+\w+\s+on\b[^()]*=\s*'[^']*'\s*\|\|", re.IGNORECASE)
_RUNNERS: Final = {"fetch", "fetchrow", "fetchval", "fetchmany", "executemany", "copy_records_to_table", "prepare"}


def _in_store(module: Module) -> bool:
    return module.parts[1:2] in {("store.py",), ("store",)}


def _text(node: ast.AST) -> str | None:
    """The text of a string, an f-string or a concatenation, as far as it is constant."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) or "x" for value in values)
        case ast.BinOp(left=left, op=ast.Add()):
            return _text(left)
    return None


def _docstrings(tree: ast.Module) -> set[int]:
    """Constants that stand alone: documentation may quote SQL."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def test_no_statement_stands_outside_the_store() -> None:
    found = []
    for module in modules("services"):
        if _in_store(module):
            continue
        prose = _docstrings(module.tree)
        for node in ast.walk(module.tree):
            text = _text(node)
            if text and id(node) not in prose and _STATEMENT.match(text):
                found.append(f"{module.at(node)}: {text.strip()[:60]}")
    assert found == []


def test_no_statement_is_run_outside_the_store() -> None:
    found = [
        module.at(node)
        for module in modules("services")
        if not _in_store(module)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _RUNNERS
    ]
    assert found == []


def test_no_join_is_on_what_a_function_makes() -> None:
    """Such a join reads the whole table under row-level security: an index serves what can leak nothing, alone."""
    found = [
        f"{module.at(node)}: make it in a subquery with offset 0 first"
        for module in modules("services")
        if _in_store(module)
        for node in ast.walk(module.tree)
        if (text := _text(node)) and _MADE_WITHIN.search(text)
    ]
    assert found == []


def test_the_rule_would_notice() -> None:
    """A rule that can see nothing is always kept."""
    for statement in ("select a from b", "INSERT INTO t values (1)", "update t set a = 1", "with x as (select 1)"):
        assert _STATEMENT.match(statement)
    for prose in ("select a scope", "update the page", "delete what is no longer needed", "with care"):
        assert not _STATEMENT.match(prose)
    assert _MADE_WITHIN.search("from p join figure f on f.metric = 'M1' and f.scope = 'entity:' || p.entity")
    assert not _MADE_WITHIN.search("select 'a:' || b as scope from t join figure f on f.scope = t.scope")
