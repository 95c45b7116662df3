"""A release of the method by the command: on its day the system switches to it by itself, and by hand back again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.test_vintages import said, told
from tests.support.people import Entity, Person
from tests.support.waiting import until

from plumbline.stack import Stack

pytestmark = pytest.mark.stack

VERSION = "1.0.0-as-before"
"""A release that changes so little that the figures of others are what they were."""


async def test_a_release_is_in_force_on_its_day_and_left_by_hand(
    system: Stack, entity: Entity, secretariat: Person, tmp_path: Path
) -> None:
    scope = f"project:{entity.user}-P1"
    entity.publish(entity.project(), entity.indicator(), entity.observation("40"))
    before = await secretariat.figure_of("M4", scope, 400_000)
    release = tmp_path / "release.json"
    parameters = {"duplicate.queue": "0.9501"}
    release.write_text(json.dumps({"version": VERSION, "effective_from": "2026-01-01", "parameters": parameters}))
    assert told(system, "method", "release", str(release))["outcome"] == "accepted"

    async def in_force() -> Any:
        found = await secretariat.get("portal-gateway", "/api/v1/method")
        return found if found["method_version"] == VERSION else None

    shown = await until(in_force, what=f"{VERSION} in force")
    assert [p["name"] for p in shown["parameters"] if p["differs"]] == ["duplicate.queue"]
    try:
        entity.publish(entity.observation("50", type_="observation.corrected.v1"))
        after = await secretariat.figure_of("M4", scope, 500_000)
        assert (before["method_version"], after["method_version"]) == ("1.0.0", VERSION)
        old = told(system, "metric", "M4", "--scope", scope, "--method-version", "1.0.0")
        assert (old["value"], old["method_version"], old["source"]) == (500_000, "1.0.0", "replay")
    finally:
        back = told(system, "rebuild", "--method", "1.0.0")
    assert back["method_version"] == "1.0.0"
    assert told(system, "method", "show")["method_version"] == "1.0.0"
    status, out, _ = said(system, "method", "show")
    assert status == 0
    assert out.startswith("in force: 1.0.0 since")


def test_a_release_that_cannot_be_meant_is_refused_with_every_fault(system: Stack, tmp_path: Path) -> None:
    release = tmp_path / "release.toml"
    release.write_text('version = "2"\neffective_from = 2026-01-01\n[parameters]\n"risk.high" = "99"\nluck = "1"\n')
    status, _, err = said(system, "method", "release", str(release))
    assert status == 1
    assert "data/parameters/risk.high" in err
    assert "data/parameters/luck" in err
