"""Nothing leaves a service except through the outbox, and nothing enters it except through ``runtime.delivery``.

Why: an event published beside the transaction is lost when the process dies after the commit, and lies when it
dies before. The broker's client libraries are therefore the runtime's alone; so is the commit.
The ``plumbline`` command may produce: it is a producer, as an entity's system is.
"""

from __future__ import annotations

import ast
from typing import Final

from tests.support.sources import Module, modules

_CLIENTS: Final = {"aiokafka", "faststream", "confluent_kafka"}
_PUBLISHING: Final = {"publish", "publish_batch", "send_and_wait", "send_batch"}


def _imported(node: ast.AST) -> set[str]:
    match node:
        case ast.Import(names=names):
            return {name.name.split(".")[0] for name in names}
        case ast.ImportFrom(module=str(name), level=0):
            return {name.split(".")[0]}
    return set()


def _calls(module: Module, names: set[str]) -> list[str]:
    return [
        f"{module.at(node)}: {node.func.attr}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


def test_no_service_imports_a_client_of_kafka() -> None:
    found = [
        f"{module.at(node)}: {sorted(_imported(node) & _CLIENTS)}"
        for module in modules("services", "shared/contracts")
        for node in ast.walk(module.tree)
        if _imported(node) & _CLIENTS
    ]
    assert found == []


def test_no_service_publishes() -> None:
    assert [call for module in modules("services") for call in _calls(module, _PUBLISHING)] == []


def test_the_runtimes_relay_is_the_only_producer() -> None:
    found = {
        module.name
        for module in modules("shared/runtime")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "AIOKafkaProducer"
    }
    assert found == {"shared/runtime/src/runtime/kafka.py"}


def test_no_service_commits_or_acknowledges() -> None:
    """One transaction a batch or a request, opened and ended at the edge, in ``runtime.db``."""
    ends = {"commit", "rollback", "ack", "nack", "start_transaction"}
    assert [call for module in modules("services") for call in _calls(module, ends)] == []
