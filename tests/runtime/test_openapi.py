"""Every operation of every service does what its OpenAPI document says, whatever it is sent (schemathesis)."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given
from hypothesis.errors import Unsatisfiable
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as of_openapi
from schemathesis.specs.openapi.schemas import OpenApiSchema
from tests.support.gateway import serving
from tests.support.people import token
from tests.support.portfolio import everything
from tests.support.stack import fresh_database, settings

from plumbline.stack import Stack

pytestmark = pytest.mark.stack

CHECKS = [
    checks.not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.response_schema_conformance,
]


@dataclass(frozen=True, slots=True)
class Door:
    """Where a service answers, and what it says of itself."""

    address: str
    document: dict[str, Any]


@asynccontextmanager
async def _open(stack: Stack, package: str) -> AsyncIterator[str]:
    """A service at an address of its own, without consumers."""
    own = importlib.import_module(f"{package}.settings").Settings
    given_ = own.model_validate(settings(stack, package, await fresh_database(stack, package)).model_dump())
    if package == "scoring":
        given_ = own.model_validate(given_.model_dump() | {"snapshot_key_file": given_.audit_key_file})
    service = await importlib.import_module(f"{package}.app").build(given_)
    server = uvicorn.Server(uvicorn.Config(service.app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    door = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110  uvicorn says so by this flag alone
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await door
        await service.verifier.close()
        await service.database.close()


@pytest.fixture(scope="module")
async def doors(stack: Stack) -> AsyncIterator[dict[str, Door]]:
    """The four services, the gateway asking the three others; it knows a portfolio."""
    async with AsyncExitStack() as opened, httpx.AsyncClient(trust_env=False) as http:
        others = ("intake", "scoring", "notifier")
        found = {name: await opened.enter_async_context(_open(stack, name)) for name in others}
        many = dict.fromkeys(("rate_commands", "rate_searches", "rate_exports"), 1_000_000)
        urls = {f"{name}_url": address for name, address in found.items()}
        gateway = await opened.enter_async_context(serving(stack, **urls, **many, stream_per_person=1000))
        # A stream that ends at once can be read to its end.
        state = gateway.service.app.state
        state.settings = state.settings.model_copy(update={"stream_lifetime_s": 0})
        await gateway.tell(*everything())
        found["portal_gateway"] = gateway.address
        yield {name: Door(at, (await http.get(f"{at}/openapi.json")).json()) for name, at in found.items()}


def _tried(operation: Any, mode: GenerationMode, who: dict[str, str], examples: int) -> None:
    """Send an operation what its document allows, or what it does not, and hold each answer to the document."""

    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        case.call_and_validate(headers=who, checks=CHECKS, timeout=30)

    holds()


def _refuted(door: Door, bearer: dict[str, dict[str, str]], examples: int) -> list[str]:
    """What any operation answered that its document does not say; runs beside the services' own event loop."""
    config = SchemathesisConfig()
    config.projects.default.base_url = door.address
    # Its module is imported with this one: schemathesis would import it here, beside the services' threads, and
    # Python 3.11 may fail at the second of two sources parsed at once (SystemError, CPython issue 106905).
    schema: OpenApiSchema = schemathesis.openapi.from_dict(door.document, config=config)
    wrong: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        who = bearer["operator" if "operations" in (operation.definition.raw.get("tags") or ()) else "secretariat"]
        for mode in GenerationMode:
            try:
                _tried(operation, mode, who, examples)
            except Unsatisfiable:
                continue  # an operation without parameters has no wrong ones
            except BaseExceptionGroup as faults:
                wrong += [f"{operation.label} ({mode.value}): {fault}" for fault in faults.exceptions]
            except Exception as error:  # noqa: BLE001  whatever is raised is told, and the next one is tried
                wrong.append(f"{operation.label} ({mode.value}): {error!r}")
    return wrong


@pytest.mark.parametrize("package", ["intake", "scoring", "notifier", "portal_gateway"])
@pytest.mark.parametrize("examples", [3, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
async def test_every_operation_answers_as_it_is_documented(
    stack: Stack, doors: dict[str, Door], package: str, examples: int
) -> None:
    bearer = {user: {"Authorization": f"Bearer {token(stack, user)}"} for user in ("operator", "secretariat")}
    wrong = await asyncio.to_thread(_refuted, doors[package], bearer, examples)
    assert not wrong, "\n\n".join(wrong)
