"""Indicators and their values over time: targets that follow a plan, actuals that follow the project's pace."""

from __future__ import annotations

from datetime import date, timedelta

from plumbline.generate.draw import Draw
from plumbline.generate.model import Indicator, Period, Result
from plumbline.generate.timeline import Slot, first_day, slots
from plumbline.generate.vocabulary import Level, Pillar, Template, Theme, Vocabulary

_LEVELS: dict[Level, str] = {1: "What the project delivers", 2: "What changes", 3: "Lasting effect"}
_PLAN_BEND: dict[Level, float] = {1: -0.15, 2: 0.4, 3: 0.7}
"""How late progress comes: outputs early, outcomes later, impact last (pace = e·(1 − bend + bend·e))."""


class Plan:
    """What all indicators of a project share: its time, how far reports go, how well it does, how big it is."""

    def __init__(self, first: int, last: int, until: date, pace: float, size: float) -> None:
        self.first, self.last, self.until, self.pace, self.size = first, last, until, pace, size


def results(draw: Draw, words: Vocabulary, theme: Theme, served: list[tuple[Pillar, str]], plan: Plan) -> list[Result]:
    """Outputs and outcomes, and for a quarter of projects an impact; no indicator twice."""
    used: set[str] = set()
    found: list[Result] = []
    levels: list[Level] = [1, 2]
    if draw.chance(0.35):
        levels.insert(0, 1)
    if draw.chance(0.25):
        levels.append(3)
    for level in levels:
        pillar = served[0][0] if draw.chance(0.75) else draw.pick(served)[0]
        free = [t for t in words.templates[pillar, level] if t.code not in used]
        indicators: list[Indicator] = []
        for _ in range(draw.pick((1, 2, 2, 3)) if level < 3 else 1):
            if not free:
                break
            template = free.pop(draw.whole(0, len(free) - 1))
            used.add(template.code)
            indicators.append(_indicator(draw, words, template, plan))
        if indicators:
            found.append(Result(level, f"{_LEVELS[level]}: {theme.name}", indicators))
    return found


def written(value: float, template: Template) -> str:
    """A value as its indicator writes it: one decimal for percentages, ranks within their scale."""
    if template.measure == 2:
        return f"{min(100.0, max(0.0, value)):.1f}"
    if template.measure == 4:
        return str(min(5, max(1, round(value))))
    return str(max(0, round(value)))


def women_of(draw: Draw, actual: str) -> str:
    """The part of a count of persons that is women."""
    return str(round(int(actual) * draw.spread(0.3, 0.6)))


def _indicator(draw: Draw, words: Vocabulary, template: Template, plan: Plan) -> Indicator:
    if template.measure == 5:
        return _in_words(draw, words, template, plan)
    scale = plan.size if template.level == 1 and template.measure == 1 else 1.0
    begin = float(written(draw.spread(*template.baseline), template))
    goal = float(written(draw.spread(*template.target) * scale, template))
    if goal == begin and template.target[0] != template.target[1]:
        goal = begin + 1
    ascending = None if draw.chance(0.06) and goal != begin else template.ascending
    indicator = Indicator(
        template=template, ascending=ascending,
        baseline=None if draw.chance(0.05) else written(begin, template), baseline_on=first_day(plan.first),
        target_comment=None, baseline_comment=None, periods=[],
    )  # fmt: skip
    pace = _pace(draw, template, plan)
    if template.adds:
        indicator.nested = draw.chance(0.6)
        _added(draw, indicator, goal, pace, plan)
    else:
        _latest(draw, words, indicator, begin, goal, pace, plan)
    if draw.chance(0.4) and not indicator.nested:
        # A period that encloses the others already says it.
        indicator.accumulation = _accumulation(template)
    if draw.chance(0.04):
        _only_words(draw, words, indicator)
    return indicator


def _accumulation(template: Template) -> str:
    if template.adds:
        return "PERIODIC_SUM"
    return "CUMULATIVE" if template.level == 1 and template.measure == 1 else "POINT_IN_TIME"


def _pace(draw: Draw, template: Template, plan: Plan) -> float:
    """How much of the planned way this indicator goes: near the project's pace, few far above, few backwards."""
    luck = draw.random()
    if luck < 0.04:
        return draw.spread(1.25, 1.8)
    if luck < 0.08 and template.level > 1:
        return draw.spread(-0.3, 0.0)
    return max(0.0, draw.around(plan.pace, 0.25))


