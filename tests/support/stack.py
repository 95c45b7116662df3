"""Helpers around the embedded stack; the fixtures that use them are in ``tests/conftest.py``."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from plumbline.stack import Stack
from plumbline.stack.layout import HOST, Ports
from runtime.migrate import migrate
from runtime.settings import Settings


def free_port_base() -> int:
    """A base whose ports are all free now, below the range systems hand out by themselves."""
    chooser = random.SystemRandom()
    width = len(Ports.__dataclass_fields__)
    while True:
        base = chooser.randrange(12_000, 31_000)
        if all(_free(base + place) for place in range(width)):
            return base


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database of one test's own."""

    name: str
    run_dsn: str
    owner_dsn: str


async def fresh_database(stack: Stack, package: str) -> Database:
    """A new database with a service's migrations applied, cloned from a template migrated once.

    The run role is the service's own: it owns nothing, and row-level security holds for it.
    """
    owner = f"{package}_owner"
    template = f"template_{package}"
    admin = await asyncpg.connect(stack.postgres.superuser_dsn())
    try:
        # One test at a time makes the template, and nobody may be connected to it while it is copied.
        await admin.execute("select pg_advisory_lock(7401)")
        if not await admin.fetchval("select true from pg_database where datname = $1", template):
            await admin.execute(f"create database {template} owner {owner}")
            await migrate(stack.postgres.dsn(template, owner), package, package)
        name = f"test_{package}_{uuid4().hex[:12]}"
        await admin.execute(f"create database {name} template {template} owner {owner}")
    finally:
        await admin.close()
    return Database(name, stack.postgres.dsn(name, package), stack.postgres.dsn(name, owner))


def settings(stack: Stack, package: str, database: Database | None = None, **more: object) -> Settings:
    """A service's settings in this stack, as its environment would give them."""
    from plumbline.stack.services import environment_of

    found = environment_of(package, stack.layout, stack.ports, viewer=False)
    values: dict[str, object] = {
        key.removeprefix("PLUMBLINE_").lower(): value for key, value in found.items() if key.startswith("PLUMBLINE_")
    }
    if database is not None:
        for which, dsn in (("database_url", database.run_dsn), ("database_owner_url", database.owner_dsn)):
            parts = urlsplit(dsn)
            user = parts.username or ""
            values[which] = urlunsplit(parts._replace(netloc=f"{user}@{parts.hostname}:{parts.port}"))
    return Settings.model_validate({**values, **more})


def secret_file(stack: Stack, name: str) -> Path:
    """The file of one of the stack's secrets."""
    return stack.layout.secrets.path(name)
