"""What IATI has no place for, invented beside a portfolio: evaluations, risks, due diligence, effort, needs, duties.

Written as CloudEvents, one a line: ``DIR/judgements/XM-DEMO-1.ndjson`` as its entity says it, and
``DIR/judgements/secretariat.ndjson`` of what no entity says. The same for the same seed, and made without memory of
other projects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

from plumbline.generate.draw import Draw
from plumbline.generate.model import Project
from plumbline.generate.portfolio import Portfolio

SECRETARIAT: Final = "secretariat"
_TODAY: Final = date(2026, 9, 30)
_ENDED: Final = frozenset({3, 4})
_UNDER_WAY: Final = frozenset({2, 3})
_CRITERIA: Final = ("relevance", "coherence", "effectiveness", "efficiency", "impact", "sustainability")
_RISKS: Final = ("human_rights", "fiduciary", "security", "political", "data")
_PREFIX: Final = "org.plumbline."

_SHARING: Final = ("CO", "ID", "JO", "KE", "ML", "NE", "PH")  # Member States that share what they allot, invented

Event = tuple[str, dict[str, Any]]


class JudgementFiles:
    """The files of all senders, written as the projects go by."""

    def __init__(self, out: Path, portfolio: Portfolio) -> None:
        self._folder = out / "judgements"
        self._portfolio = portfolio
        self._streams: dict[str, TextIO] = {}
        self.count = 0

    def write(self, index: int, project: Project) -> None:
        """Append what is said about one project."""
        draw = Draw(self._portfolio.seed, "judgement", index)
        for sender, events in ((project.entity.ref, judged(project, draw)), (SECRETARIAT, needed(project, draw))):
            for n, (type_, data) in enumerate(events):
                self._append(sender, f"{project.identifier}-j{n:02d}", type_, data)

    def close(self) -> None:
        """Append what entities owe, and finish the files."""
        for entity in self._portfolio.words.entities.items:
            for n, (type_, data) in enumerate(owed(entity.ref, Draw(self._portfolio.seed, "duty", entity.ref))):
                self._append(SECRETARIAT, f"{entity.ref}-o{n:02d}", type_, data)
        for country in _SHARING:
            for n, (type_, data) in enumerate(allotted(country, Draw(self._portfolio.seed, "national", country))):
                self._append(SECRETARIAT, f"{country}-a{n:02d}", type_, data)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the files as they are."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    def _append(self, sender: str, id_: str, type_: str, data: dict[str, Any]) -> None:
        stream = self._streams.get(sender)
        if stream is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            stream = self._streams[sender] = (self._folder / f"{sender}.ndjson").open("w", encoding="utf-8")
        stream.write(_line(sender, id_, type_, data))
        self.count += 1


def _line(sender: str, id_: str, type_: str, data: dict[str, Any]) -> str:
    event = {
        "specversion": "1.0", "id": id_, "source": f"/demonstration/{sender}", "type": _PREFIX + type_,
        "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def judged(project: Project, draw: Draw) -> Iterator[Event]:
    """What the entity itself says of its project."""
    yield from _risks(project, draw)
    if draw.chance(0.2):
        status = draw.pick(("IN_PROGRESS", "CLEARED", "CLEARED", "CLEARED_WITH_MITIGATION"))
        data = {"project_id": project.identifier, "hrddp_id": "HRDDP-1", "status": status}
        yield "hrddp.decided.v1", data | {"reviewed_on": str(_TODAY - timedelta(days=draw.whole(10, 400)))}
    yield from _effort(project, draw)
    if project.status in _ENDED and draw.chance(0.92):
        yield from _evaluation(project, draw)


def _risks(project: Project, draw: Draw) -> Iterator[Event]:
    """Nine in ten keep a register, with up to three open risks."""
    if not draw.chance(0.9):
        return
    for n in range(draw.whole(1, 3)):
        likelihood, impact = draw.whole(1, 5), draw.whole(2, 5)
        mitigation = draw.pick(("NONE", "PLANNED", "IMPLEMENTED", "IMPLEMENTED", "IMPLEMENTED"))
        yield (
            "risk.assessed.v1",
            {
                "project_id": project.identifier,
                "risk_id": f"R{n + 1}",
                "category": draw.pick(_RISKS),
                "likelihood": likelihood,
                "impact": impact,
                "residual_likelihood": draw.whole(1, likelihood),
                "residual_impact": impact,
                "mitigation": mitigation,
                "owner": "Programme manager" if draw.chance(0.9) else None,
                "reviewed_on": str(_TODAY - timedelta(days=draw.whole(5, 300))),
            },
        )


def _effort(project: Project, draw: Draw) -> Iterator[Event]:
    """Person-days by pillar, for each whole year the project ran."""
    if project.actual_start is None:
        return
    for year in range(project.actual_start.year, min((project.actual_end or _TODAY).year, _TODAY.year) + 1):
        for pillar, share in project.pillars:
            days = round(draw.spread(40, 420) * float(share) / 100, 1)
            yield (
                "effort.reported.v1",
                {
                    "project_id": project.identifier,
                    "period": {"start": f"{year}-01-01", "end": f"{year}-12-31"},
                    "pillar": pillar,
                    "person_days": str(days),
                },
            )


def _evaluation(project: Project, draw: Draw) -> Iterator[Event]:
    middle = draw.around(4.2, 1.6)
    ratings = {
        name: min(6, max(1, round(draw.around(middle, 1.4)))) for name in _CRITERIA if name == "effectiveness" or
        draw.chance(0.9)
    }  # fmt: skip
    done = (project.actual_end or project.planned_end) + timedelta(days=draw.whole(20, 120))
    yield (
        "evaluation.published.v1",
        {
            "project_id": project.identifier,
            "evaluation_id": "EV-1",
            "stage": draw.pick(("FINAL", "FINAL", "MIDTERM")),
            "independence": draw.pick(("INDEPENDENT", "INDEPENDENT", "EXTERNAL", "SELF")),
            "scale": 6,
            "ratings": ratings,
            "completed_on": str(min(done, _TODAY)),
        },
    )
    quality = draw.pick((3, 4, 4, 5, 5, 6))
    yield "evaluation.quality-rated.v1", {
        "project_id": project.identifier, "evaluation_id": "EV-1", "quality": quality,
        "rated_by": "Quality panel (demonstration)",
    }  # fmt: skip
    for n in range(draw.whole(0, 3)):
        due = _TODAY - timedelta(days=draw.whole(-200, 400))
        implemented = draw.chance(0.6) and due <= _TODAY
        yield (
            "recommendation.status-changed.v1",
            {
                "project_id": project.identifier,
                "evaluation_id": "EV-1",
                "recommendation_id": f"EV-1/{n + 1}",
                "response": draw.pick(("ACCEPTED", "ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED")),
                "due_on": str(due),
                "implemented_on": str(due) if implemented else None,
            },
        )


def needed(project: Project, draw: Draw) -> Iterator[Event]:
    """A need of one of the project's countries, and how much of it the project meets; for one project in four."""
    if not project.countries or not project.pillars or not draw.chance(0.25):
        return
    country, _ = project.countries[0]
    need, pillar = f"N-{project.identifier}", project.pillars[0][0]
    yield (
        "need.registered.v1",
        {
            "need_id": need,
            "country": country.code,
            "entity": project.entity.ref,
            "pillar": pillar,
            "severity": draw.whole(1, 4),
            "priority": draw.whole(1, 3),
            "source": "Joint plan (demonstration)",
            "classification": "compact",
            "consented": True,
            "demonstration": True,
        },
    )
    if project.status in _UNDER_WAY or draw.chance(0.5):
        yield (
            "need.support-linked.v1",
            {
                "need_id": need,
                "country": country.code,
                "project_id": project.identifier,
                "adequacy": draw.pick((250_000, 500_000, 750_000, 1_000_000)),
                "rationale": "Agreed by the country team (demonstration)",
            },
        )


