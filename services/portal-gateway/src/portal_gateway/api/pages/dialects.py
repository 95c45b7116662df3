"""The button of an entity's page: a dialect taken on or withdrawn, said to intake in the reader's own name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from contracts.base import Payload
from contracts.context import DialectAdopted, DialectWithdrawn
from contracts.envelope import PREFIX, Envelope
from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, form_of
from portal_gateway.api.pages import entities
from portal_gateway.api.pages.frame import now, reader, router
from portal_gateway.api.pages.readability import NOBODY
from portal_gateway.clients.services import Intake, Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.speech.language import _
from runtime.http import Problem
from runtime.ids import new_id

_KEPT: Final = 100  # counts that an adoption carries

Reader = Annotated[Caller, Depends(reader)]


@router.post("/entities/{ref}/dialect")
async def decide(request: Request, who: Reader, ref: str) -> Response:
    """Take on the readings that were shown, or withdraw those that stand: said to intake in the reader's own name."""
    form = await form_of(request, who)
    intake: Intake = request.app.state.intake
    payload = await _said(request, who, ref, form)
    event = Envelope(
        id=new_id(),
        source="/portal/dialect",
        type=PREFIX + payload.TYPE,
        data=payload.to_json(),
        subject=ref,
    )
    try:
        receipt = await intake.tell(who.token, event)
    except UpstreamError as error:
        return await _again(request, who, ref, error.said)
    if receipt["outcome"] not in {"accepted", "unchanged", "amended"}:
        faults = [str(fault.get("message", "")) for fault in receipt.get("findings", [])]
        return await _again(request, who, ref, ". ".join(faults))
    done = "withdrawn" if isinstance(payload, DialectWithdrawn) else "adopted"
    told = "unchanged" if receipt["outcome"] == "unchanged" else done
    return RedirectResponse(
        f"/entities/{quote(ref, safe='')}?told={told}&receipt={quote(str(receipt['submission_id']))}#adopt", 303
    )


async def _said(request: Request, who: Caller, ref: str, form: Mapping[str, str]) -> Payload:
    """The fact the button says. The evidence is scoring's of this moment, for the readings that were shown."""
    if form.get("do") == "withdraw":
        return DialectWithdrawn(entity=ref, version=int(time.time()))
    scoring: Scoring = request.app.state.scoring
    by = ref if who.principal.organisation == ref else who.principal.role
    try:
        readings = orjson.loads(form.get("readings", ""))
        found = await scoring.dialect(who.token, ref, readings)
        return DialectAdopted.model_validate(
            {
                "entity": ref,
                "version": int(time.time()),
                "readings": readings,
                "evidence": [_counts(e) for e in found["evidence"]][:_KEPT],
                "adopted_by": by,
                "adopted_on": now().date().isoformat(),
            }
        )
    except (orjson.JSONDecodeError, ValidationError, AttributeError):
        raise Problem(
            422, "no-reading", _("That is no reading"), _("Open the page again and use its button.")
        ) from None
    except UpstreamError as error:
        if error.status == NOBODY:
            raise nothing(_("Entity %(ref)s", ref=ref)) from None
        raise Problem(
            503, "service-unavailable", error.said.rstrip("."), _("Nothing was changed. Try again in a moment.")
        ) from None


def _counts(evidence: Mapping[str, Any]) -> dict[str, Any]:
    name = evidence["reading"]
    if name == "default_pillar":
        name = f"{name} {evidence['value']}"
    return {"reading": name, "indicators": evidence["indicators"], "agree": evidence["agree"]}


async def _again(request: Request, who: Caller, ref: str, refusal: str) -> Response:
    """The page once more, with what was refused in the box."""
    return await entities.page(request, who, ref, refusal=refusal or _("It was not accepted."), status=422)
