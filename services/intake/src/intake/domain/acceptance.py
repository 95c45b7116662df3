"""The rules an event must meet beyond its schema: who says it, and whether its figures can be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Fault = dict[str, Any]
"""A finding as plain values: rule, severity, message, remedy, and path where there is one."""

_MILLION: Final = 1_000_000
_TOLERANCE: Final = 5_000  # ppm: |Σ−100 %| up to half a point is normalised (methodology §0.6)
_MAX_PERIOD_DAYS: Final = 36_525
_MAX_SCOPE: Final = 240  # characters of "project|indicator", which names a figure (architecture §9)
_MAX_KEY: Final = 2_000  # bytes of a project and a fact's key: an index of PostgreSQL takes 2 704
_MAX_SHARED: Final = 1_000  # bytes: it is a CloudEvents attribute too, of which 1 024 are read
_MAX_CODE: Final = 100  # characters of a code, which names the cells of a place, pillar or theme
_UNNAMEABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f|]")
"""Control characters, which no attribute of an event holds, and the pipe, which parts what names a figure."""

_MOST: Final = 2**63 - 1  # of whole numbers: what a database counts with
_GENDER: Final = "1"  # the DAC policy marker for gender equality
_GREATEST: Final = {"GEM": 3, "HRM": 3, "DAC": 2}
_SHOWN: Final = 1_000  # characters of what was sent that a finding repeats


def fault(rule: str, message: str, remedy: str, path: str | None = None, *, severity: str = "error") -> Fault:
    """A finding of ours; ``rule`` without the prefix."""
    found: Fault = {"rule": f"plumbline:{rule}", "severity": severity, "message": _shown(message), "remedy": remedy}
    if path:
        found["path"] = _shown(path)
    return found


def _shown(text: str) -> str:
    """What a sender wrote, as it can be stored and shown."""
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def identity(
    entity: str, names: frozenset[str], source: str, others: frozenset[str], data: Mapping[str, Any]
) -> list[Fault]:
    """What the event claims about its sender, against who it is (architecture §2).

    ``names`` are the sender's own references; ``others`` all references of registered entities.
    """
    found = []
    claimed = source.rstrip("/").rsplit("/", 1)[-1]
    if claimed in others and claimed not in names:
        found.append(
            fault("IDENTITY", f"source names {claimed}, but {entity} sent it", f"End source with {entity}", "source")
        )
    stated = data.get("entity")
    if isinstance(stated, str) and stated not in names:
        found.append(
            fault("IDENTITY", f"entity is {stated}, but {entity} sent it", f"Set entity to {entity}", "data/entity")
        )
    return found


def ownership(entity: str, names: frozenset[str], project_id: str, owner: str | None, type_: str) -> list[Fault]:
    """Whether this entity may speak about this project; the first to submit it owns it."""
    if owner is not None:
        if owner == entity:
            return []
        return [
            fault(
                "NOT_OWNER",
                f"{project_id} belongs to another entity",
                "Publish under your own identifier, and relate the two with a related activity",
                "data/project_id",
            )
        ]
    if type_ in {"project.submitted.v1", "project.amended.v1"} or any(project_id.startswith(f"{n}-") for n in names):
        return []
    return [
        fault(
            "PROJECT_UNKNOWN",
            f"{project_id} is not known",
            f"Publish project.submitted.v1 for it first, or use an identifier that begins with {entity}-",
            "data/project_id",
        )
    ]


def whole(data: Mapping[str, Any]) -> list[Fault]:
    """Whether each whole number is one that can be counted with."""
    return [
        fault("TOO_LARGE_NUMBER", f"The number has {len(str(abs(number)))} digits", f"Use {_MOST} at most", place)
        for place, number in _numbers(data, "data")
        if abs(number) > _MOST
    ]


def _numbers(value: Any, place: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _numbers(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _numbers(inner, f"{place}/{n}")
    elif isinstance(value, int):
        yield place, value


def coded(text: str, place: str) -> list[Fault]:
    """Whether a code can name a cell."""
    if len(text) > _MAX_CODE:
        return [fault("TOO_LONG", f"The code has {len(text)} characters", f"Use {_MAX_CODE} at most", place)]
    if _UNNAMEABLE.search(text):
        return [fault("CHARACTER", "The code holds a control character or a pipe", "Leave it out", place)]
    return []


def naming(data: Mapping[str, Any], key: str) -> list[Fault]:
    """Whether the names in a fact can be kept and sent; ``key`` is its business key."""
    for name in ("project_id", "indicator_id"):
        if _UNNAMEABLE.search(data.get(name, "")):
            message = f"{name} holds a control character or a pipe"
            return [fault("CHARACTER", message, "Leave it out", f"data/{name}")]
    scope = len(data["project_id"]) + len(data.get("indicator_id", ""))
    if scope > _MAX_SCOPE:
        return [
            fault(
                "TOO_LONG",
                f"project_id and indicator_id have {scope} characters together",
                f"Use {_MAX_SCOPE} at most",
                "data/indicator_id" if "indicator_id" in data else "data/project_id",
            )
        ]
    size = len(f"{data['project_id']}{key}".encode())
    if size > _MAX_KEY:
        message = f"What names this fact (identifiers, place, dimensions) has {size} bytes"
        return [fault("TOO_LONG", message, f"Use {_MAX_KEY} at most", "data/place" if "place" in data else "data")]
    codes = enumerate(allocation["code"] for allocation in data.get("allocations", []))
    return [found for n, code in codes for found in coded(code, f"data/allocations/{n}/code")]


def naming_shared(ordering: str, key: str) -> list[Fault]:
    """Whether what names a fact of no single project can be kept and sent: short, and without control characters."""
    size = len(key.encode()) + len(ordering.encode())
    if size > _MAX_SHARED:
        return [fault("TOO_LONG", f"What names this fact has {size} bytes", f"Use {_MAX_SHARED} at most", "data")]
    if not (ordering + key).isprintable():
        return [fault("CHARACTER", "What names this fact holds a control character", "Leave it out", "data")]
    return []


def sense(type_: str, data: Mapping[str, Any], measure: str | None) -> list[Fault]:
    """Whether the figures can be meant; every fault at once. ``measure`` is that of the observation's indicator."""
    kind = type_.split(".")[0]
    if type_ in {"project.submitted.v1", "project.amended.v1"}:
        return _project(data)
    if kind == "indicator" and "measure" in data:
        return _indicator(data)
    if kind == "observation":
        found = period(data["period"]["start"], data["period"]["end"], "data/period")
        if type_ != "observation.retracted.v1":
            found += _observation(data, measure)
        return found
    if kind == "budget":
        return period(data["budget"]["period_start"], data["budget"]["period_end"], "data/budget")
    return []


