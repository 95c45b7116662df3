"""The step of the families: what a change of one project adds to their cells (methodology §0.4, ADR 0070).

The same algebra as for the vectors of ``cells``, on sparse sums: subtract the old terms over the old shares, add the
new over the new. The frame itself counts who is in a cell, so that readers of small cells are protected alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from scoring.domain.assessment import Terms
from scoring.domain.consent import SUBJECTS, UNCONSENTED, stricter, subject_readers
from scoring.domain.families import FAMILIES
from scoring.domain.families.family import Family, Sums
from scoring.domain.figures import Figure, keep_back, note_unknown, readers
from scoring.domain.months import reached_by
from scoring.domain.ownfigures import owned
from scoring.domain.parameters import Parameters
from scoring.domain.project import SUSPENDED, frozen_on, is_counted, is_restricted, status_of
from scoring.domain.register import Touched
from scoring.domain.state import ProjectState, Share
from scoring.domain.suppression import Standing

PROJECTS: Final = "#projects"
DEMONSTRATIONS: Final = "#demonstrations"
SUSPENDED_ONES: Final = "#suspended"
RESTRICTED: Final = "#restricted"  # classified anything but public
CLOSED: Final = "#closed"  # of these, readable by one owner or one State only
OF: Final = "#of:"  # and an entity: its projects
PPM: Final = "#ppm"  # the projects' shares
_STANDING: Final = (PROJECTS, RESTRICTED, OF, PPM)

Moved = dict[tuple[str, str], Sums]
"""Differences of the families' cells, by (scope, metric)."""


class Assessed(NamedTuple):
    """The metrics judged again, and whether any of their terms changed."""

    again: tuple[str, ...] = ()
    rewritten: bool = False


NOT_ASSESSED: Final = Assessed()


def assess(
    state: ProjectState,
    touched: Touched,
    old: Mapping[str, Share],
    moved: Moved,
    under: Parameters,
    *,
    rescored: bool = True,
) -> Assessed:
    """Bring the families of one project up to date, and add the difference to their cells.

    Called after the project was scored; ``old`` are its shares before, ``rescored`` says whether any indicator was
    scored again, be it that only time passed.
    """
    day, due = state.scored_on, state.assessed_until
    everything = touched.about or (due is not None and due <= day)
    if rescored and (reached := reached_by(state)) != state.reached:
        state.reached, touched.presence = reached, True
    again = [family for family in FAMILIES.values() if everything or _concerned(family, touched, rescored)]
    new = state.contribution.shares if state.contribution is not None else {}
    elsewhere = old is not new and old != new
    if not (again or elsewhere):
        return NOT_ASSESSED
    assessment, rewritten = state.assessed.open(), False
    for family in FAMILIES.values():
        before = assessment.terms.get(family.metric)
        after = _text(family, state, day, under) if family in again else before
        if before == after and not elsewhere:
            continue
        if before is not None:
            spread(moved, family.metric, Terms.read(before), old, -1)
        if after is not None:
            spread(moved, family.metric, Terms.read(after), new)
        rewritten = rewritten or before != after
        if after is not None:
            assessment.terms[family.metric] = after
        else:
            assessment.terms.pop(family.metric, None)
    if again:
        state.assessed_until = _until(state, day)
    return Assessed(tuple(family.metric for family in again), rewritten)


def _concerned(family: Family, touched: Touched, rescored: bool) -> bool:
    return (
        bool(touched.judged & family.facts)
        or (family.on_money and touched.money)
        or (family.on_indicators and rescored)
        or (family.on_presence and touched.presence)
    )


def _until(state: ProjectState, day: int) -> int | None:
    """The next day on which time alone changes a family; beyond a suspension only a fact does."""
    if not is_counted(state):
        return None
    frozen = frozen_on(state)
    days = [t for family in FAMILIES.values() if (t := family.transition(state, day)) is not None]
    return min((t for t in days if frozen is None or t <= frozen), default=None)


def _text(family: Family, state: ProjectState, day: int, under: Parameters) -> str | None:
    about = state.about
    if about is None or not is_counted(state):
        return None
    restricted = is_restricted(about)
    found = family.unknown if restricted else family.terms(state, day, under)
    if found is None:
        return None
    counts = {PROJECTS: 1}
    if about.demonstration:
        counts[DEMONSTRATIONS] = 1
    if status_of(state) == SUSPENDED and not restricted:
        counts[SUSPENDED_ONES] = 1
    if restricted:
        counts[RESTRICTED] = 1
        if about.classification not in {"member-states", "compact"}:
            counts[CLOSED] = 1
    counts[f"{OF}{about.entity}"] = 1
    return found._replace(once=found.once | counts, ppm={**found.ppm, PPM: 1}).text()


