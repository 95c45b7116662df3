"""The first version of the crosswalk from DAC purposes to pillars, which the software carries (methodology §2.2).

Intake infers by the same; here it is read where a publisher's dialect names some purposes of a project and not others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PURPOSES: Final = {
    "P1": "111 112 113 152 160 11230 11231 11232 11330"
    " 15150 15153 15170 15190 15220 15240 15250 15261 16010 16020 16061",
    "P2": "240 331 15113 15132 15136 15210 24010 33120",
    "P3": "210 220 15110 15111 15125 21050 22040 43010",
    "P4": "151 15130 15131 15134 15137 15160 15180",
}

CROSSWALK: Final[Mapping[str, str]] = {code: pillar for pillar, codes in _PURPOSES.items() for code in codes.split()}
"""Pillar by purpose: five digits are of vocabulary 1, three of vocabulary 2. What is not listed serves none."""
