"""The benchmarks' commands: each can be asked how it is used, and is told of; what they lean on is still there."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import sys
from pathlib import Path

import pytest
from bench.events import indicator_updates
from bench.peers.sums import expected, wrong

from bench import stages

BENCH = Path(stages.__file__).parent
COMMANDS = sorted(
    f"bench.{path.parent.name}.__main__" if path.name == "__main__.py" else f"bench.{path.stem}"
    for path in (*BENCH.glob("*.py"), *BENCH.glob("*/__main__.py"))
    if "lab.arguments(" in path.read_text() and path.stem != "lab"
)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_benchmark_says_how_it_is_used_and_the_page_lists_it(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main = importlib.import_module(name).main
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        asyncio.run(main()) if inspect.iscoroutinefunction(main) else main()
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out
    assert f"`python -m {name.removesuffix('.__main__')}" in (BENCH / "README.md").read_text()


@pytest.mark.parametrize("name", sorted({name for names in stages.STAGES.values() for name in names}))
def test_the_stages_of_a_profile_name_functions_that_are_there(name: str) -> None:
    module, _, function = name.partition(":")
    assert importlib.util.find_spec(module.rstrip(".")) is not None
    found = importlib.import_module(module.rstrip("."))
    *owners, last = function.split(".")
    for owner in owners:
        found = getattr(found, owner)
    assert any(attribute.startswith(last) for attribute in dir(found))


def test_a_sample_counts_for_the_innermost_stage() -> None:
    batch = "runtime.delivery.consumer:Consumer._process"
    leaf = ["scoring.domain.numbers:half_even", "scoring.domain.attainment:attainment", "scoring.domain.project:score"]
    assert stages.stage_of([*leaf, "scoring.usecases.applying:_step", batch]) == "leaves and project"
    assert stages.stage_of(["scoring.usecases.applying:_step", batch]) == "the rest of a batch"
    assert stages.stage_of(["asyncio.runners:run"]) == stages.REST


def test_the_right_sums_are_those_of_the_events_and_any_other_is_wrong() -> None:
    events = list(indicator_updates(5, 2, 40, 1))
    sums = expected(events)
    assert sum(count for key, (count, _) in sums.items() if key.startswith("project:")) == 40
    assert sums["source:VERIFIED_ADMIN"][0] == 40
    assert sums["source:VERIFIED_ADMIN"][1] == sum(
        total for key, (_, total) in sums.items() if key.startswith("entity:")
    )
    assert wrong(sums, expected(events)) == 0
    assert wrong(expected([*events, events[0]]), sums) == 5  # one event twice
    assert wrong({key: found for key, found in sums.items() if not key.startswith("source:")}, sums) == 1
