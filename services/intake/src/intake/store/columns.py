"""How columns of many rows are sent."""

from __future__ import annotations


def unless_empty(column: list[str | None]) -> list[str | None] | None:
    """A column to unnest; one of nulls alone is not sent, because asyncpg looks at every element thrice."""
    return column if any(value is not None for value in column) else None