def normalise(allocations: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """Bring each dimension to exactly 1 000 000 ppm by largest remainder, ties by code; whether anything moved.

    Countries and regions share one hundred per cent between them. Dimensions that do not sum to nearly 100 %
    are left as they are: ``sense`` refuses them, except inferred pillars, whose remainder is unallocated.
    """
    moved = False
    result = [dict(a) for a in allocations]
    for dims in ({"COUNTRY", "REGION"}, {"PILLAR"}, {"THEME"}, {"DAC"}):
        group = [a for a in result if a["dim"] in dims]
        total = sum(a["ppm"] for a in group)
        if total == _MILLION or abs(total - _MILLION) > _TOLERANCE:
            continue
        exact = [(a, divmod(a["ppm"] * _MILLION, total)) for a in group]
        for allocation, (share, _) in exact:
            allocation["ppm"] = share
        missing = _MILLION - sum(share for _, (share, _) in exact)
        for allocation, _ in sorted(exact, key=lambda item: (-item[1][1], item[0]["code"]))[:missing]:
            allocation["ppm"] += 1
        moved = True
    return result, moved


def _project(data: Mapping[str, Any]) -> list[Fault]:
    found: list[Fault] = []
    inferred = bool(data.get("pillar_inferred"))
    sums: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for n, allocation in enumerate(data.get("allocations", [])):
        dim, code = allocation["dim"], allocation["code"]
        sums[dim] = sums.get(dim, 0) + allocation["ppm"]
        if (dim, code) in seen:
            found.append(
                fault("ALLOCATION_TWICE", f"{dim} {code} is named twice", "Name it once", f"data/allocations/{n}")
            )
        seen.add((dim, code))
        if dim == "PILLAR" and code not in {"P1", "P2", "P3", "P4"}:
            found.append(
                fault("PILLAR_CODE", f"{code!r} is no pillar", "Use P1, P2, P3 or P4", f"data/allocations/{n}/code")
            )
    # Countries and regions share one hundred per cent between them (IATI: recipient-country, recipient-region).
    geography = sums.pop("COUNTRY", 0) + sums.pop("REGION", 0)
    for name, total in [("COUNTRY and REGION", geography), *sums.items()]:
        if total and abs(total - _MILLION) > _TOLERANCE and not (name == "PILLAR" and inferred and total < _MILLION):
            found.append(
                fault(
                    "PERCENT_SUM",
                    f"{name} shares sum to {total / 10_000:g} %",
                    "Make them sum to 100 %; half a point is normalised",
                    "data/allocations",
                )
            )
    dates = data.get("dates") or {}
    for a, b in (("planned_start", "planned_end"), ("actual_start", "actual_end")):
        if dates.get(a) and dates.get(b) and dates[a] > dates[b]:
            found.append(
                fault("DATE_ORDER", f"{a} {dates[a]} is after {b} {dates[b]}", "Mend one of them", f"data/dates/{b}")
            )
    for n, budget in enumerate(data.get("budgets", [])):
        found += period(budget["period_start"], budget["period_end"], f"data/budgets/{n}")
    for n, said in enumerate(data.get("markers", [])):
        found += marker(said["scheme"], said["significance"], f"data/markers/{n}/significance", said["code"])
    return found


def _indicator(data: Mapping[str, Any]) -> list[Fault]:
    found: list[Fault] = []
    for n, target in enumerate(data.get("targets", [])):
        found += period(target["period_start"], target["period_end"], f"data/targets/{n}")
    if data["measure"] == "5":
        values = [*data.get("targets", []), *data.get("baselines", [])]
        if any(v.get("value") is not None for v in values):
            found.append(
                fault(
                    "QUALITATIVE_VALUE",
                    "A qualitative indicator (measure 5) has a figure",
                    "Leave value out and use comment, or choose another measure (IATI rules 8.8.3 to 8.10.3)",
                    "data/measure",
                )
            )
    if data.get("kind") == "BAND" and not data.get("band"):
        found.append(fault("BAND_MISSING", "A BAND indicator has no band", "Add band: {low, high}", "data/band"))
    return found


def _observation(data: Mapping[str, Any], measure: str | None) -> list[Fault]:
    found: list[Fault] = []
    given = [k for k in ("value", "rubric") if data.get(k) is not None]
    if data.get("numerator") is not None or data.get("denominator") is not None:
        given.append("numerator")
        if data.get("numerator") is None or data.get("denominator") is None:
            found.append(
                fault("RATIO_HALF", "A ratio needs numerator and denominator", "Send both", "data/denominator")
            )
        elif float(data["denominator"]) == 0:
            found.append(fault("RATIO_ZERO", "The denominator is zero", "Leave the period out", "data/denominator"))
    if len(given) > 1:
        found.append(
            fault("VALUE_TWICE", f"Several readings at once: {', '.join(given)}", "Send exactly one", "data/value")
        )
    if data.get("rubric") is not None and not data.get("assessor"):
        found.append(
            fault(
                "RUBRIC_ASSESSOR", "A rubric level has no assessor", "Name who judged it in assessor", "data/assessor"
            )
        )
    if measure == "5" and data.get("value") is not None:
        found.append(
            fault(
                "QUALITATIVE_VALUE",
                "The indicator is qualitative (measure 5) and takes no figure",
                "Send rubric with an assessor, or a comment",
                "data/value",
            )
        )
    return found


def period(start: str, end: str, path: str) -> list[Fault]:
    """Whether a period begins before it ends, within a hundred years."""
    if start > end:
        return [fault("PERIOD_ORDER", f"The period starts on {start}, after it ends on {end}", "Exchange them", path)]
    if (int(end[:4]) - int(start[:4])) * 365 > _MAX_PERIOD_DAYS:
        return [fault("PERIOD_LENGTH", "The period is longer than a hundred years", "Mend the year", path)]
    return []


def marker(scheme: str, significance: int | None, path: str, code: str = _GENDER) -> list[Fault]:
    """Whether a marker's digit exists in its scheme: GEM and HRM 0 to 3, the DAC's for gender 0 to 2 (M8)."""
    greatest = 4 if scheme == "DAC" and code != _GENDER else _GREATEST[scheme]
    if significance is None or significance <= greatest:
        return []
    message = f"{scheme} has no {significance}; its scale ends at {greatest}"
    return [fault("MARKER_SCALE", message, f"Use 0 to {greatest}, as {scheme} defines them", path)]
