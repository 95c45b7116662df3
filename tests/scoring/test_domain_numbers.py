"""Exact numbers agree with fractions.Fraction and round ties to the even neighbour."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.domain import numbers

integers = st.integers(-(10**30), 10**30)
positive = st.integers(1, 10**30)
ratios = st.tuples(integers, positive)


def fraction(value: numbers.Ratio) -> Fraction:
    return Fraction(*value)


@pytest.mark.parametrize("text", ["0", "12", "-3.5", "+7.", ".25", "-.5", "100.000", "0.000000000000000000000001"])
def test_a_decimal_is_read_exactly(text: str) -> None:
    assert fraction(numbers.decimal(text)) == Fraction(text.rstrip(".").replace("+", ""))


@pytest.mark.parametrize("text", ["30,6", "N/A", "2021:26", "-1e-10", "", ".", "1_000", " 5", "٣", "1.2.3", "inf"])
def test_what_is_no_decimal_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        numbers.decimal(text)


@given(integers, positive)
def test_half_even_is_the_rounding_of_fractions(numerator: int, denominator: int) -> None:
    assert numbers.half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@pytest.mark.parametrize(("ratio", "expected"), [((1, 2), 0), ((3, 2), 2), ((5, 2), 2), ((-1, 2), 0), ((-3, 2), -2)])
def test_ties_go_to_the_even_neighbour(ratio: numbers.Ratio, expected: int) -> None:
    assert numbers.half_even(*ratio) == expected


@given(ratios, ratios)
def test_arithmetic_is_that_of_fractions(x: numbers.Ratio, y: numbers.Ratio) -> None:
    a, b = fraction(x), fraction(y)
    assert fraction(numbers.add(x, y)) == a + b
    assert fraction(numbers.sub(x, y)) == a - b
    assert fraction(numbers.mul(x, y)) == a * b
    assert numbers.less(x, y) == (a < b)
    assert numbers.same(x, y) == (a == b)
    if y[0]:
        quotient = numbers.div(x, y)
        assert quotient[1] > 0
        assert fraction(quotient) == a / b


@pytest.mark.parametrize(
    ("value", "expected"), [((5, 1), "5"), ((-125, 10), "-12.5"), ((1, 3), "0.333333"), ((0, 7), "0")]
)
def test_a_ratio_is_written_as_people_write_it(value: numbers.Ratio, expected: str) -> None:
    assert numbers.text(value) == expected


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("2220835.6687359214", "2,220,835.67 USD"),
        ("353620", "353,620 USD"),
        ("-0.005", "0 USD"),
        ("-1234.5", "−1,234.50 USD"),
    ],
)
def test_money_is_said_to_the_cent(amount: str, said: str) -> None:
    assert numbers.stated(amount, "USD") == said
