"""How a figure is made, asked of scoring and intake in the reader's name, for the page of the figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request

from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.chain import part_figure
from portal_gateway.api.pages.frame import results, titles
from portal_gateway.clients.services import Intake, Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain import explanation
from portal_gateway.domain.explanation import Closing, Influence, Link, Missing, Mover, Node, Parts, Step
from portal_gateway.domain.heard import Heard
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import N_, _, ngettext
from portal_gateway.domain.view import Figure
from portal_gateway.store import receipts
from portal_gateway.web.render import areas, figure_address, project_address

FEW: Final = 10
MANY: Final = 200
"""Projects listed at first, and when all are asked for."""

_ABOUT: Final = {
    "M4": (N_("Share × score"), N_("Share known")),
    "M2": (N_("Share × on track"), N_("Share × judged")),
    "M3": (N_("Weight × confidence"), N_("Weight")),
    "M5": (N_("Found to do well"), N_("Evaluated")),
    "M6": (N_("Share × score"), N_("Share known")),
    "M7": (N_("To the least pillar"), N_("To all pillars")),
    "M8": (N_("Significant or principal"), N_("Screened")),
    "M9": (N_("Principal objective"), N_("All expenditure")),
    "M10": (N_("High or very high"), N_("Open risks")),
    "M11": (N_("Met"), N_("Required")),
    "M12": (N_("May be one project"), N_("Projects")),
    "M13": (N_("Weight × share met"), N_("Weight")),
}
OF_SUBJECTS: Final = frozenset({"M13", "M14", "M15"})
"""Metrics of needs, resolutions and duties: consent decides what of them counts (ADR 0073)."""

_OWN: Final = ("project:", "indicator:")

_ABOUT_OTHERS: Final = (N_("Counted"), N_("Of"))


@dataclass(frozen=True, slots=True)
class Moves:
    """Rows: the parts without which the figure would differ most, and what is missing that could move it most."""

    effects: list[dict[str, Any]]
    missing: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Explained:
    """A page's explanation, or why there is none now; ``hidden`` projects are counted and not named.

    ``missing`` are the indicators that the project on the line lacks, ``missing_of``.
    """

    path: list[dict[str, Any]] = field(default_factory=list)
    parts: dict[str, Any] | None = None
    moves: Moves | None = None
    missing: list[Missing] = field(default_factory=list)
    missing_of: str = ""
    failed: Mapping[str, str] | None = None
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the reader wants the line to go: by which project, which indicator, how many are listed, as of when.

    ``dates`` are those of the page, which its addresses keep; ``compared`` is said of the line of the other moment.
    """

    project: str | None
    indicator: str | None
    limit: int
    when: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    compared: bool = False

    def address(self, figure: Figure, at: str = "", **more: Any) -> str:
        """The same page with another way down, at the same dates; ``at`` is the place on it."""
        query = {"scope": figure.scope, **self.dates} | {key: value for key, value in more.items() if value is not None}
        return f"/metrics/{figure.metric}?{urlencode(query)}#{at or ('then' if self.compared else 'made')}"


async def explained(
    request: Request, who: Caller, figure: Figure, wanted: Wanted, *, metric_name: str, scope_name: str
) -> Explained:
    """The line and the table of a figure; without scoring the reason why they are not there."""
    scoring: Scoring = request.app.state.scoring
    try:
        tree = await scoring.explanation(who.token, figure.metric, figure.scope, limit=str(wanted.limit), **wanted.when)
        project = await _opened(scoring, who, tree, wanted)
    except UpstreamError as error:
        return Explained(failed={"title": _("How it is made cannot be read now."), "text": error.said})
    tree, project = await _named(request, who, figure, (tree, project))
    steps = explanation.steps(tree, project, wanted.indicator, metric_name=metric_name, scope=scope_name)
    path = [await _step(request, who, figure, step, (project, wanted)) for step in steps]
    if not wanted.when and tree.get("revision") != figure.revision:
        path[0]["notes"] = [*path[0]["notes"], _("This is revision %(n)s.", n=numbers.grouped(tree["revision"]))]
    table = explanation.parts(tree)
    chosen = project["id"] if project is not None else None
    lacking = (
        explanation.missing(project if project is not None else tree, date.today())
        if figure.metric in explanation.SCORED
        else []
    )
    return Explained(
        path=path,
        parts=_table(figure, table, chosen, wanted) if table is not None else None,
        moves=_moves(figure, explanation.influence(tree), wanted),
        missing=lacking,
        missing_of=chosen or figure.scope.partition(":")[2].partition("|")[0],
        hidden=explanation.hidden(tree),
    )


