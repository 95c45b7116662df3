"""What a figure was, why it was revised, a snapshot of it, and everything made again: by the command, of the system."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.people import Entity, Person

from plumbline.__main__ import main
from plumbline.stack import Stack

pytestmark = pytest.mark.stack


def said(stack: Stack, *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a call of the command."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        main([*arguments, "--data-dir", str(stack.layout.root)])
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


def told(stack: Stack, *arguments: str) -> dict[str, Any]:
    """The JSON of a call that must succeed."""
    status, out, err = said(stack, *arguments, "--json")
    assert status == 0, out + err
    found: dict[str, Any] = json.loads(out)
    return found


async def test_a_figure_is_found_again_and_its_revisions_add_up(
    system: Stack, entity: Entity, secretariat: Person
) -> None:
    scope = f"project:{entity.user}-P1"
    entity.publish(entity.project(), entity.indicator(), entity.observation("40"))
    first = await secretariat.figure_of("M4", scope, 400_000)
    entity.publish(entity.observation("30", type_="observation.corrected.v1"))
    await secretariat.figure_of("M4", scope, 300_000)

    then = told(system, "metric", "M4", "--scope", scope, "--known-as-of", first["known_as_of"])
    assert (then["value"], then["source"]) == (400_000, "history")
    again = told(
        system, "metric", "M4", "--scope", scope, "--known-as-of", first["known_as_of"], "--valid-as-of", "2025-12-31"
    )
    assert (again["value"], again["source"]) == (400_000, "replay")
    before = told(system, "metric", "M4", "--scope", scope, "--valid-as-of", "2024-06-30")
    assert before["value"] is None
    tree = told(system, "explain", "M4", "--scope", scope, "--known-as-of", first["known_as_of"])
    assert tree["value"] == 400_000

    # The portal's own door says the same.
    asked = {"scope": scope, "known_as_of": first["known_as_of"]}
    assert (await secretariat.get("portal-gateway", "/api/v1/metrics/M4", **asked))["value"] == 400_000
    at_the_door = await secretariat.get("portal-gateway", "/api/v1/revisions/M4", scope=scope)
    assert at_the_door["items"][-1]["effect"] == -100_000

    found = told(system, "revisions", "M4", "--scope", scope)
    assert sum(r["effect"] for r in found["items"] if r["effect"] is not None) == found["total"]
    assert (found["items"][-1]["cause"]["kind"], found["items"][-1]["effect"]) == ("CORRECTION", -100_000)
    status, out, _ = said(system, "revisions", "M4", "--scope", scope)
    assert status == 0
    assert "CORRECTION" in out


async def test_a_snapshot_is_made_shown_and_verified(system: Stack, entity: Entity, secretariat: Person) -> None:
    scope = f"project:{entity.user}-P1"
    entity.publish(entity.project(), entity.indicator(), entity.observation("40"))
    await secretariat.figure_of("M4", scope, 400_000)
    name, today = f"test-{entity.user}", datetime.now(UTC).date().isoformat()
    made = told(system, "snapshot", "create", "--valid-to", today, "--id", name)
    assert any(key.startswith("plumbline.portfolio.v1-") for key in made["watermark"])
    entity.publish(entity.observation("90"))
    await secretariat.figure_of("M4", scope, 900_000)
    assert told(system, "snapshot", "show", name, "M4", "--scope", scope)["value"] == 400_000
    verified = told(system, "snapshot", "verify", name)
    assert (verified["digest_holds"], verified["signature_holds"]) == (True, True)
    assert name in said(system, "snapshot", "list")[1]
    status, _, err = said(system, "snapshot", "create", "--valid-to", today, "--id", name)
    assert (status, "choose another id" in err) == (1, True)


async def test_everything_is_made_again_from_the_log(system: Stack, entity: Entity, secretariat: Person) -> None:
    entity.publish(entity.project(), entity.indicator(), entity.observation("40"))
    await secretariat.figure_of("M4", f"project:{entity.user}-P1", 400_000)
    found = told(system, "rebuild")
    assert found["standing"] == found["rebuilt"]
    assert found["facts"] >= 3
    assert (found["mended_projects"], found["mended_cells"]) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("metric", "M4", "--known-as-of", "soon"), "write a day as 2026-03-31"),
        (("metric", "M4", "--known-as-of", "2199-01-01"), "Take a day that has begun"),
        (("metric", "M4", "--method-version", "9.9.9"), "plumbline method show"),
        (("revisions", "M4", "--from", "2026-02-02", "--to", "2026-02-01"), "is not before"),
        (("snapshot", "verify", "none"), "GET /v1/snapshots lists all"),
        (("rebuild", "--as", "secretariat"), "operator"),
    ],
)
async def test_errors_name_the_remedy(system: Stack, arguments: tuple[str, ...], remedy: str) -> None:
    status, _, err = said(system, *arguments)
    assert (status, remedy in err) == (1, True), err
