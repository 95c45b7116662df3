"""How much a figure moves before one is told, and how often one is."""

from __future__ import annotations

from typing import Final

from portal_gateway.domain.speech.language import N_

STEPS: Final[dict[int, str]] = {
    0: N_("At every change"),
    5_000: N_("From half a point of change"),
    10_000: N_("From 1 point of change"),
    20_000: N_("From 2 points of change"),
    50_000: N_("From 5 points of change"),
    100_000: N_("From 10 points of change"),
}
"""The thresholds a form offers, in µ; the notifier takes any."""

PACES: Final[dict[str, str]] = {
    "instant": N_("As it happens"),
    "daily": N_("Every morning, in one message"),
    "weekly": N_("Every Monday, in one message"),
}
"""How often a subscription tells, as the notifier calls it."""