async def _opened(scoring: Scoring, who: Caller, tree: Node, way: Wanted) -> Node | None:
    """The chosen project's node; one that is only listed, or not even that, is opened by a question of its own."""
    wanted = way.project
    found = explanation.project_node(tree, wanted)
    if tree["metric"] == "M7" or tree["scope"].startswith(("project:", "indicator:")):
        return found
    listed = found if found is not None and (wanted is None or found["id"] == wanted) else None
    if listed is not None and "explain" not in listed and (listed.get("children") or not way.when):
        return listed
    name = listed["id"] if listed is not None else wanted
    if name is None:
        return None
    own = await scoring.explanation(who.token, tree["metric"], f"project:{name}", **way.when)
    node = explanation.project_node(own, name)
    if node is None or listed is None:
        return node
    return {**node, **{key: listed[key] for key in ("share", "numerator", "denominator", "calc")}}


async def _named(
    request: Request, who: Caller, figure: Figure, found: tuple[Node, Node | None]
) -> tuple[dict[str, Any], Node | None]:
    """The tree and its chosen project with titles as this reader's lists have them, each with its language."""
    tree, project = found
    own = figure.scope.partition(":")[2].partition("|")[0] if figure.scope.startswith(_OWN) else ""
    shown = project["id"] if project is not None and project["kind"] == "project" else own
    every = {*explanation.scopes_of(tree, own), *(explanation.scopes_of(project, own) if project is not None else ())}
    scopes = [scope for scope in every if scope.startswith(("project:", f"indicator:{shown}|"))]
    async with transaction(request, who) as tx:
        names = dict(await titles(tx.conn, scopes))
        names |= {f"country:{code}": Heard(name) for code, name in areas().items()}
        names |= {f"result:{shown}|{code}": name for code, name in await results(tx.conn, shown)} if shown else {}
    relabelled = explanation.named(project, names, own) if project is not None else None
    return explanation.named(tree, names, own), relabelled


async def _step(
    request: Request, who: Caller, figure: Figure, step: Step, way: tuple[Node | None, Wanted]
) -> dict[str, Any]:
    """A step for the template; the event hangs on the line as its weight, with the lines it was read from."""
    origin, (project, wanted) = step.origin or {}, way
    found: dict[str, Any] = {
        "title": step.title,
        "what": list(step.what),
        "calc": step.sums,
        "notes": list(step.notes),
        "flags": step.flags,
        "why": step.why,
        "links": [_link(figure, link, wanted) for link in step.links],
        "weight": step.origin is not None,
        "code": f"sha256 {origin['sha256'][:8]}…{origin['sha256'][-4:]}" if origin.get("sha256") else "",
        "source": None,
        "receipt": "",
        "failed": "",
        "listed": step.kind == "part",
    }
    submission, line, file = origin.get("submission_id"), origin.get("line"), origin.get("file")
    if submission is None:
        return found
    if file:
        found["title"] = _("The line in the file") if line else _("The file")
        where = _("%(file)s, line %(line)s", file=file, line=numbers.grouped(line)) if line else file
        found["what"] = [where, *found["what"]]
    async with transaction(request, who) as tx:
        if await receipts.one(tx.conn, submission) is not None:
            found["receipt"] = f"/receipts/{quote(submission, safe='')}"
    owner = project["id"] if project is not None else figure.scope.partition(":")[2].partition("|")[0]
    # Intake keeps the lines of projects; those of a table of needs or assessments are named.
    if line and file and (project is None or project["kind"] == "project"):
        intake: Intake = request.app.state.intake
        try:
            found["source"] = _outdented(await intake.source(who.token, submission, owner, line))
        except UpstreamError as error:
            found["failed"] = _("The line itself cannot be shown. %(why)s", why=error.said)
    return found