def _layout(draw: Draw) -> tuple[int, bool]:
    """The months a period lasts (0 the whole project), and whether every period has a target or only the last."""
    kind = draw.random()
    if kind < 0.44:
        return 6, True
    if kind < 0.76:
        return 12, True
    if kind < 0.81:
        return 3, True
    return (6, False) if kind < 0.94 else (0, True)


def _latest(
    draw: Draw, words: Vocabulary, indicator: Indicator, begin: float, goal: float, pace: float, plan: Plan
) -> None:
    """Periods whose actual is where the indicator stands by then; targets are milestones on the way."""
    template = indicator.template
    months, milestones = _layout(draw)
    bend = _PLAN_BEND[template.level]
    silent, parted = draw.chance(0.08), template.level == 1 and template.measure == 1 and draw.chance(0.12)
    before = begin
    for slot in slots(plan.first, plan.last, months):
        period = Period(slot.start, slot.end)
        if milestones or slot.elapsed == 1:
            period.target = written(begin + (goal - begin) * slot.elapsed, template)
        if _due(draw, slot, plan) and not silent:
            gone = pace * slot.elapsed * (1 - bend + bend * slot.elapsed)
            value = begin + (goal - begin) * (gone + draw.around(0, 0.04))
            if goal == begin:
                value = _held(draw, goal)
            elif template.level == 1 and template.measure == 1:
                value = max(value, before)
            before = value
            period.actual = written(value, template)
            if draw.chance(0.08):
                period.comment = draw.pick(words.phrases["counted"])
            if parted:
                period.women = women_of(draw, period.actual)
        indicator.periods.append(period)


def _held(draw: Draw, goal: float) -> float:
    """Where a level is to be held: a little above or below; at zero, a breach now and then."""
    if goal == 0:
        return 0 if draw.chance(0.9) else draw.whole(1, 2)
    return goal + draw.spread(-6, 8)


def _added(draw: Draw, indicator: Indicator, goal: float, pace: float, plan: Plan) -> None:
    """Periods whose actuals are added up, within one that encloses them where the indicator is nested."""
    before = 0.0
    for slot in slots(plan.first, plan.last, draw.pick((6, 12))):
        planned = round(goal * slot.elapsed) - round(goal * before)
        period = Period(slot.start, slot.end, target=str(planned))
        if _due(draw, slot, plan):
            period.actual = str(max(0, round(planned * pace * draw.around(1, 0.3))))
        before = slot.elapsed
        indicator.periods.append(period)
    if len(indicator.periods) == 1:
        indicator.nested = False
    if indicator.nested:
        whole = slots(plan.first, plan.last, 0)[0]
        indicator.periods.append(Period(whole.start, whole.end, target=str(round(goal))))
        add_up(indicator)


def add_up(indicator: Indicator) -> None:
    """Make the enclosing period of a nested indicator the sum of what the others report."""
    *inner, whole = indicator.periods
    actuals = [int(p.actual) for p in inner if p.actual is not None]
    whole.actual = str(sum(actuals)) if actuals else None


def _due(draw: Draw, slot: Slot, plan: Plan) -> bool:
    """Whether an actual stands there: the period is over, the report is in, and one in twenty is forgotten."""
    late = timedelta(days=draw.whole(5, 42))
    return draw.random() >= 0.05 and slot.end + late <= plan.until


def _only_words(draw: Draw, words: Vocabulary, indicator: Indicator) -> None:
    """Say the figures in comments alone, as some publishers do; nobody may read them as values."""
    for period in indicator.periods:
        if period.actual is not None:
            period.comment = draw.pick(words.phrases["words"]).format(value=period.actual)
            period.actual = period.women = None


def _in_words(draw: Draw, words: Vocabulary, template: Template, plan: Plan) -> Indicator:
    """A qualitative indicator: no value anywhere, only what was found."""
    periods = [
        Period(slot.start, slot.end, comment=draw.pick(words.phrases["progress"]) if _due(draw, slot, plan) else None)
        for slot in slots(plan.first, plan.last, 12)
    ]
    return Indicator(
        template=template, ascending=True, baseline=None, baseline_on=first_day(plan.first),
        target_comment=draw.pick(words.phrases["target"]), baseline_comment=draw.pick(words.phrases["baseline"]),
        periods=periods,
    )  # fmt: skip
