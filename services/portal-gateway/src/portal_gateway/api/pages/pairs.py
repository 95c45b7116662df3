"""Work that may be the same, or may go together: pairs of projects with their evidence, side by side, and decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from contracts.coordination import DuplicateDecided
from contracts.envelope import PREFIX, Envelope
from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, form_of, transaction
from portal_gateway.api.pages.frame import frame, now, reader, render, router
from portal_gateway.api.pages.summary import summary
from portal_gateway.api.pairs import pairs_of
from portal_gateway.clients.services import Intake
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.heard import heard
from portal_gateway.domain.project import history, parts
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import N_, _, language, said
from portal_gateway.domain.speech.words import Word
from portal_gateway.store import projects
from portal_gateway.web.render import areas, project_address
from runtime.http import Problem
from runtime.ids import new_id

KINDS: Final[dict[str, Word]] = {
    "THIRD_PARTY": Word(N_("One reports the other’s work"), "acc", "acc"),
    "LIKELY": Word(N_("Likely the same project"), "acc", "acc"),
    "REVIEW": Word(N_("Perhaps the same project"), "acc", "acc"),
    "COORDINATE": Word(N_("To coordinate"), "lim", "lim"),
    "SYNERGY": Word(N_("May complement each other"), "on", "on"),
    "": Word(N_("No longer alike"), "early", "nod"),
}
"""What a pair is taken for (methodology M12)."""

DECISIONS: Final[dict[str, str]] = {
    "DISTINCT": N_("Different projects"),
    "SYNERGY": N_("They work together"),
    "DUPLICATE": N_("One project; both still count"),
}
"""What the secretariat may make of a pair."""

Reader = Annotated[Caller, Depends(reader)]


async def related(request: Request, who: Caller, project_id: str) -> dict[str, Any]:
    """Pairs for the page of a project; where scoring does not answer, that."""
    try:
        found = await pairs_of(request, who, project_id)
    except UpstreamError as error:
        return {"pairs": [], "failed": error.said}
    return {"pairs": [_pair(project_id, item) for item in found], "failed": ""}


def _pair(project_id: str, item: Mapping[str, Any]) -> dict[str, Any]:
    other = next((p for p in item["projects"] if p["project_id"] != project_id), item["projects"][0])
    return {
        "other": other,
        "word": KINDS.get(item["kind"] or "", KINDS[""]),
        "says": said(item["says"]),
        "likely": numbers.percent(item["probability"]) if item["kind"] in {"THIRD_PARTY", "LIKELY", "REVIEW"} else "",
        "overlap": numbers.percent(item["overlap"]) if item["overlap"] is not None else "",
        "evidence": [
            {"says": said(e["says"]), "speaks": not str(e["weight"]).startswith("-")} for e in item["evidence"]
        ],
        "decision": DECISIONS.get(item["decision"] or ""),
        "decided_by": item["decided_by"],
        "survivor": item["survivor"],
        "address": f"{project_address(project_id)}/beside?{urlencode({'other': other['project_id']})}",
    }


@router.get("/projects/{project_id:path}/beside")
async def beside(request: Request, who: Reader, project_id: str, other: str, sent: str = "") -> Response:
    """Two projects side by side, with what speaks for a pair, and the decision where the reader may take it."""
    asked = await related(request, who, project_id)
    pair = next((p for p in asked["pairs"] if p["other"]["project_id"] == other), None)
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        found = [await projects.one(tx.conn, name) for name in (project_id, other)]
        lines = [await projects.budgets(tx.conn, name) for name in (project_id, other)]
    if found[0] is None or found[1] is None:
        raise nothing(_("Project %(one)s or %(other)s", one=project_id, other=other))
    names = history.Names(areas(), {}, language())
    both = [
        history.fields(parts.PROJECT, {**one, "budgets": money}, names)
        for one, money in zip(found, lines, strict=True)
        if one is not None
    ]
    return render(
        request,
        "beside.html",
        who,
        **around,
        place="projects",
        one=summary(found[0]),
        other=summary(found[1]),
        pair=pair,
        failed=asked["failed"],
        sent=bool(sent),
        decides=pair is not None and who.principal.role == "secretariat",
        decisions=DECISIONS,
        lines=[
            {"what": name, "one": both[0].get(name, ""), "other": both[1].get(name, "")}
            for name in dict.fromkeys([*both[0], *both[1]])
        ],
    )


@router.post("/projects/{project_id:path}/beside")
async def decide(request: Request, who: Reader, project_id: str) -> Response:
    """Say what a pair is, as ``plumbline duplicates decide`` does: a fact for intake, under the reader's own token."""
    form = await form_of(request, who)
    other, decision = form.get("other", ""), form.get("decision", "")
    intake: Intake = request.app.state.intake
    pair = sorted((project_id, other))
    found = await pairs_of(request, who, project_id)
    item = next((i for i in found if [p["project_id"] for p in i["projects"]] == pair), None)
    if item is None or decision not in DECISIONS:
        raise nothing(_("A pair of %(one)s and %(other)s", one=project_id, other=other))
    event = _decision(item, pair, form, who.principal.name or who.principal.subject, now().date())
    receipt = await intake.tell(who.token, event)
    if receipt["outcome"] not in {"accepted", "unchanged"}:
        faults = _("; ").join(heard(str(f.get("message", ""))) for f in receipt.get("findings", []))
        raise Problem(422, "refused", _("The decision was not accepted"), faults)
    return RedirectResponse(
        f"/projects/{quote(project_id, safe='')}/beside?{urlencode({'other': other, 'sent': 'yes'})}", 303
    )


def _decision(item: Mapping[str, Any], pair: list[str], form: Mapping[str, str], by: str, day: date) -> Envelope:
    survivor = form.get("survivor", "") if form["decision"] == "DUPLICATE" else ""
    fact = DuplicateDecided.model_validate(
        {
            "pair_id": item["pair_id"],
            "projects": pair,
            "version": int(now().timestamp()),
            "decision": form["decision"],
            "survivor": survivor if survivor in pair else None,
            "fingerprints": item["fingerprints"],
            "reason": form.get("reason", "").strip()[:2000] or None,
            "decided_by": by[:256],
            "decided_on": day,
        }
    )
    return Envelope(
        id=new_id(), source="/portal/pairs", type=PREFIX + fact.TYPE, data=fact.to_json(), subject=fact.pair_id
    )