def allotted(country: str, draw: Draw) -> Iterator[Event]:
    """What a State itself allots to each pillar in two years, and a rest that serves none in particular."""
    for year in (2024, 2025):
        for pillar in ("P1", "P2", "P3", "P4", None):
            most = {"P2": 40_000_000, "P4": 3_000_000, None: 2_000_000}.get(pillar, 12_000_000)
            yield "national.resources-allocated.v1", {
                "country": country, "year": year, "pillar": pillar, "amount": str(draw.whole(most // 10, most)),
                "currency": "USD", "value_date": f"{year}-07-01", "classification": "public", "demonstration": True,
            }  # fmt: skip


def owed(entity: str, draw: Draw) -> Iterator[Event]:
    """An entity's annual reports of three years, some late, the last perhaps still out."""
    for year in (2024, 2025, 2026):
        obligation, due = f"AR-{year}-{entity}", date(year, 3, 31)
        yield "obligation.scheduled.v1", {
            "obligation_id": obligation, "entity": entity, "kind": "annual report", "due_on": str(due),
            "demonstration": True,
        }  # fmt: skip
        if year < 2026 or draw.chance(0.7):
            received = due + timedelta(days=draw.pick((-20, -3, 0, 0, 12, 30, 75)))
            yield "report.received.v1", {
                "obligation_id": obligation, "entity": entity, "received_on": str(received),
            }  # fmt: skip
