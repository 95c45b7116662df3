"""A figure's drawing: no point without its bar, no mark where the value is withheld, one mirror for all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from gettext import NullTranslations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.gateway import figure as stored

from portal_gateway.domain import scope
from portal_gateway.domain.drawing import figure, trajectory
from portal_gateway.domain.drawing.trajectory import Aim, Point
from portal_gateway.domain.errors import ScopeError
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import speaking
from portal_gateway.domain.view import figure as read

MICRO = st.integers(min_value=0, max_value=1_000_000)


def test_the_mark_is_filled_open_or_absent_by_state() -> None:
    def mark(state: str) -> figure.Mark:
        return figure.bar(lower=1, upper=2, value=1, state=state).mark

    assert (mark("PUBLISHED"), mark("PROVISIONAL"), mark("INSUFFICIENT_DATA")) == ("filled", "open", "none")


def test_a_withheld_value_is_nowhere_in_the_drawing() -> None:
    bar = figure.bar(lower=231_000, upper=819_000, value=507_000, state="INSUFFICIENT_DATA")
    assert bar.value is None
    assert (bar.start, bar.width) == ("23.10", "58.80")


def test_unknown_bounds_are_the_whole_axis() -> None:
    bar = figure.bar(lower=None, upper=None, value=None, state="INSUFFICIENT_DATA")
    assert (bar.start, bar.width) == ("0.00", "100.00")


def test_a_value_beyond_the_axis_is_drawn_at_its_end() -> None:
    assert figure.bar(lower=-200_000, upper=-200_000, value=-200_000, state="PUBLISHED").value == "0.00"


@given(MICRO, MICRO, MICRO)
def test_mirroring_keeps_widths_and_turns_places(one: int, two: int, value: int) -> None:
    lower, upper = min(one, two), max(one, two)
    plain = figure.bar(lower=lower, upper=upper, value=value, state="PUBLISHED")
    turned = figure.bar(lower=lower, upper=upper, value=value, state="PUBLISHED", mirrored=True)
    assert plain.width == turned.width
    assert abs(Decimal(plain.value or 0) + Decimal(turned.value or 0) - 100) <= Decimal("0.01")
    assert (plain.left_text, plain.right_text) == (turned.right_text, turned.left_text)


@given(st.dictionaries(st.sampled_from("ABCDE"), st.integers(min_value=0, max_value=10**15)))
def test_shares_stand_end_to_end_and_never_beyond_the_bar(parts: dict[str, int]) -> None:
    placed = figure.shares(parts)
    assert sum((Decimal(p.width) for p in placed), Decimal(0)) <= 100
    assert all(0 <= Decimal(p.at) <= 100 for p in placed)


@given(st.lists(MICRO, min_size=1))
def test_an_axis_that_is_cut_holds_every_mark_and_ends_on_a_step(shares: list[int]) -> None:
    start, end, every = figure.window(shares)
    assert start * 10_000 <= min(shares) <= max(shares) <= end * 10_000
    ticks = figure.axis(start=start, end=end, every=every)
    assert (ticks[0].at, ticks[-1].at, len(ticks) <= 5) == ("0.00", "100.00", True)
    reached, _every = figure.reach(shares)
    assert max(shares) <= reached * 10_000


@pytest.mark.parametrize(("before", "now", "moved"), [(605_000, 605_040, False), (605_000, 606_000, True)])
def test_a_value_that_is_printed_alike_has_not_moved(before: int, now: int, moved: bool) -> None:
    assert read(stored(value=now, previous=before).model_dump(mode="json") | {"seq": 1}).moved is moved


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (649_007, "64.9"),
        (0, "0.0"),
        (1_000_000, "100.0"),
        (64_950, "6.5"),
        (1_250_000, "125.0"),
        (-200_000, "−20.0"),
        (649_500, "65.0"),
        (648_500, "64.8"),
        (-400, "0.0"),
    ],
)
def test_a_share_is_printed_with_one_decimal_half_to_even(micro: int, text: str) -> None:
    assert numbers.percent(micro) == text


def test_money_is_said_as_people_say_it() -> None:
    assert [numbers.money(c) for c in (6_820_000_000, 123_456, -250_000_000, 99, 310_000_000_000)] == [
        "USD 68.2 m",
        "USD 1.2 k",
        "USD −2.5 m",
        "USD 1",
        "USD 3.1 bn",
    ]


def test_a_sign_stays_before_its_number_where_the_page_is_read_from_the_right() -> None:
    with speaking("ar", NullTranslations()):
        assert numbers.points(-6_100) == "\N{LEFT-TO-RIGHT MARK}−0.6"


@pytest.mark.parametrize("code", ["fr", "es", "ru"])
def test_numbers_have_the_signs_of_their_language_and_formulas_those_of_all(code: str) -> None:
    with speaking(code, NullTranslations()):
        assert numbers.percent(649_007) == "64,9"
        assert numbers.points(6_100) == "+0,6"
        assert numbers.points(0) == "0,0"
        assert numbers.whole_percent(600_000) == "60"
        assert numbers.grouped(1_452_000) == "1\u202f452\u202f000"
        assert numbers.decimal_text("-1234.50") == "−1\u202f234,50"
        assert numbers.money(6_820_000_000) == "USD 68,2 m"
        assert (numbers.exact(649_007), numbers.counted(1_452)) == ("0.649007", "1,452")
    assert numbers.percent(649_007) == "64.9"


@pytest.mark.parametrize("text", ["global", "pillar:P1", "country:ML", "entity-pillar:XM-DEMO-1|P3", "project:XM/1 a"])
def test_a_scope_reads_back_as_it_was_written(text: str) -> None:
    assert scope.parse(text).text == text


@pytest.mark.parametrize("text", ["", "pillar:P5", "pillar", "country:", "indicator:X", "pillar-country:ML|P3", "x:y"])
def test_what_is_no_scope_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(ScopeError, match="pillar:P1 to pillar:P4"):
        scope.parse(text)


def test_a_due_unreported_period_is_a_slot_and_never_a_zero() -> None:
    drawn = trajectory.draw(
        baseline=Decimal(120),
        baseline_on=date(2024, 1, 1),
        aims=[Aim(date(2025, 1, 1), date(2025, 12, 31), Decimal(60))],
        points=[],
        as_of=date(2026, 9, 14),
    )
    assert drawn is not None
    assert len(drawn.slots) == 1
    assert drawn.points == ()


def test_a_descending_indicator_is_drawn_descending() -> None:
    drawn = trajectory.draw(
        baseline=Decimal(120),
        baseline_on=date(2024, 1, 1),
        aims=[Aim(date(2024, 1, 1), date(2025, 12, 31), Decimal(60))],
        points=[Point(date(2024, 12, 31), Decimal(100)), Point(date(2025, 12, 31), Decimal(60))],
        as_of=date(2025, 6, 1),
    )
    assert drawn is not None
    assert Decimal(drawn.points[0].y) < Decimal(drawn.points[1].y)  # px grow downwards
    assert drawn.as_of is not None


def test_a_corrected_value_stays_as_a_cross_with_its_number() -> None:
    drawn = trajectory.draw(
        baseline=None,
        baseline_on=None,
        aims=[],
        points=[Point(date(2024, 12, 31), Decimal(105), replaced=(Decimal(90),))],
        as_of=date(2025, 6, 1),
    )
    assert drawn is not None
    assert [cross.text for cross in drawn.crosses] == ["90"]
