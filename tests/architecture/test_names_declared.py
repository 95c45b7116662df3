"""Metrics and span attributes are declared in ``runtime/names.py``, with unit and meaning, before they are emitted.

Why: a dashboard and an alert are written against names. A name typed by hand in two places becomes two names, and
nobody notices until the alert that was to wake them stays silent.
"""

from __future__ import annotations

import ast
import json
from itertools import pairwise
from typing import Final

from tests.support.sources import ROOT, modules

from runtime import names

_INSTRUMENTS: Final = {
    "create_counter",
    "create_up_down_counter",
    "create_histogram",
    "create_gauge",
    "create_observable_counter",
    "create_observable_gauge",
    "create_observable_up_down_counter",
}


def _literal(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr)


def test_instruments_and_attributes_are_named_by_a_constant() -> None:
    found = []
    for module in modules("services", "shared/runtime"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if called in {*_INSTRUMENTS, "set_attribute"} and node.args and _literal(node.args[0]):
                found.append(f"{module.at(node)}: {ast.unparse(node.args[0])}")
            for keyword in node.keywords:
                if keyword.arg == "attributes" and isinstance(keyword.value, ast.Dict):
                    found += [f"{module.at(node)}: {ast.unparse(k)}" for k in keyword.value.keys if k and _literal(k)]
    assert found == []


def test_every_metric_says_its_unit_and_meaning() -> None:
    """The sentence under the constant is what ``deploy/README.md`` and the dashboards rely on."""
    path = ROOT / "shared/runtime/src/runtime/names.py"
    body = ast.parse(path.read_text(encoding="utf-8")).body
    explained = set()
    for line, following in pairwise(body):
        if isinstance(line, ast.AnnAssign) and isinstance(following, ast.Expr) and isinstance(line.target, ast.Name):
            explained.add(getattr(names, line.target.id))
    assert set(names.METRICS) <= explained


def test_the_dashboards_show_only_metrics_that_exist() -> None:
    """Prometheus writes ``messaging.process.duration`` in seconds as ``messaging_process_duration_seconds``."""
    known = {name.replace(".", "_") for name in names.METRICS}
    for path in sorted((ROOT / "deploy/observability/grafana").rglob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                if "expr" in target:
                    assert any(name in target["expr"] for name in known | {"up", "kafka_", "pg_"}), target["expr"]
