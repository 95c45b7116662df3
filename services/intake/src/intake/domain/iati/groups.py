"""Which recipients and sectors share one hundred per cent with each other, and which of them figures stand on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from intake.domain.iati.node import Node
from intake.domain.iati.vocabulary import DAC_CATEGORY, DAC_PURPOSE, OWN, PILLAR_URI, PILLARS
from intake.domain.shares import largest_remainder, within_tolerance
from intake.domain.values import percentage


@dataclass(frozen=True, slots=True)
class Group:
    """Elements whose percentages belong together. ``label`` names them to a reader, ``kind`` to the rules."""

    kind: str
    label: str
    vocabulary: str
    members: tuple[Node, ...]

    def total(self) -> Fraction | None:
        """The sum of the percentages; a single one without a percentage is 100; None where one is missing."""
        if len(self.members) == 1 and self.members[0].get("percentage") is None:
            return Fraction(100)
        read = [percentage(member.get("percentage")) for member in self.members]
        return None if None in read else sum((share for share in read if share is not None), Fraction(0))

    def weights(self) -> dict[tuple[str, str], Fraction]:
        """Percentages by element name and code; a code that stands twice counts for both."""
        found: dict[tuple[str, str], Fraction] = {}
        for member in self.members:
            share = percentage(member.get("percentage")) if len(self.members) > 1 else Fraction(100)
            code = member.get("code")
            if code and member.tag == "recipient-country":
                code = code.upper()
            if code and share:
                found[member.tag, code] = found.get((member.tag, code), Fraction(0)) + share
        return found


def recipients(node: Node) -> list[Group]:
    """Countries with the regions of each vocabulary; the first group is the one that figures stand on.

    Regions of several vocabularies say the same thing again, so each vocabulary shares the 100 with the countries.
    """
    countries = tuple(node.all("recipient-country"))
    regions: dict[str, list[Node]] = {}
    for region in node.all("recipient-region"):
        regions.setdefault(region.get("vocabulary") or "1", []).append(region)
    if not regions:
        return [Group("countries", "recipient countries", "", countries)] if countries else []
    return [
        Group("regions", f"recipient countries and regions (vocabulary {vocabulary})", vocabulary, (*countries, *some))
        for vocabulary, some in sorted(regions.items())
    ]


def sectors(node: Node) -> list[Group]:
    """Sectors by vocabulary; in a reporter's own (98, 99) each list, named by its address, is a vocabulary."""
    found: dict[tuple[str, str], list[Node]] = {}
    for sector in node.all("sector"):
        vocabulary = sector.get("vocabulary") or DAC_PURPOSE
        found.setdefault((vocabulary, (sector.get("vocabulary-uri") or "") if vocabulary in OWN else ""), []).append(
            sector
        )
    return [
        Group("sectors", f"sectors of vocabulary {vocabulary}" + (f" ({uri})" if uri else ""), vocabulary, tuple(some))
        for (vocabulary, uri), some in found.items()
    ]


def is_pillars(group: Group) -> bool:
    """Whether these sectors are the Strategy's pillars: by Plumbline's address, or without one by codes P1 to P4."""
    if group.vocabulary != "99":
        return False
    uri = group.members[0].get("vocabulary-uri")
    return uri == PILLAR_URI or (uri is None and all(member.get("code") in PILLARS for member in group.members))


def purposes(groups: list[Group]) -> Group | None:
    """The sectors that purposes are read from: DAC five digits, else DAC three digits."""
    for wanted in (DAC_PURPOSE, DAC_CATEGORY):
        for group in groups:
            if group.vocabulary == wanted:
                return group
    return None


def feeding(node: Node) -> list[Group]:
    """The groups that figures stand on: where the project works, its purposes and its declared pillars."""
    some = sectors(node)
    purpose = purposes(some)
    return [*recipients(node)[:1], *([purpose] if purpose else []), *(group for group in some if is_pillars(group))]


def shares(group: Group) -> tuple[dict[tuple[str, str], int], bool] | None:
    """Shares in ppm that sum to 1 000 000, and whether they had to be normalised; None where they cannot be meant."""
    total = group.total()
    weights = group.weights()
    if total is None or not within_tolerance(total) or not weights:
        return None
    by_code = {f"{code}\0{tag}": weight for (tag, code), weight in weights.items()}
    parts = {(key.split("\0")[1], key.split("\0")[0]): ppm for key, ppm in largest_remainder(by_code).items()}
    return {key: ppm for key, ppm in parts.items() if ppm}, total != 100
