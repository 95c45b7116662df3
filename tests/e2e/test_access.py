"""One policy at every door: what may not be read is answered as what does not exist."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack

import httpx
import pytest
from tests.support.people import Entity, Heard, Person, listening, next_figure
from tests.support.waiting import until

pytestmark = pytest.mark.stack


async def test_what_is_not_for_everybody_is_nowhere_to_be_seen(
    entity: Entity, other: Entity, secretariat: Person, donor: Person, delegate: Person
) -> None:
    """One policy for lists, search, detail, figures, explanations, the stream and the inbox (architecture §5)."""
    word = f"zephyr{entity.user[-8:]}"
    mali = entity.project("state", title={"en": f"{word} for one State"}, classification="state:ML")
    compact = entity.project("compact", title={"en": f"{word} among entities"}, classification="compact")
    own = entity.project("own", title={"en": f"{word} of our own"}, classification="owner")
    public = entity.project("public", title={"en": f"{word} for all"})
    names = ("state", "compact", "own", "public")
    readers = {
        donor: {"public"},
        delegate: {"public", "state"},
        other: {"public", "compact"},
        secretariat: {"public", "compact", "state"},
        entity: {"public", "compact", "state", "own"},
    }
    for person in readers:
        for name in names:
            await person.subscribe(about="project", project_id=f"{entity.user}-{name}")

    seen: dict[str, list[Heard]] = {person.user: [] for person in readers}
    async with AsyncExitStack() as open_:
        streams = {person.user: await open_.enter_async_context(listening(person)) for person in readers}
        # The public one last: whatever of the others is to be heard is heard before it.
        for project, name in zip((mali, compact, own, public), names, strict=True):
            entity.publish(project, entity.indicator(name), entity.observation("25", name))
            await entity.figure_of("M4", f"project:{entity.user}-{name}", 250_000)
        for user, heard in streams.items():
            while (await next_figure(heard, "M4", f"project:{entity.user}-public", seen[user]))["value"] != 250_000:
                pass

    for person, allowed in readers.items():
        hidden = [f"{entity.user}-{name}" for name in names if name not in allowed]
        shown = {f"{entity.user}-{name}" for name in allowed}
        # List and search.
        for query in ({"entity": entity.user}, {"q": word}):
            found = (await person.get("portal-gateway", "/api/v1/projects", **query))["items"]
            ours = {p["project_id"] for p in found if p["project_id"].rpartition("-")[2] in names}
            assert ours & (shown | set(hidden)) == shown, (person.user, query)
        for project in hidden:
            # Detail, figures, explanations: what may not be read is answered as what does not exist.
            answer = await person.call("GET", "portal-gateway", f"/api/v1/projects/{project}")
            assert answer.status_code == httpx.codes.NOT_FOUND
            nobody = await person.call("GET", "portal-gateway", "/api/v1/projects/XM-NOBODY-1")
            assert answer.json() | {"detail": ""} == nobody.json() | {"detail": ""}
            for metric in ("M1", "M2", "M4"):
                assert await person.figure(metric, f"project:{project}") is None
                assert await person.explanation(metric, f"project:{project}") is None
            assert await person.figure("M1", f"indicator:{project}|I1") is None
        for scope in ("global", "country:ML", "pillar:P2", f"entity:{entity.user}"):
            tree = await person.explanation("M4", scope, limit=10_000)
            if tree is not None:
                assert not [p for p in hidden if p in json.dumps(tree)], (person.user, scope)
                # What is withheld counts as unknown: it has no sum, and what may be read is the total.
                assert tree["numerator"] == sum(child.get("numerator", 0) for child in tree["children"])
        # The stream, and the inbox once the public one has arrived there.
        # Receipts have a class of their own: who helps senders sees what became of all they sent.
        facts = [e for e in seen[person.user] if e.kind != "receipt"]
        leaks = [e for e in facts if any(p in json.dumps(e.data) for p in hidden)]
        assert leaks == [], person.user
        said = json.dumps([e.data for e in facts])
        assert [p for p in shown if p not in said] == [], person.user

        async def told(person: Person = person) -> str | None:
            inbox = json.dumps(await person.inbox())
            return inbox if f"{entity.user}-public" in inbox else None

        inbox = await until(told, what=f"the message to {person.user}")
        assert inbox is not None
        assert [p for p in hidden if p in inbox] == [], person.user
        assert [p for p in shown if p not in inbox] == [], person.user

    # Receipts are their sender's; those who help may see them.
    receipt = await entity.receipt(event=own.id)
    for person in (donor, delegate, other):
        for part, path in (("intake", "/v1/submissions/"), ("portal-gateway", "/api/v1/receipts/")):
            answer = await person.call("GET", part, path + receipt["submission_id"])
            assert answer.status_code == httpx.codes.NOT_FOUND
        assert await person.receipts(event=own.id) == []
