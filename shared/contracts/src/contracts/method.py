"""What a release of the method may say, and the code lists that figures are read by (methodology §0.8, §0.6, §2.2).

The names and limits are told here once: intake refuses by them, scoring reads by them, the command shows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

FIRST: Final = "1.0.0"
"""The release the software carries."""

VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}")
"""How a release, or a version of a list that figures are read by, is named: figures carry the name."""

_NUMBER: Final = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,4})|/([1-9][0-9]{0,3}))?")


class Parameter(NamedTuple):
    """One parameter: what it is, what 1.0.0 says, and between what it may lie."""

    says: str
    first: str
    least: Fraction = Fraction(0)
    most: Fraction = Fraction(1)
    whole: bool = False  # a whole number


def _count(says: str, first: str, least: int, most: int) -> Parameter:
    return Parameter(says, first, Fraction(least), Fraction(most), whole=True)


_SOME: Final = Fraction(1, 10_000)

PARAMETERS: Final[Mapping[str, Parameter]] = {
    "pace.on_track": Parameter("least pace that is on track", "0.95"),
    "pace.accelerate": Parameter("least pace that needs acceleration", "0.60"),
    "pace.limited": Parameter("least pace that is limited progress; below it is regressing", "0"),
    "early.output": Parameter("share of the duration before which outputs have no pace", "0.10"),
    "early.outcome": Parameter("share of the duration before which outcomes and impact have no pace", "0.25"),
    "attainment.cap": Parameter("what an attainment counts for at most", "1", _SOME),
    "attainment.over_achieved": Parameter(
        "attainment above which a target is flagged", "1.20", Fraction(1), Fraction(10)
    ),
    "maintain.tolerance": Parameter("share of a value to be kept that it may fall short by", "0.10"),
    "rubric.not": Parameter("what the rating NOT is worth", "0"),
    "rubric.partial": Parameter("what the rating PARTIAL is worth", "1/3"),
    "rubric.mostly": Parameter("what the rating MOSTLY is worth", "2/3"),
    "rubric.full": Parameter("what the rating FULL is worth", "1"),
    "weight.output": Parameter("weight of outputs", "1/4"),
    "weight.outcome": Parameter("weight of outcomes", "1/2"),
    "weight.impact": Parameter("weight of impact", "1/4"),
    "confidence.a": Parameter("confidence in a value of grade A", "1.00"),
    "confidence.b": Parameter("confidence in a value of grade B", "0.85"),
    "confidence.c": Parameter("confidence in a value of grade C", "0.60"),
    "confidence.d": Parameter("confidence in a value of grade D", "0.30"),
    "coverage.published": Parameter("least coverage of a published figure", "2/3", _SOME),
    "coverage.provisional": Parameter("least coverage of a provisional figure", "1/2", _SOME),
    "risk.medium": _count("least risk score that is medium", "5", 2, 25),
    "risk.high": _count("least risk score that is high", "10", 2, 25),
    "risk.very_high": _count("least risk score that is very high", "16", 2, 25),
    "timeliness.grace_days": _count("days after which what is late counts for nothing", "90", 1, 3_650),
    "duplicate.queue": Parameter("least probability that two projects are queued as one", "0.95"),
    "duplicate.review": Parameter("least probability that two projects are offered for review", "0.50"),
    "evaluation.quality": _count("least quality of an evaluation that counts, of 6", "4", 1, 6),
}
"""Every parameter of §0.8. A release names those that differ from 1.0.0; the others are as 1.0.0 has them."""

_FALLING: Final = (
    ("pace.on_track", "pace.accelerate", "pace.limited"),
    ("rubric.full", "rubric.mostly", "rubric.partial", "rubric.not"),
    ("confidence.a", "confidence.b", "confidence.c", "confidence.d"),
    ("coverage.published", "coverage.provisional"),
    ("duplicate.queue", "duplicate.review"),
)
_RISING: Final = ("risk.medium", "risk.high", "risk.very_high")
_WEIGHTS: Final = ("weight.output", "weight.outcome", "weight.impact")


class Wrong(NamedTuple):
    """One thing that cannot be meant: the parameter or code, what is wrong, and the remedy."""

    name: str
    message: str
    remedy: str


def read(parameters: Mapping[str, str]) -> tuple[dict[str, Fraction], list[Wrong]]:
    """Every parameter, those that are not named as 1.0.0 has them; and all that is wrong at once."""
    values = {name: Fraction(p.first) for name, p in PARAMETERS.items()}
    wrong = []
    for name, text in parameters.items():
        known = PARAMETERS.get(name)
        if known is None:
            remedy = "Use a name that plumbline method show lists"
            wrong.append(Wrong(name, f"The method has no parameter {name}", remedy))
        elif (why := _reads(known, text)) is not None:
            wrong.append(Wrong(name, f"{name} is {text!r}", why))
        else:
            values[name] = Fraction(text)
    return values, wrong or _together(values)


def _reads(known: Parameter, text: str) -> str | None:
    """The remedy where a value cannot be meant."""
    between = f"between {known.least} and {known.most}, as 1.0.0 has {known.first}"
    if not _NUMBER.fullmatch(text):
        return f"Write a number {between}: digits with a point, or a fraction such as 2/3; four digits at most"
    value = Fraction(text)
    if known.whole and value.denominator != 1:
        return f"Write a whole number {between}"
    return None if known.least <= value <= known.most else f"Write one {between}"


def _together(values: Mapping[str, Fraction]) -> list[Wrong]:
    """What no single value shows: order, sums, and whole per cents."""
    wrong = []
    for names in _FALLING:
        for upper, lower in pairwise(names):
            if values[upper] < values[lower]:
                message = f"{upper} is {values[upper]}, below {lower}, {values[lower]}"
                wrong.append(Wrong(upper, message, f"Let {upper} be no less than {lower}"))
    for lower, upper in pairwise(_RISING):
        if values[lower] >= values[upper]:
            message = f"{lower} is {values[lower]}, not below {upper}, {values[upper]}"
            wrong.append(Wrong(lower, message, f"Let {lower} be less than {upper}"))
    if sum(values[name] for name in _WEIGHTS) != 1:
        message = f"The weights add up to {sum(values[name] for name in _WEIGHTS)}"
        wrong.append(Wrong(_WEIGHTS[0], message, "Let weight.output, weight.outcome and weight.impact add up to 1"))
    for name, value in values.items():
        if name.startswith("confidence.") and (value * 100).denominator != 1:
            wrong.append(Wrong(name, f"{name} is {value}", "Write it in whole per cent, such as 0.85"))
    return wrong


# Code lists ------------------------------------------------------------------------------------------------

_PLACE: Final = re.compile(r"country:[A-Z]{2}|m49:[0-9]{3}|dac:[0-9]{2,5}")
_PILLARS: Final = ("P1", "P2", "P3", "P4")


def _regions(codes: Mapping[str, str]) -> list[Wrong]:
    wrong = []
    for code, within in codes.items():
        if not _PLACE.fullmatch(code):
            remedy = "Write country: and two capitals, m49: and three digits, or dac: and a number"
            wrong.append(Wrong(code, f"{code} names no country or region", remedy))
        elif within and f"m49:{within}" not in codes:
            remedy = f"Name m49:{within} in the list too, or leave the region empty"
            wrong.append(Wrong(code, f"{code} lies in {within}, which the list does not have", remedy))
        elif _goes_round(codes, code):
            wrong.append(Wrong(code, f"{code} lies in itself", "Let every region lie in a larger one, or in none"))
    return wrong


def _goes_round(codes: Mapping[str, str], code: str) -> bool:
    seen = {code}
    while (within := codes.get(code, "")) and (code := f"m49:{within}") not in seen:
        seen.add(code)
    return bool(within)


def _crosswalk(codes: Mapping[str, str]) -> list[Wrong]:
    return [
        Wrong(code, f"{code} leads to {pillar!r}", f"Use one of {', '.join(_PILLARS)}; leave out what leads nowhere")
        for code, pillar in codes.items()
        if pillar not in _PILLARS
    ]


LISTS: Final[Mapping[str, Callable[[Mapping[str, str]], list[Wrong]]]] = {"regions": _regions, "crosswalk": _crosswalk}
"""The lists that figures are read by, each with what is wrong with its codes: ``regions`` says which M49 region a
country or a region lies in (§0.6), ``crosswalk`` which pillar a DAC purpose serves (§2.2)."""

OWN: Final[Mapping[str, str]] = {"regions": "m49", "crosswalk": "crosswalk-0"}
"""The version of each that the software carries."""