# Cells -----------------------------------------------------------------------------------------------------


def spread(moved: Moved, metric: str, terms: Terms, shares: Mapping[str, Share], sign: int = 1) -> None:
    """Add a project's terms to the cells of its scopes, or with −1 take them away."""
    for scope, share in shares.items():
        sums = moved.setdefault((scope, metric), {})
        for name, value in scoped(terms, share):
            sums[name] = sums.get(name, 0) + sign * value


def scoped(terms: Terms, share: Share) -> Iterable[tuple[str, int]]:
    """What the terms are worth in one scope."""
    yield from terms.once.items()
    for values, factor in ((terms.ppm, share.ppm), (terms.cents, share.cents), (terms.ppm2, share.ppm * share.ppm)):
        if factor:
            for name, value in values.items():
                yield name, value * factor


def merge(into: Moved, moved: Moved) -> None:
    """Gather the differences that another project makes."""
    for key, difference in moved.items():
        into[key] = added(into.get(key, {}), difference)


def added(sums: Mapping[str, int], difference: Mapping[str, int]) -> Sums:
    """Sums after a difference; noughts leave."""
    found = {**sums}
    for name, value in difference.items():
        whole = found.get(name, 0) + value
        if whole:
            found[name] = whole
        else:
            found.pop(name, None)
    return found


def sums_hash(cells: Mapping[tuple[str, str], Mapping[str, int]]) -> str:
    """A digest of all families' cells in canonical order; a cell of noughts is no cell."""
    digest = hashlib.sha256()
    for scope, metric in sorted(cells):
        found = sorted((name, value) for name, value in cells[scope, metric].items() if value)
        if found:
            digest.update(f"{scope}\n{metric}\n{found}\n".encode())
    return digest.hexdigest()


def standing_of(sums: Mapping[str, int]) -> Standing:
    """Who is in a family's cell."""
    entities = sum(1 for name in sums if name.startswith(OF))
    return Standing(sums.get(PROJECTS, 0), sums.get(RESTRICTED, 0), entities, sums.get(PPM, 0))


def concerns_standing(difference: Mapping[str, int]) -> bool:
    """Whether a difference changes who is in a cell, or with how much."""
    return any(value and name.startswith(_STANDING) for name, value in difference.items())


# Figures ---------------------------------------------------------------------------------------------------


def readers_of_sums(scope: str, sums: Mapping[str, int]) -> tuple[str, str | None]:
    """Class and owner of a family's cell, by who is in it: projects (ADR 0034), subjects (ADR 0073), the stricter."""
    found = readers(scope, sums.get(PROJECTS, 0), sums.get(RESTRICTED, 0), sums.get(CLOSED, 0))
    return stricter(found, subject_readers(scope, sums)) if sums.get(SUBJECTS) else found


def family_figure(
    family: Family, scope: str, sums: Mapping[str, int], under: Parameters, why: str | None = None
) -> Figure | None:
    """The figure of a family's cell; None where there is nothing to say, or no project and no subject left.

    ``why`` says why it is withheld from the public, if it is (``scoring.domain.suppression``).
    """
    if not (sums.get(PROJECTS) or sums.get(SUBJECTS)) or not family.published_for(scope):
        return None
    figure = family.figure(scope, sums, under)
    if figure is None:
        return None
    figure.projects = sums.get(PROJECTS, 0)
    figure.demonstration = sums.get(DEMONSTRATIONS, 0) > 0
    if sums.get(SUSPENDED_ONES):
        figure.flags += ("INCLUDES_SUSPENDED",)
    note_unknown(figure, sums.get(RESTRICTED, 0))
    figure.classification, figure.owner = readers_of_sums(scope, sums)
    if figure.classification != "public":
        figure.flags += ("NOT_CONSENTED" if sums.get(UNCONSENTED) else "SMALL_CELL",)
    if why is not None:
        keep_back(figure, why, sums.get(RESTRICTED, 0))
    return figure


def own_family_figure(metric: str, state: ProjectState, under: Parameters) -> Figure | None:
    """A family's figure of the project itself; None where it has none (any more)."""
    if not is_counted(state):
        return None
    figure = FAMILIES[metric].own(state, state.scored_on, under)
    return owned(state, figure) if figure is not None else None
