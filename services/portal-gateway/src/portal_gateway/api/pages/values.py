"""The values of an indicator as a table: every period with plan, actual, source, evidence and what was corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from portal_gateway.domain.project import history
from portal_gateway.domain.project.history import SOURCES, Names
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import N_, _, said

GRADES: Final[dict[str, str]] = {"A": N_("High"), "B": N_("Moderate"), "C": N_("Low"), "D": N_("Very low")}
"""How strong the evidence of a value is (methodology M3)."""


def values_of(data: Mapping[str, Any], names: Names, letter: str = "") -> dict[str, Any]:
    """Rows by period and place, and which columns have anything to show. ``letter`` grades the latest value (M3)."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}

    def row(period: Mapping[str, str], place: str) -> dict[str, Any]:
        start, end = period["start"], period["end"]
        empty = {"period": history.span(start, end), "place": place, "plan": "", "actual": "", "note": [], "source": ""}
        return rows.setdefault(
            (end, start, place), {**empty, "evidence": [], "assessor": "", "replaced": [], "grade": ""}
        )

    for target in data.get("targets") or []:
        period = {"start": target["period_start"], "end": target["period_end"]}
        found = row(period, history.place(target.get("place"), names))
        found["plan"] = numbers.decimal_text(target.get("value"))
        found["note"] += [target["comment"]] if target.get("comment") else []
    latest = None
    for observation in data["observations"]:
        said_ = observation["data"]
        found = row(said_["period"], history.place(said_.get("place"), names))
        text = history.value(said_)
        found["actual"] = _(", ").join(part for part in (found["actual"], text) if part)
        found["source"] = said(SOURCES.get(said_.get("source_type", ""), ""))
        found["evidence"] += said_.get("evidence") or []
        found["assessor"] = said_.get("assessor") or ""
        found["note"] += [said_["comment"]] if said_.get("comment") else []
        found["replaced"] += [numbers.decimal_text(old) for old in observation["replaced"]]
        if text and not found["place"] and (latest is None or said_["period"]["end"] >= latest[0]):
            latest = said_["period"]["end"], found
    if latest is not None and letter:
        latest[1]["grade"] = letter
    shown = [rows[key] for key in sorted(rows)]
    has = {name: any(found[name] for found in shown) for name in ("place", "assessor", "evidence", "replaced", "note")}
    return {"rows": shown, "has": has, "n": len(shown)}


def letter_of(parts: Mapping[str, Any]) -> str:
    """The grade of an indicator's latest value as its M1 carries it; empty where it has none."""
    found = str(parts.get("grade") or "")
    return found if found in GRADES else ""
