"""The step of scoring: facts in, the project and the cells brought up to date, the figures that changed out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scoring.domain.assessing import NOT_ASSESSED, Assessed, Moved, assess, own_family_figure
from scoring.domain.cells import Cells, difference
from scoring.domain.facts import Fact, Version
from scoring.domain.figures import Figure, vacated
from scoring.domain.ownfigures import indicator_figures, project_figures, scope_of
from scoring.domain.pace import OFF_TRACK
from scoring.domain.parameters import Parameters
from scoring.domain.project import is_counted, score
from scoring.domain.register import Touched, record
from scoring.domain.state import ProjectState, Published
from scoring.domain.world import NO_WORLD, World


@dataclass(slots=True)
class Change:
    """What a batch of facts did to one project."""

    again: dict[str, str | None] = field(default_factory=dict)  # indicators scored again, with their pace before
    about: bool = False  # class, owner or existence may have changed, and so every figure
    touched: bool = False
    assessed: Assessed = NOT_ASSESSED
    moved: Moved = field(default_factory=dict)  # what the families' cells change by
    refused: list[tuple[int, str]] = field(default_factory=list)  # position in the batch, why


def apply(
    state: ProjectState,
    batch: Sequence[tuple[Fact, Version]],
    closed: int,
    cells: Cells,
    world: World = NO_WORLD,
    *,
    money: bool = False,
    reread: bool = False,
) -> Change:
    """Enter facts about one project in any order, score what they touch, and add the difference to the cells.

    An empty batch only lets time pass. ``closed`` is the last closed day; ``money`` says that what the project's
    money is worth may have changed without any fact of its own, ``reread`` that its publisher's dialect did.
    """
    touched, change = Touched(money=money, reread=reread), Change()
    for position, (fact, version) in enumerate(batch):
        try:
            record(state, fact, version, touched)
        except ValueError as error:
            change.refused.append((position, str(error)))
    if reread:
        touched.indicators.update(state.indicators)
    before = state.contribution
    change.again = score(state, touched, closed, world)
    change.about = touched.about or (before is None) == is_counted(state)
    change.touched = bool(touched) or bool(change.again)
    difference(cells, before, state.contribution)
    shares = before.shares if before is not None else {}
    change.assessed = assess(state, touched, shares, change.moved, world.method.parameters, rescored=bool(change.again))
    return change


@dataclass(slots=True)
class Own:
    """A figure of the project's own that may have changed, and where what was said of it is kept."""

    figure: Figure
    published: dict[str, Published]

    @property
    def known(self) -> Published | None:
        """What was last said of it."""
        return self.published.get(self.figure.metric)


def own_figures(state: ProjectState, change: Change, under: Parameters) -> Iterator[Own]:
    """The project's figures, and its indicators', that may have changed."""
    yield from _family_figures(state, change, under)
    if not change.touched:
        return
    for name in sorted(state.indicators if change.about else change.again):
        found = indicator_figures(state, name, under)
        published = state.indicators[name].published
        scope = scope_of(state.project_id, name)
        yield from _changed(state, found, published, ("M1", "M2"), scope)
    whole = project_figures(state, under)
    yield from _changed(state, whole, state.published, ("M1", "M2", "M4"), scope_of(state.project_id))


def _family_figures(state: ProjectState, change: Change, under: Parameters) -> Iterator[Own]:
    for metric in change.assessed.again:
        published = state.assessed.open().published
        figure = own_family_figure(metric, state, under)
        if figure is not None:
            yield Own(figure, published)
        elif metric in published:
            yield Own(_gone(state, metric, scope_of(state.project_id)), published)


def _changed(
    state: ProjectState,
    found: tuple[Figure, ...] | None,
    published: dict[str, Published],
    metrics: tuple[str, ...],
    scope: str,
) -> Iterator[Own]:
    for position, metric in enumerate(metrics):
        if found is not None:
            yield Own(found[position], published)
        elif metric in published:
            yield Own(_gone(state, metric, scope), published)


def _gone(state: ProjectState, metric: str, scope: str) -> Figure:
    """A figure that ends keeps its readers: its class and owner as last known, else its owner's alone."""
    about = state.about
    if about is not None and about.alive:
        return vacated(metric, scope, about.classification, about.entity)
    return vacated(metric, scope, state.last_classification, state.last_entity)


def readers_of(figure: Figure) -> str:
    """Who a figure is told to, in a word; nothing where it is everybody."""
    return "" if figure.classification == "public" else f"{figure.classification}|{figure.owner or ''}"


def next_published(
    known: Published | None, figure: Figure, *, valid: int, recorded: int, now: int, cause: str | None
) -> Published | None:
    """The record of this figure if a reader would see a difference, else None. ``now`` in µs since 1970."""
    digest = figure.digest()
    if known is not None and known.digest == digest:
        return None
    readers = readers_of(figure)
    # What only some could read is not told to others as what a figure was before.
    told = known is not None and known.readers in {"", readers}
    return Published(
        digest,
        figure.value,
        known.value if known is not None and told else None,
        known.revision + 1 if known is not None else 1,
        valid,
        recorded,
        now,
        cause,
        readers,
    )


def alerts(state: ProjectState, change: Change) -> Iterator[tuple[str, str, str | None, str]]:
    """Indicators whose pace changed so that someone may want to act: (kind, indicator, from, to).

    ``off-track`` on entering one of the late statuses from any other; ``status-changed`` between two others.
    """
    if not is_counted(state):
        return
    for name in sorted(change.again):
        leaf, before = state.indicators[name].leaf, change.again[name]
        if leaf is None or leaf.status is None or leaf.status == before:
            continue
        if leaf.status in OFF_TRACK and before not in OFF_TRACK:
            yield "off-track", name, before, leaf.status
        elif before not in {None, "NO_DATA"} and leaf.status != "NO_DATA":
            yield "status-changed", name, before, leaf.status
