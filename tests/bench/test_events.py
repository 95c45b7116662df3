"""The benchmarks' events: valid by their contracts, repeatable, and spread evenly over the indicators."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from bench.events import indicator_updates, project_definitions

from contracts.catalogue import BY_TYPE
from contracts.envelope import PREFIX, from_headers
from contracts.portfolio import ObservationRecorded
from plumbline.generate.portfolio import Portfolio


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (40, 5)])
def test_every_indicator_moves_once_before_any_moves_again(size: tuple[int, int]) -> None:
    each = size[0] * size[1]
    events = list(indicator_updates(*size, each * 3, 7))
    for turn in range(3):
        keys = {(project, e.subject) for project, e in events[turn * each : (turn + 1) * each]}
        assert len(keys) == each
    assert len({e.id for _, e in events}) == len(events)
    keys = {e.data.partition(b'"revision"')[0] for _, e in events}
    assert len(keys) == len(events)  # and each time in another period


def test_events_are_the_same_for_the_same_arguments() -> None:
    assert list(indicator_updates(10, 4, 200, 3)) == list(indicator_updates(10, 4, 200, 3))
    assert list(islice(indicator_updates(10, 4, 9000, 3), 200)) == list(indicator_updates(10, 4, 200, 3))
    assert list(indicator_updates(10, 4, 200, 3)) != list(indicator_updates(10, 4, 200, 4))


def test_events_are_valid_and_speak_of_generated_projects() -> None:
    portfolio = Portfolio(5)
    owners = {identifier: entity.ref for entity, identifier in map(portfolio.identity, range(30))}
    defined: set[tuple[str, str]] = set()
    for project, envelope in project_definitions(30, 3, 5):
        payload = BY_TYPE[envelope.type.removeprefix(PREFIX)].model_validate_json(envelope.data)
        assert envelope.source.endswith(f"/{owners[project]}")
        for dim in ("PILLAR", "COUNTRY"):
            assert sum(a.ppm for a in getattr(payload, "allocations", []) if a.dim == dim) in {0, 1_000_000}
        defined.add((project, getattr(payload, "indicator_id", "")))
    for project, envelope in indicator_updates(30, 3, 500, 5):
        again = from_headers({k: v.decode() for k, v in envelope.to_headers()}, envelope.data)
        assert again == envelope
        observation = ObservationRecorded.model_validate_json(envelope.data)
        assert envelope.partitionkey == project == observation.project_id
        assert (project, observation.indicator_id) in defined


def test_duplicates_are_the_same_event_and_corrections_another_of_the_same_key() -> None:
    events = [e for _, e in indicator_updates(50, 4, 4000, 1, duplicates=0.05, corrections=0.02)]
    sent = Counter(e.id for e in events)
    assert 150 < sum(n - 1 for n in sent.values()) < 250
    assert len({(e.id, e.data) for e in events}) == len(sent)
    corrected = [e for e in events if "corrected" in e.type]
    assert 50 < len(corrected) < 110
    said = {(e.subject, e.data.partition(b'"revision"')[0]) for e in events if "recorded" in e.type}
    assert all((e.subject, e.data.partition(b'"revision"')[0]) in said for e in corrected)
