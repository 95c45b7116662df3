"""Numbered SQL files, applied once, in order, by the owner role."""

from __future__ import annotations

import hashlib
import logging
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import asyncpg

from runtime.errors import ConfigError

log = logging.getLogger(__name__)
_LOCK: Final = 0x504C554D  # one migration at a time per database


async def migrate(dsn: str, package: str, run_role: str) -> list[str]:
    """Apply the runtime's and the package's pending migrations; returns the names applied.

    The run role is granted what it needs to read and write rows, and owns nothing. A file that changed
    after it was applied raises ConfigError: history is not edited. Locks wait 5 s at most.
    """
    connection = await asyncpg.connect(dsn, server_settings={"lock_timeout": "5s", "statement_timeout": "60s"})
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "create table if not exists migration"
            " (name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
        )
        applied = {row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from migration")}
        names = []
        for name, text in [*_scripts("runtime", "sql"), *_scripts(package, "migrations")]:
            digest = hashlib.sha256(text.encode()).hexdigest()
            if name in applied:
                if applied[name] != digest:
                    raise ConfigError(f"{name} was changed after it was applied: add a new migration instead")
                continue
            async with connection.transaction():
                await connection.execute(text)
                await connection.execute("insert into migration (name, sha256) values ($1, $2)", name, digest)
            names.append(name)
            log.info("applied %s", name)
        # Grants are renewed every time, so that a table added by hand cannot be forgotten.
        role = '"' + run_role.replace('"', '""') + '"'
        await connection.execute(f"grant usage on schema public to {role}")
        await connection.execute(
            f"grant select, insert, update, delete on all tables in schema public to {role};"
            f"revoke insert, update, delete on migration, audit from {role};"
            f"grant usage, select on all sequences in schema public to {role}"
        )
        return names
    finally:
        await connection.close()


def _scripts(package: str, folder: str) -> list[tuple[str, str]]:
    root: Traversable = files(package) / folder
    found = sorted((entry for entry in root.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    return [(f"{package}/{entry.name}", entry.read_text()) for entry in found]
