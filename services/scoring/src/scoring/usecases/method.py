"""The version of the method that figures are computed by (ADR 0078)."""

from __future__ import annotations

from runtime.db import Tx
from scoring.domain.method import FIRST_METHOD, Method


async def in_force(tx: Tx) -> Method:
    """The method figures stand under now."""
    return FIRST_METHOD
