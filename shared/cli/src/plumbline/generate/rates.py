"""Invented exchange rates for the invented portfolio: every month, every currency that it knows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from plumbline.generate.draw import Draw
from plumbline.generate.money import CURRENCIES
from plumbline.generate.timeline import FIRST_MONTH, LAST_MONTH, first_day

TABLE: Final = "demonstration"
SOURCE: Final = "Invented for the demonstration"
_MIDDLE: Final = {"CHF": 0.9, "EUR": 0.9, "GBP": 0.8, "SEK": 10.0}
"""Round numbers, so that nobody takes them for real ones."""


def write_rates(path: Path) -> int:
    """Write the table as CSV, as ``plumbline rates load`` takes it; returns how many rates it has."""
    rows = [
        (
            currency,
            first_day(month).isoformat(),
            f"{_MIDDLE[currency] * Draw('rates', currency, month).around(1, 0.05):.4f}",
        )
        for currency in sorted(set(CURRENCIES) - {"USD"})
        for month in range(FIRST_MONTH, LAST_MONTH + 1)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("currency", "valid_from", "units_per_usd"))
        writer.writerows(rows)
    return len(rows)
