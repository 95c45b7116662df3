"""Topics, users and rights on a Kafka that somebody else runs: Compose, Kubernetes, a bare machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from contracts.streams import STREAMS
from plumbline.output import Json, NoStack, Refused, WrongUse, print_json, say
from plumbline.stack.errors import AccessRefused, NotRunning, StackError
from plumbline.stack.layout import Secrets
from plumbline.stack.provision import Provisioner, secret_of
from plumbline.stack.refusals import check_login


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: plumbline provision --bootstrap kafka:9092 --secrets deploy/secrets -e XM-DAC-41114")(
        provision
    )


def provision(
    bootstrap: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where Kafka answers.")],
    secrets: Annotated[
        Path, typer.Option(metavar="DIR", help="Holds kafka-<user>, one file a password; missing ones are made here.")
    ],
    entity: Annotated[
        list[str] | None, typer.Option("--entity", "-e", metavar="REF", help="Also an inbound topic and a user for it.")
    ] = None,
    user: Annotated[str, typer.Option(help="The administrator.")] = "admin",
    replicas: Annotated[int, typer.Option(min=1, help="Copies of each topic: 3 in production.")] = 1,
    as_json: Json = False,
) -> None:
    """Make topics, users and rights in Kafka, each only where it is missing."""
    kept = Secrets(secrets)
    if not kept.path(secret_of(user)).is_file():
        raise WrongUse(f"{secrets} holds no {secret_of(user)}", "sh deploy/make-secrets.sh makes it")
    if entity and not os.access(secrets, os.W_OK):
        raise WrongUse(f"{secrets} cannot be written, and the new entities' passwords are kept there", "See --secrets")
    try:
        check_login(bootstrap, user, kept.read(secret_of(user)))
        provisioner = Provisioner(bootstrap, user, kept, replicas=replicas)
        provisioner.services()
        provisioner.entities(entity or [])
    except NotRunning:
        raise NoStack(f"Kafka at {bootstrap} does not answer", "Is the address right, and does it run?") from None
    except AccessRefused as error:
        raise Refused(error.message, f"Is {kept.path(secret_of(user))} its password?") from None
    except StackError as error:
        raise Refused(error.message, error.remedy) from None
    made = [str(kept.path(secret_of(ref))) for ref in entity or []]
    if as_json:
        print_json({"streams": [stream.topic for stream in STREAMS], "entities": entity or [], "passwords": made})
        return
    say(f"{len(STREAMS)} streams with their users and rights are there.")
    for ref, path in zip(entity or [], made, strict=True):
        say(f"{ref} writes plumbline.inbound.{ref} as user {ref}; its password is in {path}")
