"""Who sends: entities with the references their data may use, and offices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entity:
    """A sender: a registered entity, or an office. ``names`` are the references its data may use.

    An office is the secretariat, operations or a Member State: it sends over HTTP only, and owns no project. Its
    reference holds a colon, which no entity's may.
    """

    ref: str
    name: str
    names: frozenset[str]
    role: str = "entity"
    country: str = ""


def office(role: str, country: str) -> Entity | None:
    """The office a person of this role speaks for; None for who speaks for none."""
    if role in {"secretariat", "operator"}:
        return Entity(f"role:{role}", role, frozenset(), role)
    if role == "member-state" and country:
        return Entity(f"state:{country}", country, frozenset(), role, country)
    return None


def sender(ref: str, everyone: dict[str, Entity]) -> Entity | None:
    """The entity or office of this reference."""
    kind, _, name = ref.partition(":")
    if kind == "role":
        return office(name, "")
    return office("member-state", name) if kind == "state" else everyone.get(ref)


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
