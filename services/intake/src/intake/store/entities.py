"""Entities and the references their data may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entity:
    """A registered entity; ``names`` are the references its data may use."""

    ref: str
    name: str
    names: frozenset[str]


async def every(conn: Any) -> dict[str, Entity]:
    """Every registered entity by reference."""
    rows = await conn.fetch("select ref, name, also from entity order by ref")
    return {r["ref"]: Entity(r["ref"], r["name"], frozenset([r["ref"], *r["also"]])) for r in rows}


async def save(conn: Any, ref: str, name: str, also: Sequence[str]) -> None:
    """Register an entity, or rename it."""
    await conn.execute(
        "insert into entity (ref, name, also) values ($1, $2, $3)"
        " on conflict (ref) do update set name = excluded.name, also = excluded.also",
        ref,
        name,
        list(also),
    )
