"""Exchange rates from CSV: the whole table, or every fault with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contracts import schemas
from contracts.context import RatesPublished
from intake.domain.judgements import sense
from plumbline.generate.rates import write_rates
from plumbline.rates import BadRates, published, read_rates


def test_the_demonstrations_rates_are_a_good_table_and_always_the_same(tmp_path: Path) -> None:
    count = write_rates(tmp_path / "a.csv")
    write_rates(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    rates = read_rates(tmp_path / "a.csv")
    assert len(rates) == count
    assert {r.currency for r in rates} == {"CHF", "EUR", "GBP", "SEK"}
    event = published(rates, table="t", version="1", source="s", published_on=date(2026, 1, 1), demonstration=True)
    assert sense(event.TYPE, event.model_dump(mode="json", exclude_none=True)) == []


def test_intake_and_the_example_agree_on_the_hash() -> None:
    example = schemas.newest_example(RatesPublished.TYPE)
    assert example is not None
    assert sense(RatesPublished.TYPE, example) == []


def test_months_semicolons_a_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("\ufeffunits_per_usd;currency;valid_from\n603.5;XOF;2026-02\n\n;;\n0.92;EUR;2026-01-15\n")
    assert [(r.currency, r.valid_from.isoformat(), r.units_per_usd) for r in read_rates(path)] == [
        ("EUR", "2026-01-15", "0.92"),
        ("XOF", "2026-02-01", "603.5"),
    ]


def test_every_fault_at_once(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "currency,valid_from,units_per_usd\nEUR,2026-01,0.92\neur,2026-13-01,1e3\nEUR,2026-01-01,0.93\n"
        "GBP,2026-01,0\nUSD,2026-01,1.1\nXOF,2026-01,603,5\nCHF,9999-01-01,NaN\neur,2026-01,-1\n"
    )
    with pytest.raises(BadRates) as caught:
        read_rates(path)
    lines = [fault.split(":")[0] for fault in caught.value.faults]
    assert lines == [f"line {n}" for n in (3, 3, 3, 4, 5, 6, 7, 8, 8, 9, 9)]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "columns are none"),
        (b"currency,rate\n", "must be currency"),
        (b"currency,valid_from,units_per_usd\n", "no rate"),
        (b"\xff\xfe", "not UTF-8"),
        (b'currency,valid_from,units_per_usd\n"EUR', "not CSV"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(BadRates, match=word):
        read_rates(path)
    with pytest.raises(BadRates, match="cannot be read"):
        read_rates(tmp_path / "nowhere.csv")
