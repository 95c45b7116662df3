"""Raw events for benchmarks: the same for the same arguments, as many as wanted; only the projects' names are kept.

Projects are those of ``plumbline generate`` with the same seed, so their identifiers and entities agree; their
indicators (I1, I2, …) are defined here. One event moves one indicator in one month:

    python -m bench.events --projects 1000 --indicators 10 --count 60000 --seed 7 --definitions > events.ndjson
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from math import gcd
from typing import Any, Final

from contracts.envelope import PREFIX, Envelope
from contracts.portfolio import IndicatorDefined, ObservationCorrected, ObservationRecorded, ProjectSubmitted
from plumbline.generate.draw import Draw
from plumbline.generate.portfolio import Portfolio
from plumbline.generate.timeline import FIRST_MONTH, first_day, last_day

MONTHS: Final = 60
"""Reporting periods of an indicator, January 2021 to December 2025; then they begin again as corrections."""

_NOON: Final = datetime(2026, 9, 30, 12, tzinfo=UTC)
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LEVELS: Final = ("1", "2", "1", "2", "3")


def project_definitions(projects: int, indicators_per_project: int, seed: int) -> Iterator[tuple[str, Envelope]]:
    """What must be known before the updates: each project, then its indicators."""
    portfolio = Portfolio(seed)
    last = str(_month(MONTHS - 1)[1])
    number = 0
    for index in range(projects):
        project = portfolio.project(index)
        entity, identifier = project.entity.ref, project.identifier
        countries = [(c.code, share) for c, share in project.countries]
        state: dict[str, Any] = {
            "project_id": identifier,
            "entity": entity,
            "entity_name": project.entity.name,
            "title": {"en": project.title},
            "status": str(project.status),
            "dates": {"planned_start": str(first_day(FIRST_MONTH)), "planned_end": last},
            "allocations": [
                *({"dim": "PILLAR", "code": code, "ppm": ppm} for code, ppm in _ppm(project.pillars)),
                *({"dim": "COUNTRY", "code": code, "ppm": ppm} for code, ppm in _ppm(countries)),
            ],
            "budgets": [
                {"period_start": str(b.start), "period_end": str(b.end), "amount": str(b.amount),
                 "currency": project.currency, "value_date": str(b.start)}
                for b in project.budgets
            ],
            "demonstration": True,
        }  # fmt: skip
        yield identifier, _envelope(ProjectSubmitted.TYPE, entity, identifier, identifier, state, seed, "d", number)
        number += 1
        for which in range(indicators_per_project):
            baseline, target = _goal(which)
            defined: dict[str, Any] = {
                "project_id": identifier,
                "indicator_id": f"I{which + 1}",
                "result_id": f"R{which % len(_LEVELS) + 1}",
                "result_type": _LEVELS[which % len(_LEVELS)],
                "title": {"en": f"Indicator {which + 1}"},
                "measure": "1",
                "ascending": target > baseline,
                "accumulation": "CUMULATIVE" if target > baseline else "POINT_IN_TIME",
                "baselines": [{"year": 2021, "iso_date": "2021-01-01", "value": str(baseline)}],
                "targets": [
                    {"period_start": "2021-01-01", "period_end": str(_month(MONTHS - 1)[1]), "value": str(target)}
                ],
            }
            subject = f"{identifier}/indicator/I{which + 1}"
            yield identifier, _envelope(IndicatorDefined.TYPE, entity, identifier, subject, defined, seed, "d", number)
            number += 1


def indicator_updates(
    projects: int,
    indicators_per_project: int,
    count: int,
    seed: int,
    *,
    duplicates: float = 0.0,
    corrections: float = 0.0,
) -> Iterator[tuple[str, Envelope]]:
    """``count`` events with their project: every indicator moves once before any moves again, in a mixed order.

    A share of ``duplicates`` are earlier events sent once more, byte for byte; a share of ``corrections``
    give another value for what an earlier event said.
    """
    stream = _Updates(projects, indicators_per_project, seed)
    draw = Draw("bench", seed)
    fresh = number = 0
    for _ in range(count):
        fate = draw.random()
        if fresh and fate < duplicates:
            yield stream.event(max(0, fresh - draw.whole(1, 1000)))
        elif fresh and fate < duplicates + corrections:
            yield stream.correction(max(0, fresh - draw.whole(1, 1000)), number)
            number += 1
        else:
            yield stream.event(fresh)
            fresh += 1


class _Updates:
    """The events of one seed by number; each is made from its number alone."""

    def __init__(self, projects: int, indicators_per_project: int, seed: int) -> None:
        self._each, self._seed = indicators_per_project, seed
        self._owners = [
            (entity.ref, identifier) for entity, identifier in map(Portfolio(seed).identity, range(projects))
        ]
        self._size = projects * indicators_per_project
        # A step near the golden section, without a common factor, visits every indicator once in a mixed order.
        self._step = next(
            s for s in range(max(1, int(self._size * 0.618)), 2 * self._size + 2) if gcd(s, self._size) == 1
        )

    def event(self, number: int) -> tuple[str, Envelope]:
        """The update with this number."""
        data, entity, project = self._observation(number, 0)
        kind = ObservationRecorded.TYPE if data["revision"] == 1 else ObservationCorrected.TYPE
        subject = f"{project}/indicator/{data['indicator_id']}"
        return project, _envelope(kind, entity, project, subject, data, self._seed, "u", number)

    def correction(self, number: int, which: int) -> tuple[str, Envelope]:
        """Another value for what the update with this number said."""
        data, entity, project = self._observation(number, 1 + which % 9)
        subject = f"{project}/indicator/{data['indicator_id']}"
        kind = ObservationCorrected.TYPE
        return project, _envelope(kind, entity, project, subject, data, self._seed, "c", which)

    def _observation(self, number: int, shift: int) -> tuple[dict[str, Any], str, str]:
        turn, place = divmod(number, self._size)
        owner, which = divmod(place * self._step % self._size, self._each)
        entity, project = self._owners[owner]
        again, month = divmod(turn, MONTHS)
        start, end = _month(month)
        baseline, target = _goal(which)
        # Each project goes its own share of the way, so that figures differ; a correction lands beside it.
        share = (month + 1) / MONTHS * (0.5 + (owner * 37 % 64) / 100) + shift / 100
        data = {
            "project_id": project,
            "indicator_id": f"I{which + 1}",
            "period": {"start": str(start), "end": str(end)},
            "revision": 1 + again + (shift > 0),
            "value": f"{baseline + (target - baseline) * share:.2f}",
            "source_type": "VERIFIED_ADMIN",
            "evidence": [f"doc-{number % 9973}"],
            "comment": "From the register of the competent authority.",
        }
        return data, entity, project


def _month(number: int) -> tuple[date, date]:
    return first_day(FIRST_MONTH + number), last_day(FIRST_MONTH + number)


def _goal(which: int) -> tuple[int, int]:
    """Baseline and target of the n-th indicator; every third one descends."""
    size = 100 + which % 7 * 50
    return (size, size // 4) if which % 3 == 2 else (0, size)


def _ppm(shares: list[tuple[Any, str]]) -> list[tuple[str, int]]:
    """Percentages as parts per million that add up to a million, the first part taking what rounding leaves."""
    parts = [(str(code), round(float(share) * 10_000)) for code, share in shares]
    missing = 1_000_000 - sum(ppm for _, ppm in parts)
    return [(code, ppm + (missing if n == 0 else 0)) for n, (code, ppm) in enumerate(parts)]


def _envelope(
    kind: str, entity: str, project: str, subject: str, data: dict[str, Any], seed: int, series: str, number: int
) -> Envelope:
    time = _NOON + timedelta(milliseconds=number)
    return Envelope(
        id=_ulid(time, f"{seed}/{series}/{number}"),
        source=f"/bench/{entity}",
        type=PREFIX + kind,
        subject=f"project/{subject}",
        time=time,
        partitionkey=project,
        data=json.dumps(data, separators=(",", ":")).encode(),
    )


def _ulid(time: datetime, name: str) -> str:
    """An identifier in the form of a ULID, drawn from the event's own name instead of chance."""
    number = int(time.timestamp() * 1000) << 80 | int.from_bytes(blake2b(name.encode(), digest_size=10).digest(), "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -5, -5))


def main() -> None:
    """Write events as one structured CloudEvent a line."""
    parser = argparse.ArgumentParser(prog="python -m bench.events", description="Raw indicator updates for benchmarks.")
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--indicators", type=int, default=10, help="of each project")
    parser.add_argument("--count", type=int, default=60_000, help="updates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duplicates", type=float, default=0.0, help="share of updates sent twice, e.g. 0.05")
    parser.add_argument("--corrections", type=float, default=0.0, help="share that corrects an earlier one")
    parser.add_argument("--definitions", action="store_true", help="projects and indicators before the updates")
    parser.add_argument("--entity", help="only this entity's events, e.g. XM-DEMO-1")
    asked = parser.parse_args()
    if min(asked.projects, asked.indicators) < 1 or asked.count < 0:
        parser.error("--projects and --indicators are 1 or more, --count is 0 or more")
    if asked.definitions:
        _print(project_definitions(asked.projects, asked.indicators, asked.seed), asked.entity)
    updates = indicator_updates(
        asked.projects, asked.indicators, asked.count, asked.seed,
        duplicates=asked.duplicates, corrections=asked.corrections,
    )  # fmt: skip
    _print(updates, asked.entity)


def _print(events: Iterator[tuple[str, Envelope]], entity: str | None) -> None:
    for _, envelope in events:
        if entity is None or envelope.source.endswith(f"/{entity}"):
            sys.stdout.write(json.dumps(envelope.to_structured(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        # The reader of the pipe has had enough (`… | head`); nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