def dated(address: str, dates: Mapping[str, str]) -> str:
    """An address of a figure at the dates of this page."""
    return f"{address}&{urlencode(dates)}" if dates else address


def _outdented(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines without the indent they have in common, so that more of them is seen."""
    texts = [line["text"] for line in lines if line["text"].strip()]
    common = min((len(text) - len(text.lstrip()) for text in texts), default=0)
    return [{**line, "text": line["text"][common:]} for line in lines]


def _link(figure: Figure, link: Link, wanted: Wanted) -> dict[str, str]:
    if link.figure is not None:
        return {"text": link.text, "address": dated(figure_address(*link.figure), wanted.dates)}
    if link.beside is not None:
        beside = f"{project_address(link.project or '')}/beside?{urlencode({'other': link.beside})}"
        return {"text": link.text, "address": beside}
    if link.indicator is None:
        return {"text": link.text, "address": project_address(link.project or "")}
    return {"text": link.text, "address": wanted.address(figure, project=link.project, indicator=link.indicator)}


def _moves(figure: Figure, found: Influence, wanted: Wanted) -> Moves | None:
    """What moves the figure most, each with the way to it."""
    if not (found.effects or found.missing):
        return None

    def row(part: Mover) -> dict[str, Any]:
        owner = figure.scope.partition(":")[2]
        address = ""
        if part.kind == "indicator":
            address = dated(figure_address("M1", f"indicator:{owner}|{part.id}"), wanted.dates)
        if part.kind == "project":
            address = wanted.address(figure, project=part.id)
        return {"title": part.title, "id": part.id, "address": address, "first": part.first, "second": part.second}

    return Moves([row(part) for part in found.effects], [row(part) for part in found.missing])


def _closing(figure: Figure, line: Closing) -> str:
    n = numbers.grouped(line.count)
    if line.kind == "others":
        return ngettext("%(n)s more", "%(n)s more", line.count, n=n)
    if figure.metric in OF_SUBJECTS:
        return _("%(n)s not yours to read", n=n)
    whole = numbers.grouped(figure.projects)
    return ngettext(
        "%(count)s of %(all)s projects is withheld by its owner; it counts as unknown",
        "%(count)s of %(all)s projects are withheld by their owners; they count as unknown",
        line.count,
        count=n,
        all=whole,
    )


def _table(figure: Figure, table: Parts, chosen: str | None, wanted: Wanted) -> dict[str, Any]:
    limit = wanted.limit if wanted.limit != FEW else None
    others = next((line for line in table.closing if line.kind == "others"), None)
    return {
        "columns": _ABOUT.get(figure.metric, _ABOUT_OTHERS),
        "scores": figure.metric == "M4",
        "owned": any(part.share is not None for part in table.rows),
        "rows": [
            {
                "project_id": part.project_id,
                "title": part.title,
                "address": wanted.address(figure, project=part.project_id, limit=limit),
                "share": part.share,
                "figure": part_figure(
                    figure, {"mean": part.value, "lower": part.lower, "upper": part.upper, "coverage": None}
                ),
                "numerator": part.numerator,
                "denominator": part.denominator,
                "current": part.project_id == chosen,
            }
            for part in table.rows
        ],
        "closing": [
            {
                "text": _closing(figure, line),
                "numerator": line.numerator,
                "denominator": line.denominator,
            }
            for line in table.closing
        ],
        "numerator": table.numerator,
        "denominator": table.denominator,
        "adds_up": table.adds_up,
        "all": wanted.address(figure, "parts", project=chosen, limit=MANY) if others and wanted.limit < MANY else "",
    }
