"""``python -m intake.codelists DATA_DIR``: write the code lists that activities are judged by, as small CSVs of facts.

DATA_DIR holds IATI's published code lists (``codelists/embedded-2.03``, ``codelists/nonembedded``) and the
United Nations' M49 tables (``geo/unsd-m49``). One file a list: code, English name, status. The portal gets
the names of countries and regions in the six official languages.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from lxml import etree

HERE: Final = Path(__file__).parent
EXTRA: Final = ("OrganisationRegistrationAgency",)
"""Lists that no element is mapped to, but a rule reads."""

LANGUAGES: Final = {"ar": "ar", "zh": "cn", "en": "en", "fr": "fr", "ru": "ru", "es": "es"}
"""The six official languages, and how the M49 tables spell them."""

_CONDITION: Final = re.compile(r"@vocabulary = '([^']+)'(?P<absent> or not\(@vocabulary\))?")
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write every list; the exit status says whether the data was there."""
    parser = argparse.ArgumentParser(
        prog="python -m intake.codelists",
        description="Write the code lists that activities are judged by.",
        epilog="example: python -m intake.codelists ../shared/data --date 2026-11-23",
    )
    parser.add_argument("data", type=Path, metavar="DATA_DIR", help="where codelists/ and geo/ are")
    parser.add_argument("--date", required=True, metavar="DAY", help="when the lists were fetched, for their heads")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="where to write; the package itself")
    parser.add_argument("--places", type=Path, metavar="DIR", help="also write countries and regions for the portal")
    given = parser.parse_args(arguments)
    lists = given.data / "codelists"
    if not (lists / "embedded-2.03").is_dir():
        print(f"{lists} holds no embedded-2.03: give the folder that holds codelists/ and geo/", file=sys.stderr)  # noqa: T201
        return 2
    mapping = list(_mapping(lists / "embedded-2.03" / "mapping.xml"))
    given.out.mkdir(parents=True, exist_ok=True)
    _write(
        given.out / "mapping.csv", ("path", "list", "vocabulary"), mapping, "IATI 2.03 code list mapping", given.date
    )
    for name in sorted({row[1] for row in mapping} | set(EXTRA)):
        _write_list(lists, name, given.out, given.date)
    _write_m49(given.data / "geo" / "unsd-m49", given.out, given.date)
    if given.places:
        _write_places(given.data / "geo" / "unsd-m49", given.places, given.date)
    return 0


def _mapping(path: Path) -> Iterable[tuple[str, str, str]]:
    """Which attribute of an activity takes codes from which list, and under which vocabulary.

    ``vocabulary`` is empty where the list always applies, ``2`` for that vocabulary, ``1?`` for it or none said.
    """
    for mapping in etree.parse(str(path), _PARSER).getroot().iter("mapping"):
        where = mapping.findtext("path") or ""
        reference = mapping.find("codelist")
        condition = _CONDITION.search(mapping.findtext("condition") or "")
        vocabulary = "" if condition is None else condition[1] + ("?" if condition["absent"] else "")
        if where.startswith("//iati-activity/") and reference is not None:
            yield where.removeprefix("//iati-activity/"), reference.get("ref") or "", vocabulary


def _write_list(lists: Path, name: str, target: Path, day: str) -> None:
    path = lists / "embedded-2.03" / "xml" / f"{name}.xml"
    embedded = path.exists()
    if not embedded:
        path = lists / "nonembedded" / "xml" / f"{name}.xml"
    root = etree.parse(str(path), _PARSER).getroot()
    complete = root.get("complete") == "1"
    rows = [
        (item.findtext("code") or "", _english(item), item.get("status") or "active")
        for item in root.iter("codelist-item")
    ]
    kind = f"embedded={int(embedded)} complete={int(complete)}"
    _write(target / f"{name}.csv", ("code", "name", "status"), sorted(rows), f"IATI code list {name}, {kind}", day)


def _english(item: etree._Element) -> str:
    for narrative in item.findall("name/narrative"):
        if narrative.get("{http://www.w3.org/XML/1998/namespace}lang", "en") == "en":
            return " ".join((narrative.text or "").split())
    return ""


def _m49(folder: Path, language: str) -> list[dict[str, str]]:
    with (folder / f"UNSD-{LANGUAGES[language]}.csv").open(encoding="utf-8-sig", newline="") as table:
        return list(csv.DictReader(table))


def _areas(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """Codes and names of the world and its regions."""
    found = {}
    for row in rows:
        for level in ("Global", "Region", "Sub-region", "Intermediate Region"):
            if row[f"{level} Code"]:
                found[row[f"{level} Code"]] = row[f"{level} Name"].strip()
    return found


def _write_m49(folder: Path, target: Path, day: str) -> None:
    rows = _m49(folder, "en")
    codes = _areas(rows) | {row["M49 Code"]: row["Country or Area"].strip() for row in rows}
    lines = [(code, name, "active") for code, name in sorted(codes.items())]
    _write(target / "M49.csv", ("code", "name", "status"), lines, "UN M49 areas, embedded=0 complete=1", day)


def _write_places(folder: Path, target: Path, day: str) -> None:
    """Countries and regions with their names in the six official languages."""
    target.mkdir(parents=True, exist_ok=True)
    tables = {language: _m49(folder, language) for language in LANGUAGES}
    areas = {language: _areas(rows) for language, rows in tables.items()}
    countries = {
        language: {r["M49 Code"]: r["Country or Area"].strip() for r in rows} for language, rows in tables.items()
    }
    _write(
        target / "regions.csv",
        ("m49", *LANGUAGES),
        [(code, *(areas[language].get(code, "") for language in LANGUAGES)) for code in sorted(areas["en"])],
        "UN M49 regions",
        day,
    )
    rows = [
        (
            row["ISO-alpha2 Code"], row["ISO-alpha3 Code"], row["M49 Code"], row["Region Code"],
            row["Sub-region Code"], row["Intermediate Region Code"],
            *(countries[language].get(row["M49 Code"], "") for language in LANGUAGES),
        )
        for row in tables["en"]
        if row["ISO-alpha2 Code"]
    ]  # fmt: skip
    head = ("iso2", "iso3", "m49", "region", "subregion", "intermediate", *LANGUAGES)
    _write(target / "countries.csv", head, sorted(rows), "UN M49 countries and areas", day)


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]], what: str, day: str) -> None:
    text = io.StringIO(newline="")
    text.write(f"# {what}; fetched {day}; written by python -m intake.codelists\n")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
