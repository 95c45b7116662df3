"""Whether judgements, and what no single project owns, can be meant (methodology M5 to M15): pure, every fault at once.

A figure outside its scale is refused with its place; none is cut to fit, none is guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from intake.domain.acceptance import Fault, coded, fault, marker, period

_PLAUSIBLE: Final = 999_999_999  # person-days, or activities, of one period

Check = Callable[[Mapping[str, Any]], list[Fault]]


def sense(type_: str, data: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the figures of a fact; nothing for a type that has no rule beyond its schema."""
    check = _CHECKS.get(type_)
    return check(data) if check else []


def four_eyes(type_: str, data: Mapping[str, Any], names: frozenset[str]) -> list[Fault]:
    """Whether somebody else than the reporting entity verified, or rated the quality (methodology §2.1, M5)."""
    if type_ == "evidence.verified.v1" and data["verifier"] in names:
        message = f"verifier is {data['verifier']}, who also reported"
        return [fault("FOUR_EYES", message, "Name who verified it; not the reporter", "data/verifier")]
    if type_ == "evaluation.quality-rated.v1" and (not data.get("rated_by") or data["rated_by"] in names):
        message = "An evaluation's quality is rated by somebody else than its project's entity"
        return [fault("FOUR_EYES", message, "Name the panel or person in rated_by", "data/rated_by")]
    return []


def _evaluation(data: Mapping[str, Any]) -> list[Fault]:
    scale = data["scale"]
    given = [(f"ratings/{name}", rating) for name, rating in data.get("ratings", {}).items()]
    if data.get("overall") is not None:
        given.append(("overall", data["overall"]))
    return [
        fault(
            "RATING_SCALE",
            f"{rating} is above the scale of {scale} points",
            f"Use 1 to {scale}, 0 where a criterion could not be assessed; or state the right scale",
            f"data/{name}",
        )
        for name, rating in given
        if rating > scale
    ]


def _marker(data: Mapping[str, Any]) -> list[Fault]:
    return marker(data["scheme"], data.get("significance"), "data/significance")


def _effort(data: Mapping[str, Any]) -> list[Fault]:
    found = period(data["period"]["start"], data["period"]["end"], "data/period")
    if Decimal(data["person_days"]) < 0:
        found.append(_negative("person_days"))
    for name in ("person_days", "activities_delivered"):
        if Decimal(data.get(name) or 0) > _PLAUSIBLE:
            remedy = f"Use {_PLAUSIBLE} at most; that is more than a million working lives"
            found.append(fault("IMPLAUSIBLE", f"{name} cannot be meant", remedy, f"data/{name}"))
    return found


def _negative(name: str) -> Fault:
    return fault("NEGATIVE", f"{name} is below 0", "Use 0 or more; withdrawn takes a fact back", f"data/{name}")


def _risk(data: Mapping[str, Any]) -> list[Fault]:
    inherent = data["likelihood"] * data["impact"]
    residual = data["residual_likelihood"] * data["residual_impact"]
    if residual <= inherent:
        return []
    message = f"The residual risk is {residual}, above the inherent one, {inherent}"
    remedy = "No mitigation makes a risk greater: mend one of the four levels"
    return [fault("RESIDUAL_RISK", message, remedy, "data/residual_likelihood")]


def _hrddp(data: Mapping[str, Any]) -> list[Fault]:
    found = _order(data, "reviewed_on", "expires_on")
    if data["status"] == "CLEARED_WITH_MITIGATION" and not data.get("conditions"):
        message = "It is cleared with mitigation, and the mitigation is not said"
        found.append(fault("CONDITIONS", message, "Say it in conditions", "data/conditions"))
    return found


def _order(data: Mapping[str, Any], first: str, last: str) -> list[Fault]:
    if not data.get(first) or not data.get(last) or data[first] <= data[last]:
        return []
    message = f"{first} {data[first]} is after {last} {data[last]}"
    return [fault("DATE_ORDER", message, "Mend one of them", f"data/{last}")]


def _evidence(data: Mapping[str, Any]) -> list[Fault]:
    width = data.get("ci_half_width")
    return [_negative("ci_half_width")] if width is not None and Decimal(width) < 0 else []


