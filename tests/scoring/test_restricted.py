"""What a restricted project reports moves no total: nobody can subtract out what is not theirs to read (ADR 0091).

The attack is not one way of solving for a value but all of them at once: of two histories that differ only in what a
restricted project reports, everything that anybody reads of totals is the same to the last byte.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from random import Random
from typing import Any, Final

import httpx
import pytest
from tests.support.drawn import DRAWN, Data
from tests.support.portfolios import Portfolio, Said, a_portfolio
from tests.support.scoring_feed import Feed, a_marker, a_project, an_actual, an_evaluation, an_indicator
from tests.support.scoring_line import Line
from tests.support.stack import fresh_database, settings

from contracts.assessment import EvaluationQualityRated, RiskAssessed
from contracts.portfolio import ProjectAmended, ProjectStatusChanged, TransactionPosted
from plumbline.stack import Stack
from runtime.service import Service
from scoring.app import build
from scoring.domain.assessing import Moved, added, family_figure, scoped
from scoring.domain.assessment import Terms
from scoring.domain.cells import At, spread
from scoring.domain.facts import Version
from scoring.domain.families import FAMILIES, OF_SUBJECTS
from scoring.domain.figures import aggregate, metrics_of
from scoring.domain.parameters import FIRST
from scoring.domain.scorecard import PARTS, scorecard
from scoring.settings import Settings

CLASSES: Final = ("member-states", "compact", "state:ML", "owner")
PLACE: Final = ("allocations", "entity", "classification", "demonstration", "pillar_inferred", "project_id", "status")
"""What a total does tell of a restricted project: that it is there, and where; see ADR 0091."""

LATE: Final = 30_000 * 86_400_000_000
REPORTED: Final = sorted(
    type_ for type_ in DRAWN
    if type_.partition(".")[0] in {
        "indicator", "observation", "budget", "transaction", "evaluation", "recommendation", "marker", "effort", "risk",
        "hrddp", "evidence",
    }
)  # fmt: skip
Told = dict[tuple[str, str], Any]


def restricted(seed: int) -> tuple[Portfolio, str]:
    """A portfolio one project of which is restricted in the end, under way, and known to be there."""
    made, chance = a_portfolio(seed), Random(seed)
    found = [one for one in made.said if one.type == "project.submitted.v1"]
    if not found:
        return restricted(seed + 10_000)
    about = chance.choice(found)
    data = about.data | {"classification": chance.choice(CLASSES), "status": chance.choice(("1", "2", "3", "4", "6"))}
    closing = Said("project.amended.v1", data, Version(LATE, "0000000000", "closing"))
    return replace(made, said=(*made.said, closing)), data["project_id"]


def otherwise(portfolio: Portfolio, project: str, seed: int) -> Portfolio:
    """The same where the project reports other things: the same place and class, and everything else by chance."""
    chance = Random(seed)
    said = [one for one in portfolio.said if one.data.get("project_id") != project or one.type not in REPORTED]
    *before, closing = said
    drawn: Data = DRAWN["project.amended.v1"](chance)
    same = {name: closing.data[name] for name in PLACE if name in closing.data}
    other = {name: value for name, value in drawn.items() if name not in PLACE} | same
    other["status"] = chance.choice(("1", "2", "3", "4", "6"))
    news = [(type_, DRAWN[type_](chance) | {"project_id": project}) for type_ in chance.choices(REPORTED, k=25)]
    found = [Said(type_, data, Version(LATE + n, "0", f"n{n:03d}")) for n, (type_, data) in enumerate(news)]
    return replace(portfolio, said=(*before, replace(closing, data=other), *found))


def line_of(portfolio: Portfolio) -> Line:
    line = Line()
    for one in portfolio.said:
        line.hear([one])
    return line


def told(line: Line) -> Told:
    """Every figure of every total, of all there is to see of it."""
    found: Told = {}
    sums: Moved = line._with_pairs()
    for scope, vector in line.cells.items():
        for metric in metrics_of(scope):
            found[metric, scope] = aggregate(metric, scope, vector, FIRST)
    for (scope, metric), cell in sums.items():
        found[metric, scope] = family_figure(FAMILIES[metric], scope, cell, FIRST)
    found["M17", "global"] = scorecard({scope: found.get(("M4", scope)) for scope in PARTS})
    return {key: figure for key, figure in found.items() if figure is not None}


def test_whatever_a_restricted_project_reports_every_total_is_the_same() -> None:
    moved = 0
    for seed in range(150):
        made, project = restricted(seed)
        other = otherwise(made, project, seed)
        one, two = line_of(made), line_of(other)
        assert told(one) == told(two), (seed, project)
        moved += one.states[project].outcome != two.states[project].outcome
    # It did report other things, and its own figures say so.
    assert moved > 40


def test_a_total_less_what_everybody_may_read_leaves_nothing() -> None:
    """Subtraction itself: what every public project brings, taken from every sum that a value is made of."""
    hidden = 0
    for seed in range(150):
        made, _ = restricted(seed)
        line = line_of(made)
        hidden += sum(state.about.classification != "public" for state in _counted(line))
        for key, ratio in _headlines(line).items():
            assert ratio == (0, 0), (seed, *key)
    assert hidden > 150


def _counted(line: Line) -> Iterator[Any]:
    return (state for state in line.states.values() if state.contribution is not None and state.about is not None)


def _headlines(line: Line) -> dict[tuple[str, str], tuple[int, int]]:
    """By metric and scope the numerator and denominator that are left once the public projects' are taken away."""
    public = [state for state in _counted(line) if state.about.classification == "public"]
    cells = {scope: list(vector) for scope, vector in line.cells.items()}
    for state in public:
        spread(cells, state.contribution, -1)
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for scope, left in cells.items():
        found["M4", scope] = left[At.A_E], left[At.A_KNOWN]
        found["M4 by budget", scope] = left[At.X_E], left[At.X_ALL]
        found["M7", scope] = sum(left[At.BUDGET : At.BUDGET + 5]), sum(left[At.SPEND : At.SPEND + 5])
    for (scope, metric), sums in line.sums.items():
        if metric in OF_SUBJECTS or metric == "presence":
            continue
        family, left_over = FAMILIES[metric], dict(sums)
        for state in public:
            left_over = added(left_over, {name: -n for name, n in _brings(state, metric, scope).items()})
        total = family.headline(family.within(left_over, sums), FIRST)
        found[metric, scope] = total
    return found


