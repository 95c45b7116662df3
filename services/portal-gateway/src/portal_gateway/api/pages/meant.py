"""What a person means by a name typed into a form: a country, a region, a pillar, an entity."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from portal_gateway import places
from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Intake
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech import names, words
from portal_gateway.domain.speech.language import said
from portal_gateway.web.render import areas


async def choices(request: Request, who: Caller) -> dict[str, str]:
    """Scopes by the names that the page's language gives them; without intake those of entities are left out."""
    intake: Intake = request.app.state.intake
    try:
        entities: Mapping[str, str] = await intake.entities(who.token)
    except UpstreamError:
        entities = {}
    named = areas()
    return {
        said(names.KINDS["global"]): "global",
        **{said(words.PILLARS[code][0]): f"pillar:{code}" for code in PILLARS},
        **{name: f"entity:{ref}" for ref, name in sorted(entities.items(), key=lambda item: item[1].casefold())},
        **{named[code]: f"country:{code}" for code in places.countries()},
        **{named[code]: f"region:{code}" for code in places.regions()},
    }


async def scope_of(request: Request, who: Caller, text: str) -> str:
    """The scope that a name stands for, whatever its capitals; what is no such name stays as it was typed."""
    if ":" in text or not text:
        return text
    found = {name.casefold(): scope for name, scope in (await choices(request, who)).items()}
    return found.get(text.casefold(), text)
