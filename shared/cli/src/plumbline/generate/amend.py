"""What a later edition changes in a project: the corrections that entities send after they have published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from plumbline.generate import placing
from plumbline.generate.draw import Draw, Weighted
from plumbline.generate.model import Budget, Indicator, Period, Project, Transaction
from plumbline.generate.progress import add_up, women_of, written
from plumbline.generate.timeline import LAST_MONTH, edition_instant, last_day
from plumbline.generate.vocabulary import Vocabulary

Change = Callable[[Draw, Vocabulary, Project, date], bool]
"""Changes the project as known on a day; False where it has nothing to change."""


def revise(draw: Draw, words: Vocabulary, project: Project, edition: int) -> None:
    """Bring a project to an edition that changes it: one change, or two, and always at least one."""
    project.updated = edition_instant(edition) + timedelta(seconds=draw.whole(0, 7200))
    project.revisions.append(edition)
    until = project.updated.date()
    done = 0
    for _ in range(draw.pick((1, 1, 2))):
        done += draw.weighted(_CHANGES)(draw, words, project, until)
    if not done:
        _revise_budget(draw, words, project, until)


def _correct(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """A reported actual was wrong."""
    reported = [(i, p) for i, p in _periods(project) if p.actual is not None]
    if not reported:
        return False
    indicator, period = draw.pick(reported)
    old = float(period.actual or 0)
    new = written(old * draw.spread(0.75, 1.15), indicator.template)
    if float(new) == old:
        new = written(old - 1 if old >= 1 else old + 1, indicator.template)
    if indicator.template.measure == 3:
        new = "0" if old else "1"
    _set(draw, indicator, period, new)
    return True


def _late(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """An actual that was due and missing, or stood only in words, is reported."""
    missing = [
        (i, p)
        for i, p in _periods(project)
        if i.template.measure != 5 and p.actual is None and p.end < until and project.actual_start is not None
    ]
    if not missing:
        return False
    indicator, period = draw.pick(missing)
    goal = next(float(p.target) for p in reversed(indicator.periods) if p.target is not None)
    if indicator.template.adds:
        value = float(period.target or 0) * draw.spread(0.6, 1.1)
    else:
        before = [float(p.actual) for p in indicator.periods if p.end < period.end and p.actual is not None]
        start = before[-1] if before else float(indicator.baseline or 0)
        value = start + (goal - start) * draw.spread(0.1, 0.4)
    _set(draw, indicator, period, written(value, indicator.template))
    return True


def _retract(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """A reported actual is taken back; nothing stands in its place."""
    reported = [(i, p) for i, p in _periods(project) if p.actual is not None]
    if not reported:
        return False
    indicator, period = draw.pick(reported)
    _set(draw, indicator, period, None)
    return True


def _extend(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """The project goes on for some months, with a period more for every indicator and a little more to reach."""
    start = project.planned_end + timedelta(days=1)
    end = date(start.year, 12, 31) if start.month <= 6 else date(start.year + 1, 6, 30)
    if project.status != 2 or start <= until or end > last_day(LAST_MONTH):
        return False
    for indicator in project.indicators():
        last = indicator.periods[-2 if indicator.nested else -1]
        goal = last.target
        if goal is not None and not indicator.template.adds and indicator.baseline is not None:
            begin = float(indicator.baseline)
            goal = written(begin + (float(goal) - begin) * 1.1, indicator.template)
        more = Period(start, end, target=goal)
        if not indicator.nested:
            indicator.periods.append(more)
            continue
        whole = indicator.periods[-1]
        indicator.periods.insert(-1, more)
        whole.end = end
        whole.target = str(int(whole.target or 0) + int(goal or 0))
    project.planned_end = end
    project.budgets.append(Budget(start, end, max(1000, project.budgets[-1].amount // 4)))
    return True


def _reallocate(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """The shares of its countries or pillars were decided anew, or a neighbour joined."""
    if project.declared and len(project.pillars) > 1 and draw.chance(0.5):
        names, shares = zip(*project.pillars, strict=True)
        project.pillars = list(zip(names, _others(draw, shares), strict=True))
        return True
    if project.region is not None:
        return False
    if len(project.countries) in {2, 3}:
        countries, shares = zip(*project.countries, strict=True)
        project.countries = list(zip(countries, _others(draw, shares), strict=True))
        return True
    if len(project.countries) == 1:
        where = placing.several(draw, words, project.countries[0][0], 2)
        project.countries, project.scope = where.countries, where.scope
        return len(where.countries) == 2
    return False


def _others(draw: Draw, shares: tuple[str, ...]) -> tuple[str, ...]:
    """Percentages that differ from the given ones."""
    for _ in range(20):
        found = placing.percentages(draw, len(shares))
        if found != shares:
            return found
    return shares[1:] + shares[:1]


def _revise_budget(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """A line of the budget is revised: IATI BudgetType 2 beside the original."""
    line = draw.pick([b for b in project.budgets if b.type == 1])
    project.budgets = [b for b in project.budgets if b.type == 1 or b.start != line.start]
    amount = max(1000, round(line.amount * draw.spread(0.7, 1.25) / 100) * 100)
    project.budgets.append(Budget(line.start, line.end, amount, type=2))
    return True


def _spend(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """A new expenditure enters the ledger."""
    if project.actual_start is None or project.status not in {2, 3} or project.actual_start > until:
        return False
    day = max(project.actual_start, until - timedelta(days=draw.whole(1, 30)))
    project.transactions.append(Transaction(4, day, draw.whole(5, 400) * 100))
    return True


def _move_on(draw: Draw, words: Vocabulary, project: Project, until: date) -> bool:
    """The project's status moves on: begun, suspended, resumed, ended or closed."""
    if project.status == 1 and project.planned_start <= until:
        project.status, project.actual_start = 2, project.planned_start
    elif project.status == 2 and project.planned_end <= until:
        project.status, project.actual_end = 3, project.planned_end
    elif project.status in {2, 6}:
        project.status = 8 - project.status
    elif project.status == 3:
        project.status = 4
    else:
        return False
    return True


_CHANGES: Weighted[Change] = Weighted(
    (_correct, _late, _retract, _extend, _reallocate, _revise_budget, _spend, _move_on),
    (30, 20, 8, 8, 10, 6, 12, 6),
)


def _periods(project: Project) -> list[tuple[Indicator, Period]]:
    """Every period with its indicator, but for those that only enclose others."""
    return [(i, p) for i in project.indicators() for p in (i.periods[:-1] if i.nested else i.periods)]


def _set(draw: Draw, indicator: Indicator, period: Period, actual: str | None) -> None:
    """Give a period another actual, and what follows from it."""
    period.actual, period.comment = actual, None
    if period.women is not None:
        period.women = None if actual is None else women_of(draw, actual)
    if indicator.nested:
        add_up(indicator)