def _brings(state: Any, metric: str, scope: str) -> dict[str, int]:
    text, share = state.assessed.open().terms.get(metric), state.contribution.shares.get(scope)
    return added({}, dict(scoped(Terms.read(text), share))) if text is not None and share is not None else {}


# At the doors ----------------------------------------------------------------------------------------------

SCOPES: Final = ("global", "country:ML", "pillar-country:P2|ML", "entity:XM-DEMO-1")
METRICS: Final = tuple(f"M{n}" for n in range(2, 18) if n not in {14, 16})
ROLES: Final = {  # of whom each class may be read by nobody, by some, or by all but one
    "donor": (),
    "member-state": ("member-states", "state:ML"),
    "XM-DEMO-2": ("member-states", "compact"),
    "secretariat": CLASSES,
}


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    fresh = await fresh_database(stack, "scoring")
    found = await build(Settings.model_validate(settings(stack, "scoring", fresh).model_dump()))
    yield found
    await found.verifier.close()
    await found.database.close()


async def seen_by(service: Service, token: str, *, whole: bool) -> dict[tuple[str, ...], Any]:
    """Everything somebody is told of totals; ``whole`` is with explanations, which name what they may read."""
    transport = httpx.ASGITransport(app=service.app)
    found: dict[tuple[str, ...], Any] = {}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://scoring", headers={"Authorization": f"Bearer {token}"}
    ) as door:
        for metric in METRICS:
            for scope in SCOPES:
                for path in ("metrics", "revisions", *(("explanations",) if whole else ())):
                    asked = {"scope": scope} | ({"to": "2027-01-01T00:00:00Z"} if path == "revisions" else {})
                    answer = await door.get(f"/v1/{path}/{metric}", params=asked)
                    found[path, metric, scope] = answer.status_code, answer.json()
        for path in ("/v1/duplicates",) if whole else ():
            found[path,] = (await door.get(path)).json()
    return found


def reports(name: str, class_: str, n: int) -> list[Any]:
    """A restricted project says something else of everything it has said before."""
    amended = a_project(name, classification=class_, budgets=[]).model_dump()
    return [
        ProjectAmended.model_validate(amended),
        an_actual(f"9{n}", name),
        a_marker(n % 4, name),
        an_evaluation(n + 1, name),
        EvaluationQualityRated(project_id=name, evaluation_id="E1", quality=n + 1),
        _risk(name, n),
        _spent(name, f"777{n}"),
        ProjectStatusChanged(project_id=name, to="6"),
    ]


def _risk(name: str, level: int) -> RiskAssessed:
    return RiskAssessed(
        project_id=name, risk_id="k", category="fiduciary", likelihood=level, impact=level, residual_likelihood=1,
        residual_impact=1,
    )  # fmt: skip


def _spent(name: str, amount: str) -> TransactionPosted:
    return TransactionPosted(
        project_id=name, transaction_id="t", type="4", date="2026-01-01", amount=amount, currency="USD",
        value_date="2026-01-01",
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.stack
async def test_nothing_anybody_is_told_of_totals_changes_with_a_restricted_project(
    service: Service, stack: Stack
) -> None:
    feed = Feed(service.database)
    names = [(f"XM-DEMO-{n % 2 + 1}-P{n}", f"XM-DEMO-{n % 2 + 1}", "public") for n in range(6)]
    names += [(f"XM-DEMO-1-R{n}", "XM-DEMO-1", class_) for n, class_ in enumerate(CLASSES)]
    for n, (name, entity, class_) in enumerate(names):
        await feed.say(
            a_project(name, entity=entity, classification=class_), an_indicator(name), an_actual(str(10 * n), name),
            a_marker(n % 4, name), an_evaluation(n % 6 + 1, name), _risk(name, n % 3 + 2), _spent(name, f"{n}00"),
            EvaluationQualityRated(project_id=name, evaluation_id="E1", quality=4),
        )  # fmt: skip
    # All of them at once, which some may read, and the owner's alone, which only it and the secretariat may.
    for changed in (names[6:], names[-1:]):
        views = {who: not {class_ for *_, class_ in changed} & {*classes} for who, classes in ROLES.items()}
        before = {who: await seen_by(service, stack.tokens.token(who), whole=w) for who, w in views.items()}
        shown = {key for key, (status, _) in before["donor"].items() if key[0] == "metrics" and status == 200}
        assert len(shown) > 30
        said = await feed.say(*(fact for name, _, class_ in changed for fact in reports(name, class_, len(changed))))
        # Nothing goes out but of the project itself: neither stream nor notification could tell more.
        assert said.figures
        assert {scope.partition(":")[0] for _, scope in said.figures} == {"project", "indicator"}
        for who, w in views.items():
            assert await seen_by(service, stack.tokens.token(who), whole=w) == before[who], (len(changed), who)
    assert (await feed.rebuilt()).equal
