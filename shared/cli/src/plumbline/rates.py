"""A table of exchange rates read from CSV: all of it, or every fault with its line."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from contracts.context import Rate, RatesPublished

COLUMNS: Final = ("currency", "valid_from", "units_per_usd")
_FIGURE: Final = re.compile(r"[+-]?[0-9]{1,24}(\.[0-9]{0,24})?")
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")


class BadRates(Exception):
    """The file cannot be taken; ``faults`` are its faults, each with its line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults[0])
        self.faults = faults


def read_rates(path: Path) -> list[Rate]:
    """The rates of a CSV file, by currency and day. Raises BadRates with everything that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            rows = list(csv.reader(file, delimiter=";" if head.count(";") > head.count(",") else ",", strict=True))
    except OSError as error:
        raise BadRates([f"{path} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise BadRates([f"{path} is not UTF-8; save it as CSV UTF-8"]) from None
    except csv.Error as error:
        raise BadRates([f"{path} is not CSV: {error}"]) from None
    names = [name.strip() for name in rows[0]] if rows else []
    if sorted(names) != sorted(COLUMNS):
        raise BadRates([f"line 1: the columns are {', '.join(names) or 'none'}; they must be {', '.join(COLUMNS)}"])
    faults: list[str] = []
    found: dict[tuple[str, date], tuple[Rate, int]] = {}
    for line, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        rate = _rate(dict(zip(names, (cell.strip() for cell in cells), strict=False)), len(cells), line, faults)
        if rate is None:
            continue
        first = found.setdefault((rate.currency, rate.valid_from), (rate, line))
        if first[1] != line:
            faults.append(f"line {line}: {rate.currency} from {rate.valid_from} on stands in line {first[1]} already")
    if not found and not faults:
        faults.append("there is no rate below the first line")
    if faults:
        raise BadRates(faults)
    return [found[key][0] for key in sorted(found)]


def _rate(row: dict[str, str], width: int, line: int, faults: list[str]) -> Rate | None:
    if width != len(COLUMNS):
        faults.append(f"line {line}: it has {width} cells, not {len(COLUMNS)}; write decimals with a point")
        return None
    if _MONTH.fullmatch(row["valid_from"]):
        row["valid_from"] += "-01"
    known = len(faults)
    if _FIGURE.fullmatch(row["units_per_usd"]):
        units = Decimal(row["units_per_usd"])
        if units <= 0:
            faults.append(f"line {line}: units_per_usd is {units}; one dollar is worth more than nothing")
        elif row["currency"] == "USD" and units != 1:
            faults.append(f"line {line}: a dollar is one dollar, not {units}")
    try:
        rate = Rate.model_validate_json(json.dumps(row))
    except ValidationError as error:
        faults += [f"line {line}: {e['loc'][0]} is {row[str(e['loc'][0])]!r}: {e['msg']}" for e in error.errors()]
        return None
    return rate if len(faults) == known else None


def published(
    rates: list[Rate], *, table: str, version: str, source: str, published_on: date, demonstration: bool
) -> RatesPublished:
    """The event that says these rates, with the hash of its rows."""
    rows: list[dict[str, Any]] = [rate.model_dump(mode="json") for rate in rates]
    content = json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()
    return RatesPublished(
        table_id=table,
        version=version,
        source=source,
        published_on=published_on,
        rows=rates,
        content_sha256=hashlib.sha256(content).hexdigest(),
        demonstration=demonstration,
    )
