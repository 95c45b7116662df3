"""Registering an entity: on Kafka, at the issuer, and in intake's own table through its door."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpx

from plumbline.demo import DemoEntity
from plumbline.stack.errors import NotRunning, StackError
from plumbline.stack.issuer.part import IssuerPart
from plumbline.stack.kafka import ADMIN
from plumbline.stack.layout import HOST, Layout, Ports
from plumbline.stack.provision import Provisioner
from plumbline.stack.signin import Tokens


def provision_here(layout: Layout, ports: Ports, entity: DemoEntity) -> None:
    """Inbound topic, Kafka user with its rights, and a client at the issuer. Idempotent.

    Raises StackError for a reference that cannot name a topic.
    """
    Provisioner(f"{HOST}:{ports.kafka}", ADMIN, layout.secrets).entities([entity.ref])
    issuer = IssuerPart(layout, {"issuer": ports.issuer, "portal_gateway": ports.portal_gateway})
    issuer.add_entities([entity])


def tell_intake(address: str, tokens: Tokens, entities: Iterable[DemoEntity], also: Sequence[str] = ()) -> None:
    """Enter entities in intake's table, as the secretariat does. ``also`` are other references of theirs."""
    headers = {"Authorization": f"Bearer {tokens.token('secretariat')}"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=15, trust_env=False) as http:
            for entity in entities:
                answer = http.post("/v1/entities", json={"ref": entity.ref, "name": entity.name, "also": list(also)})
                if not answer.is_success:
                    raise StackError(f"intake refused the entity {entity.ref}: {answer.text[:300]}")
    except httpx.TransportError:
        raise NotRunning("intake does not answer", "plumbline status tells what runs") from None