def _claims(data: Mapping[str, Any]) -> list[Fault]:
    names = [(claim["project_id"], claim.get("result_id") or "every result") for claim in data.get("claims", [])]
    return [
        fault("CLAIM_TWICE", f"{names[n][0]} claims {names[n][1]} twice", "Keep one claim", f"data/claims/{n}")
        for n in _repeated(names)
    ]


def _repeated(names: Iterable[Any]) -> list[int]:
    seen: set[Any] = set()
    found = []
    for n, name in enumerate(names):
        if name in seen:
            found.append(n)
        seen.add(name)
    return found


def _theme(data: Mapping[str, Any]) -> list[Fault]:
    return coded(data["theme"], "data/theme") if data.get("theme") else []


def _need(data: Mapping[str, Any]) -> list[Fault]:
    return _theme(data) + _state_class(data)


def _state_class(data: Mapping[str, Any]) -> list[Fault]:
    stated = data.get("classification", "")
    if not stated.startswith("state:") or stated == f"state:{data['country']}":
        return []
    message = f"A fact about {data['country']} is classified for {stated.removeprefix('state:')}"
    return [fault("CLASS_OTHER_STATE", message, f"Use state:{data['country']}", "data/classification")]


def _national(data: Mapping[str, Any]) -> list[Fault]:
    found = _state_class(data)
    if Decimal(data["amount"]) < 0:
        message = f"amount is {data['amount']}"
        found.append(fault("AMOUNT", message, "State what is allotted; take it back with withdrawn", "data/amount"))
    return found


def _duplicate(data: Mapping[str, Any]) -> list[Fault]:
    """Two different projects in order, a name made of them, and a survivor that is one of them."""
    pair, survivor = data["projects"], data.get("survivor")
    found = []
    if data["pair_id"] != "|".join(pair) or pair[0] >= pair[1]:
        remedy = "Name the two projects in projects, sorted, and both in pair_id with '|' between: ONE|OTHER"
        found.append(fault("PAIR", f"{data['pair_id']} does not name these two projects", remedy, "data/pair_id"))
    if survivor is not None and (survivor not in pair or data["decision"] != "DUPLICATE"):
        message = f"{survivor} cannot survive this decision"
        remedy = "A duplicate's survivor is one of the two projects; leave it out otherwise"
        found.append(fault("SURVIVOR", message, remedy, "data/survivor"))
    return found


def content(stated: str, said: Any) -> list[Fault]:
    """Whether a hash is that of the content it goes with."""
    counted = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if counted == stated:
        return []
    remedy = f"Of what was sent it is {counted}; send what was hashed, or this hash"
    return [fault("CONTENT_HASH", "The content is not what content_sha256 says", remedy, "data/content_sha256")]


def _rates(data: Mapping[str, Any]) -> list[Fault]:
    rows = data["rows"]
    found = []
    for n, row in enumerate(rows):
        units = Decimal(row["units_per_usd"])
        if units <= 0 or (row["currency"] == "USD" and units != 1):
            remedy = "A dollar is one dollar" if row["currency"] == "USD" else "Units of the currency for one dollar"
            message = f"{row['currency']} {row['valid_from']} is {row['units_per_usd']}"
            found.append(fault("RATE", message, remedy, f"data/rows/{n}/units_per_usd"))
    for n in _repeated((row["currency"], row["valid_from"]) for row in rows):
        message = f"{rows[n]['currency']} has two rates from {rows[n]['valid_from']} on"
        found.append(fault("RATE_TWICE", message, "Keep one", f"data/rows/{n}"))
    return found + content(data["content_sha256"], sorted(rows, key=lambda row: (row["currency"], row["valid_from"])))


_CHECKS: Final[Mapping[str, Check]] = {
    "evaluation.published.v1": _evaluation,
    "marker.assigned.v1": _marker,
    "effort.reported.v1": _effort,
    "risk.assessed.v1": _risk,
    "hrddp.decided.v1": _hrddp,
    "evidence.verified.v1": _evidence,
    "shared-result.claims-changed.v1": _claims,
    "need.registered.v1": _need,
    "need.updated.v1": _need,
    "resolution.provision-defined.v1": _theme,
    "resolution.implementation-assessed.v1": _state_class,
    "national.resources-allocated.v1": _national,
    "duplicate.decided.v1": _duplicate,
    "fx.rates-published.v1": _rates,
}
