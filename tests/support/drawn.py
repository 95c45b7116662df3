"""Payloads by chance, of every type of event that scoring hears: what portfolios are made of.

Few names and few values, so that facts meet: the same indicator is corrected, the same claim taken back, a rate comes
for the one currency that waited for it. Everything follows the contract, as everything does that intake lets through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

Data = dict[str, Any]
Draw = Callable[[Random], Any]
"""Something by chance: some fifty times faster than a strategy of hypothesis, for ten thousand portfolios."""

PROJECTS: Final = ("XM-DEMO-1-A", "XM-DEMO-1-B", "XM-DEMO-2-C")
ENTITIES: Final = ("XM-DEMO-1", "XM-DEMO-2")
NEVER: Final = "XM-DEMO-9-NEVER"
"""A project that others speak of and that never comes."""

_DAYS: Final = (
    "2019-01-01", "2019-06-30", "2019-12-31", "2020-02-29", "2020-05-05", "2020-12-31", "2021-06-30", "2022-01-01",
)  # fmt: skip


def _one(*values: Any) -> Draw:
    """One of these."""
    return lambda chance: chance.choice(values)


def _upto(least: int, most: int) -> Draw:
    return lambda chance: chance.randint(least, most)


def _some(of: Draw, least: int, most: int, key: Callable[[Any], Any] | None = None) -> Draw:
    """A list; of two with the same key, the last."""

    def draw(chance: Random) -> list[Any]:
        found = [of(chance) for _ in range(chance.randint(least, most))]
        return found if key is None else list({key(one): one for one in found}.values())

    return draw


def _with(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Draw:
    """A payload: constants as they stand, the rest by chance, of the optional fields every other one."""

    def draw(chance: Random) -> Data:
        names = {**required, **{name: of for name, of in (optional or {}).items() if chance.random() < 0.5}}
        return {name: of(chance) if callable(of) else of for name, of in names.items()}

    return draw


_projects = _one(*PROJECTS)
_known = _one(*PROJECTS, NEVER)
_entities = _one(*ENTITIES)
_days = _one(*_DAYS)
_numbers = _one("0", "5", "10", "12.5", "50", "100", "-3")
_money = _one("10", "-4", "1000.005", "0")
_currencies = _one("USD", "USD", "EUR", "XOF")
_rarely = _one(*[False] * 5, True)
_truth = _one(True, False)
_indicators = _one("I1", "I2")
_pillars = _one("P1", "P2", "P4")
_classes = _one("public", "public", "compact", "owner", "state:ML")
_SPANS: Final = (
    ("2019-01-01", "2019-12-31"),
    ("2020-01-01", "2020-12-31"),
    ("2020-01-01", "2020-06-30"),
    ("2019-01-01", "2021-12-31"),
    ("2020-02-29", "2020-02-29"),
)
_periods = _one(*({"start": start, "end": end} for start, end in _SPANS))
_places = _one({}, {}, {"location": "ML"}, {"location": "ML", "dimensions": {"sex": "f"}})


def _allocations(chance: Random) -> list[Data]:
    """Shares that come to the whole, or to less; never to more."""
    found = []
    for dim, codes in (
        ("COUNTRY", ("ML", "NE", "KE")),
        ("PILLAR", ("P1", "P2", "P4")),
        ("DAC", ("15210", "15220", "152")),
        ("THEME", ("T1", "T2")),
        ("REGION", ("011", "289")),
    ):
        chosen = chance.sample(codes, chance.randint(0, 2))
        found += [{"dim": dim, "code": code, "ppm": chance.choice((333_333, 500_000))} for code in chosen]
    return found


def _spanning(fields: Mapping[str, Any]) -> Draw:
    """Fields beside the first and the last day of a period."""
    rest = _with(fields)

    def draw(chance: Random) -> Data:
        start, end = chance.choice(_SPANS)
        return {"period_start": start, "period_end": end, **rest(chance)}

    return draw


_budget = _spanning({"type": _one("1", "1", "2"), "amount": _money, "currency": _currencies, "value_date": _days})
_markers = _one(
    *({"scheme": s, "code": "1", "significance": n} for s, n in (("GEM", 0), ("GEM", 2), ("HRM", 3), ("DAC", 1)))
)
A_PROJECT: Final = _with(
    {
        "project_id": _projects,
        "entity": _entities,
        "title": {"en": "A project"},
        "status": _one("1", "2", "2", "2", "3", "4", "5", "6"),
        "allocations": _allocations,
    },
    {
        "dates": _with({"planned_start": "2019-01-01", "planned_end": _days}),
        "pillar_inferred": _truth,
        "budgets": _some(_budget, 0, 2),
        "classification": _classes,
        "demonstration": _truth,
        "supports_security_forces": _truth,
        "markers": _some(_markers, 0, 2),
    },
)
_targets = _spanning({"value": _one(None, "0", "10", "50", "100"), "place": _places})
_indicator = _with(
    {
        "project_id": _projects,
        "indicator_id": _indicators,
        "result_id": _one("R1", "R2"),
        "result_type": _one("1", "2", "3", "9"),
        "measure": _one("1", "1", "2", "4", "5"),
        "targets": _some(_targets, 0, 3),
    },
    {
        "ascending": _truth,
        "kind": _one("REACH", "MAINTAIN", "BAND"),
        "accumulation": _one("CUMULATIVE", "POINT_IN_TIME", "PERIODIC_SUM", "RATIO"),
        "baselines": _some(_with({"value": _numbers, "place": _places}), 0, 2),
        "tol_abs": _numbers,
        "band": {"low": "10", "high": "50"},
        "weight": _upto(1, 3),
        "not_applicable": _rarely,
        "withheld": _rarely,
        "flags": _one([], ["PARTITION_COMPLETE"]),
    },
)
_actual = {"project_id": _projects, "indicator_id": _indicators, "period": _periods}
_observation = _with(
    _actual,
    {
        "place": _places,
        "ordinal": _upto(1, 2),
        "value": _numbers,
        "numerator": _numbers,
        "denominator": _numbers,
        "rubric": _one("PARTIAL", "FULL"),
        "assessor": "A. Reviewer",
        "withheld": _rarely,
        "evidence": _one([], ["doc"]),
        "source_type": _one("SELF", "THIRD_PARTY", "OFFICIAL_STATISTIC"),
    },
)
_transaction = _with(
    {
        "project_id": _projects,
        "transaction_id": _one("t1", "t2"),
        "type": _one("1", "2", "3", "3", "4", "11", "13"),
        "date": _days,
        "amount": _money,
        "currency": _currencies,
        "value_date": _days,
    },
    {"provider": "XM-EX", "receiver_activity_id": _known, "agreement_ref": _one("G1", "G2")},
)
_of_evaluation = {"project_id": _projects, "evaluation_id": _one("e1", "e2")}
_need = _with(
    {
        "need_id": _one("N1", "N2"),
        "country": _one("ML", "NE"),
        "entity": _entities,
        "pillar": _pillars,
        "severity": _upto(1, 4),
        "priority": _upto(1, 3),
        "source": "plan",
    },
    {"theme": "T1", "classification": _classes, "consented": _truth, "withdrawn": _rarely},
)
_levels = ("likelihood", "impact", "residual_likelihood", "residual_impact")
_readings = _with(
    {},
    {
        "direction": "from-values",
        "accumulation": _one("CUMULATIVE", "PERIODIC_SUM"),
        "location_is_total": _truth,
        "zero_means_missing": _truth,
        "percent_as": _one("0-1", "0-100"),
        "period_basis": _one("calendar", "fiscal", "whole-project"),
        "default_pillar": _one({"15210": "P2"}, {"15210": "P4", "15220": "P1"}),
    },
)
_rates = _some(
    _with({"currency": _one("EUR", "XOF"), "valid_from": _days, "units_per_usd": _one("0.8", "605.5", "1.25")}),
    1,
    4,
    key=lambda row: (row["currency"], row["valid_from"]),
)
_claims = _some(
    _with(
        {
            "project_id": _known,
            "result_id": _one(None, "R1"),
            "share": _one(None, 250_000, 571_429, 1_000_000),
            "strength": _one(0, 500_000, 1_000_000),
        }
    ),
    0,
    4,
    key=lambda claim: (claim["project_id"], claim["result_id"]),
)
_provision = {"resolution": _one("R-1", "R-2"), "provision_id": _one("a", "b")}
_owed = {"obligation_id": _one("O1", "O2"), "entity": _entities}

DRAWN: Final[dict[str, Draw]] = {
    "project.submitted.v1": A_PROJECT,
    "project.amended.v1": A_PROJECT,
    "project.status-changed.v1": _with(
        {"project_id": _projects, "to": _one("1", "2", "4", "5", "6")}, {"effective_on": _days}
    ),
    "project.withdrawn.v1": _with({"project_id": _projects}),
    "indicator.defined.v1": _indicator,
    "indicator.target-revised.v1": _indicator,
    "indicator.withdrawn.v1": _with({"project_id": _projects, "indicator_id": _indicators}),
    "observation.recorded.v1": _observation,
    "observation.corrected.v1": _observation,
    "observation.retracted.v1": _with(_actual, {"place": _places, "ordinal": _upto(1, 2)}),
    "budget.revised.v1": _with({"project_id": _projects, "budget": _budget}),
    "transaction.posted.v1": _transaction,
    "transaction.reversed.v1": _with({"project_id": _projects, "transaction_id": _one("t1", "t2")}),
    "evaluation.published.v1": _with(
        {
            **_of_evaluation,
            "stage": _one("MIDTERM", "FINAL", "EXPOST"),
            "independence": _one("SELF", "EXTERNAL", "INDEPENDENT"),
            "scale": _one(4, 5, 6),
            "completed_on": _days,
            # A 6 is beyond two of the three scales: scoring refuses it, and it leaves no trace.
            "ratings": _with({}, {"relevance": _upto(0, 6), "impact": _upto(0, 4)}),
        },
        {"overall": _upto(1, 4), "withdrawn": _rarely},
    ),
    "evaluation.quality-rated.v1": _with({**_of_evaluation, "quality": _upto(3, 5)}),
    "recommendation.status-changed.v1": _with(
        {
            **_of_evaluation,
            "recommendation_id": "r1",
            "response": _one("PENDING", "ACCEPTED", "PARTIALLY_ACCEPTED", "REJECTED"),
        },
        {"due_on": _days, "implemented_on": _days, "withdrawn": _rarely},
    ),
    "marker.assigned.v1": _with(
        {
            "project_id": _projects,
            "scheme": _one("DAC", "GEM", "HRM"),
            "stage": _one("DESIGN", "COMPLETION"),
            "significance": _one(None, 0, 1, 2, 3, 4),
        }
    ),
    "effort.reported.v1": _with(
        {"project_id": _projects, "period": _periods, "person_days": _one("0", "12.5", "400")},
        {"pillar": _pillars, "activities_delivered": _upto(0, 3), "withdrawn": _rarely},
    ),
    "risk.assessed.v1": _with(
        {
            "project_id": _projects,
            "risk_id": _one("k1", "k2"),
            "category": _one("fiduciary", "human_rights"),
            **{name: _upto(1, 5) for name in _levels},
        },
        {"mitigation": _one("NONE", "PLANNED", "IMPLEMENTED"), "owner": "A. Owner", "reviewed_on": _days},
    ),
    "risk.closed.v1": _with({"project_id": _projects, "risk_id": _one("k1", "k2")}),
    "hrddp.decided.v1": _with(
        {
            "project_id": _projects,
            "hrddp_id": _one("h1", "h2"),
            "status": _one("NOT_STARTED", "IN_PROGRESS", "CLEARED", "CLEARED_WITH_MITIGATION", "REFUSED"),
        },
        {"required": _truth, "expires_on": _days},
    ),
    "evidence.verified.v1": _with(
        {
            "project_id": _projects,
            "evidence_id": "doc",
            "verifier": _one("XM-V", "XM-W"),
            "outcome": _one("CONFIRMED", "NOT_CONFIRMED", "INCONCLUSIVE"),
        },
        {
            "source_type": _one("VERIFIED_ADMIN", "OFFICIAL_STATISTIC"),
            "bias": _upto(0, 2),
            "triangulated": _truth,
            "state_confirmed": _truth,
            "withdrawn": _rarely,
        },
    ),
    "clock.day.closed.v1": _with({"date": _days}),
    "fx.rates-published.v1": _with(
        {
            "table_id": _one("monthly", "daily"),
            "version": "1",
            "source": "a test",
            "published_on": "2019-01-01",
            "rows": _rates,
            "content_sha256": "0" * 64,
        }
    ),
    "dialect.adopted.v1": _with(
        {
            "entity": _entities,
            "version": 1,
            "readings": _readings,
            "adopted_by": "A. Focal",
            "adopted_on": _days,
        }
    ),
    "dialect.withdrawn.v1": _with({"entity": _entities, "version": 1}),
    "method.released.v1": _with(
        {"version": _one("1.1.0", "1.2.0"), "effective_from": _days, "content_sha256": "0" * 64, "parameters": {}}
    ),
    "codelist.published.v1": _with(
        {"list_id": "crosswalk", "version": "2", "effective_from": _days, "content_sha256": "0" * 64, "codes": {}}
    ),
    "shared-result.claims-changed.v1": _with({"shared_result_ref": _one("SR-1", "SR-2"), "claims": _claims}),
    "need.registered.v1": _need,
    "need.updated.v1": _need,
    "need.support-linked.v1": _with(
        {
            "need_id": _one("N1", "N2"),
            "country": "ML",
            "project_id": _known,
            "adequacy": _one(0, 250_000, 700_000, 1_000_000),
            "rationale": "agreed",
        },
        {"withdrawn": _rarely},
    ),
    "resolution.provision-defined.v1": _with(
        {**_provision, "kind": _one("LEGAL", "OPERATIONAL")},
        {"weight": _upto(1, 3), "theme": "T1", "withdrawn": _rarely},
    ),
    "resolution.implementation-assessed.v1": _with(
        {
            **_provision,
            "country": _one("ML", "NE"),
            "assessor": _one("STATE", "CTED"),
            "assessed_on": _days,
            "level": _one("0", "1", "3", "4", "NA", "NAS"),
        },
        {"classification": _classes, "consented": _truth, "withdrawn": _rarely},
    ),
    "national.resources-allocated.v1": _with(
        {
            "country": _one("ML", "NE"),
            "year": _one(2024, 2025),
            "amount": _one("0", "1000", "2500000.50"),
            "currency": _one("USD", "EUR"),
            "value_date": _days,
        },
        {"pillar": _pillars, "classification": _classes, "withdrawn": _rarely},
    ),
    "duplicate.decided.v1": _with(
        {
            "pair_id": "pair",
            "projects": _one(list(PROJECTS[:2]), list(PROJECTS[:0:-1][:2]), [PROJECTS[0], NEVER]),
            "version": _upto(1, 3),
            "decided_on": _days,
            "decision": _one("DUPLICATE", "DISTINCT", "SYNERGY"),
            "fingerprints": _one(["0" * 16, "1" * 16], ["1" * 16, "0" * 16]),
            "decided_by": "secretariat",
        },
        {"withdrawn": _rarely},
    ),
    "obligation.scheduled.v1": _with(
        {**_owed, "kind": "report", "due_on": _days}, {"grace_days": _one(1, 90), "withdrawn": _rarely}
    ),
    "report.received.v1": _with({**_owed, "received_on": _days}, {"withdrawn": _rarely}),
}
"""Every type of event that scoring hears, and what may be said by it."""
