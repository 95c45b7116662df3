"""Identifiers made by the thousand."""

from __future__ import annotations

import re
import time

import pytest

from runtime import ids


def test_they_are_ulids_of_this_moment_and_only_rise() -> None:
    before = time.time_ns() // 1_000_000
    made = [ids.new_id() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert all(re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", one) for one in made)
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    instant = 0
    for digit in made[0][:10]:
        instant = instant * 32 + digits.index(digit)
    assert before <= instant <= time.time_ns() // 1_000_000


def test_a_clock_set_back_does_not_turn_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ids.Ulids()
    first = made.new()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000_000_000_000)
    assert made.new() > first
