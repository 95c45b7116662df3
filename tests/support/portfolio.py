"""A small portfolio with one of everything a page can show; every name in it is invented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.gateway import NOW, figure, message, project, receipt

from contracts.alerts import AlertRaised
from contracts.base import Payload
from contracts.portfolio import (
    BudgetRevised,
    IndicatorDefined,
    ObservationCorrected,
    ObservationRecorded,
    TransactionPosted,
    TransactionReversed,
)

HUB = "XM-T-HUB/0417"


def everything() -> list[Payload]:
    """Four pillars in three states, two projects, all kinds of indicators, a bad receipt, messages, an alert."""
    return [*_figures(), *_projects(), *_news()]


def _figures() -> list[Payload]:
    cents = {"P1": 6_820_000_000, "P2": 7_750_000_000, "P3": 4_160_000_000, "P4": 1_330_000_000}
    twin = {
        "by_budget": 587_000,
        "by_budget_state": "PUBLISHED",
        "by_budget_lower": 449_000,
        "by_budget_upper": 668_000,
    }
    return [
        figure("pillar:P1", 583_000, lower=482_100, upper=655_100, previous=561_000, coverage=_known(827)),
        figure("pillar:P2", 649_007, previous=655_000, inferred_ppm=380_000, parts=twin),
        figure("pillar:P3", 472_000, lower=275_200, upper=692_200, state="PROVISIONAL", coverage=_known(583)),
        figure("pillar:P4", None, lower=231_000, upper=819_000, coverage=_known(412), previous=507_000),
        figure("global", 601_000, lower=480_000, upper=700_000),
        figure(
            "global",
            65_000,
            metric="M7",
            lower=62_000,
            upper=71_000,
            inferred_ppm=410_000,
            flags=["PILLAR_INFERRED"],
            parts={"budget": {**cents, "unallocated": 1_400_000_000}},
        ),
        figure(
            f"project:{HUB}",
            728_472,
            lower=628_000,
            upper=795_000,
            coverage=_known(833),
            previous=699_000,
            owner="XM-T",
            flags=["PILLAR_INFERRED", "OUTPUTS_WITHOUT_OUTCOMES"],
            parts={
                "levels": {
                    "1": {"mean": 918_750, "lower": 918_750, "upper": 918_750, "coverage": 1_000_000},
                    "2": {"mean": 633_333, "lower": 483_000, "upper": 733_000, "coverage": 750_000},
                },
                "results": {"2.1": {"mean": 600_000, "lower": 300_000, "upper": 800_000, "coverage": 500_000}},
            },
        ),
        figure(f"project:{HUB}", 500_000, metric="M2", owner="XM-T"),
        *_own("days", 600_000, "ACCELERATE", 810_000, flags=["ACCUMULATION_ASSUMED"]),
        *_own("opened", None, "NO_DATA", None, flags=["MISSING"]),
        *_own("protocol", 666_667, "ACCELERATE", 900_000, flags=["RUBRIC"]),
        *_own("trained", 837_500, "ON_TRACK", 990_000, parts={"grade": "C"}),
        figure(f"project:{HUB}", 710_000, metric="M3", owner="XM-T", parts={"by_weight": {"B": 600_000, "C": 400_000}}),
        figure(
            f"project:{HUB}",
            850_000,
            metric="M11",
            owner="XM-T",
            parts={"required": 600_000_000, "available": 510_000_000, "gap": 90_000_000},
        ),
        figure("project:XM-T-2", None, lower=130_000, upper=860_000, coverage=_known(300), owner="XM-T"),
    ]


def _own(name: str, a: int | None, status: str, pace: int | None, **over: Any) -> list[Payload]:
    scope = f"indicator:{HUB}|{name}"
    known = {"observed": int(a is not None), "expected": 1}
    bounds = {"lower": a or 0, "upper": a if a is not None else 1_000_000}
    return [
        figure(scope, a, metric="M1", coverage=known, owner="XM-T", **{**bounds, **over}),
        figure(scope, pace, metric="M2", coverage=known, owner="XM-T", parts={"status": status}),
    ]


def _known(per_mille: int) -> dict[str, int]:
    return {"observed": per_mille, "expected": 1000}


def _projects() -> list[Payload]:
    hub = project(
        HUB,
        title={"en": "Sahel judicial cooperation hub"},
        description={
            "en": "Courts in three States answer each other’s requests for legal assistance in half the time."
        },
        dates={"planned_start": "2024-01-01", "planned_end": "2026-12-31"},
        allocations=[
            {"dim": "PILLAR", "code": "P2", "ppm": 600_000},
            {"dim": "PILLAR", "code": "P3", "ppm": 400_000},
            {"dim": "COUNTRY", "code": "ML", "ppm": 400_000},
            {"dim": "COUNTRY", "code": "NE", "ppm": 350_000},
            {"dim": "COUNTRY", "code": "BF", "ppm": 250_000},
        ],
        pillar_inferred=True,
        participants=[
            {"role": "1", "name": "Fund of Tests"},
            {"role": "4", "ref": "XM-T-9", "name": "Bureau of Tests"},
        ],
        links=[{"ref": "XM-T-2", "type": "3"}],
        flags=["PILLAR_INFERRED"],
        demonstration=True,
        origin={"submission_id": "S-HUB", "file": "sahel-2026-03.xml", "line": 12},
    )
    other = project(
        "XM-T-2",
        title={"fr": "Formation de la police des frontières"},
        allocations=[
            {"dim": "PILLAR", "code": "P2", "ppm": 1_000_000},
            {"dim": "COUNTRY", "code": "UZ", "ppm": 1_000_000},
        ],
    )
    return [
        hub,
        other,
        project("XM-T-3", title={"en": "Victims’ support and legal aid"}),
        *_days(),
        _indicator(
            "opened", "2.1", "2", "Joint investigations opened", "1",
            baselines=[{"year": 2023, "value": "0"}],
            targets=[_target(2024, "8"), _target(2025, "16"), _target(2026, "24")],
        ),
        _indicator(
            "protocol", "2.2", "2", "National coordination protocol is used in practice", "5",
            targets=[_target(2026, None)],
        ),
        _observation("protocol", 2024, None, rubric="NOT", assessor="A. Traoré"),
        _observation("protocol", 2025, None, rubric="MOSTLY", assessor="A. Traoré"),
        _indicator(
            "trained", "1.1", "1", "Prosecutors and judges trained", "1", unit="people", accumulation="CUMULATIVE",
            baselines=[{"year": 2023, "value": "0"}],
            targets=[_target(2024, "120"), _target(2025, "300"), _target(2026, "480")],
        ),
        _observation("trained", 2024, "90", source_type="SELF_DOCUMENTED", evidence=["A-12"], comment="Lists signed"),
        _observation("trained", 2025, "402"),
        _observation("trained", 2025, "165", place={"location": "ML", "dimensions": {"sex": "female"}}),
        *_spent(),
        *(_budget(year, amount) for year, amount in ((2024, "1600000"), (2025, "2100000"), (2026, "2300000"))),
    ]  # fmt: skip


def _days() -> list[Payload]:
    """A descending indicator, a correction, a due value that is missing."""
    return [
        _indicator(
            "days", "2.1", "2", "Median days to answer a legal-assistance request", "1", ascending=False, unit="days",
            accumulation="POINT_IN_TIME", baselines=[{"year": 2023, "value": "120"}], targets=[_target(2026, "60")],
        ),
        _observation("days", 2024, "90"),
        _observation("days", 2024, "105", ObservationCorrected),
        _observation("days", 2025, "84"),
    ]  # fmt: skip


def _indicator(name: str, result: str, level: str, title: str, measure: str, **over: Any) -> Payload:
    return IndicatorDefined.model_validate(
        {
            "project_id": HUB,
            "indicator_id": name,
            "result_id": result,
            "result_type": level,
            "result_title": {"en": {"2.1": "Requests are answered faster"}.get(result, "States coordinate as agreed")},
            "title": {"en": title},
            "measure": measure,
            **over,
        }
    )


def _target(year: int, value: str | None) -> dict[str, Any]:
    return {"period_start": f"{year}-01-01", "period_end": f"{year}-12-31", "value": value}


def _observation(name: str, year: int, value: str | None, kind: type = ObservationRecorded, **over: Any) -> Payload:
    found: Payload = kind.model_validate(
        {
            "project_id": HUB,
            "indicator_id": name,
            "period": {"start": f"{year}-01-01", "end": f"{year}-12-31"},
            "value": value,
            **over,
        }
    )
    return found


def _spent() -> list[Payload]:
    """Received in three years, spent in two, and one payment taken back."""
    paid = [
        ("in-24", "1", 2024, "1600000"), ("in-25", "1", 2025, "2000000"), ("in-26", "1", 2026, "1500000"),
        ("out-24", "4", 2024, "1420000"), ("out-25", "3", 2025, "1960000"), ("wrong", "4", 2025, "9999999"),
    ]  # fmt: skip
    return [
        *(
            TransactionPosted.model_validate(
                {
                    "project_id": HUB,
                    "transaction_id": name,
                    "type": kind,
                    "date": f"{year}-06-30",
                    "amount": amount,
                    "currency": "USD",
                    "value_date": f"{year}-06-30",
                }
            )
            for name, kind, year, amount in paid
        ),
        TransactionReversed.model_validate({"project_id": HUB, "transaction_id": "wrong"}),
    ]


def _budget(year: int, amount: str) -> Payload:
    return BudgetRevised.model_validate(
        {
            "project_id": HUB,
            "budget": {
                "period_start": f"{year}-01-01",
                "period_end": f"{year}-12-31",
                "amount": amount,
                "currency": "USD",
                "value_date": f"{year}-01-01",
            },
        }
    )


def _news() -> list[Payload]:
    findings = [
        {
            "rule": "iati:6.6.2",
            "severity": "error",
            "message": "Sector is given for the activity and for its transactions.",
            "remedy": "Keep one of the two.",
            "path": "sector[2]",
            "line": 1482,
            "project_id": "XM-T-9",
            "text": '<sector code="15160" percentage="49">',
        },
        {
            "rule": "plumbline:VALUE_UNREADABLE",
            "severity": "warning",
            "message": "The actual is not a decimal.",
            "remedy": "Write 30.6, with a point.",
            "path": "result[1]/indicator[2]/period[1]/actual[1]/@value",
            "line": 96,
            "project_id": HUB,
            "text": "30,6",
        },
    ]
    return [
        receipt(
            "S-HUB",
            channel="file",
            outcome="partly-quarantined",
            file="sahel-2026-03.xml",
            sha256="9f2c" * 16,
            activities=14,
            accepted=9,
            amended=3,
            unchanged=1,
            quarantined=1,
            events=214,
            rules={"iati:6.6.2": 1, "plumbline:VALUE_UNREADABLE": 1},
            findings=findings,
            readability={
                "indicators": 126,
                "scorable": 31,
                "reasons": {"DIRECTION_CONFLICT": 79, "NO_TARGET": 4},
                "remedies": {"NO_TARGET": "Add a target to the final period"},
            },
        ),
        receipt("S-2", channel="kafka", event_id="01KN3V7QJ4", project_id=HUB),
        message("m1", "reader", title="Project effectiveness, Pillar II: 64.9%, was 65.5%"),
        message("m2", "reader", title="sahel-2026-03.xml: 1 of 14 activities quarantined", link="/receipts/S-HUB"),
        AlertRaised.model_validate(
            {
                "alert_id": "a1",
                "kind": "status-changed",
                "scope": f"indicator:{HUB}|days",
                "project_id": HUB,
                "entity": "XM-T",
                "from": "ON_TRACK",
                "to": "REGRESSING",
                "text": "Days to answer rose for the second period running",
                "raised_at": NOW - timedelta(hours=2),
            }
        ),
    ]
