"""Who may do what here: tokens, entities, signing keys."""

from __future__ import annotations

from typing import Annotated

import typer

from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, NoStack, Quiet, Refused, print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog='Example: curl -H "Authorization: Bearer $(plumbline token --as secretariat)" …')(token)
    app.command(epilog="Example: plumbline rotate-keys")(rotate_keys)
    entity = typer.Typer(help="Entities that may submit: add, list.", no_args_is_help=True)
    entity.command("add", epilog='Example: plumbline entity add XM-DEMO-9 --name "Ninth Office"')(entity_add)
    entity.command("list", epilog="Example: plumbline entity list --json")(entity_list)
    app.add_typer(entity, name="entity")


def token(
    user: Annotated[str, typer.Option("--as", metavar="USER", help="A user or an entity of this stack.")],
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print an access token, for curl."""
    from plumbline.session import open_session

    found = open_session(data_dir).token(user)
    if as_json:
        print_json({"access_token": found, "token_type": "Bearer"})
    else:
        say(found)


def rotate_keys(as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Make the issuer sign with a new key; tokens signed by the one before stay valid until they expire."""
    from plumbline.stack.issuer import keys
    from plumbline.stack.layout import Layout

    secrets = Layout(data_dir.resolve()).secrets
    if not secrets.path(keys.FILE).exists():
        raise NoStack(f"No issuer ever ran on {data_dir.resolve()}", "plumbline up starts one")
    kid = keys.rotate(secrets)
    if as_json:
        print_json({"kid": kid})
    else:
        say(f"New tokens are signed with {kid}.")


def entity_add(
    ref: Annotated[str, typer.Argument(metavar="REF", help="Its organisation reference, such as XM-DAC-41114.")],
    name: Annotated[str | None, typer.Option("--name", metavar="N", help="Its name; the reference otherwise.")] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="REF2", help="Another reference its files use. Repeatable."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Register an entity: its topic and Kafka user, its client at the issuer, its entry in intake."""
    from plumbline.demo import DemoEntity
    from plumbline.session import open_session
    from plumbline.stack.entities import provision_here, tell_intake
    from plumbline.stack.errors import NotRunning, StackError
    from plumbline.stack.issuer.registry import client_secret
    from plumbline.stack.layout import Layout
    from plumbline.stack.provision import inbound_of, secret_of
    from plumbline.stack.signin import Tokens

    session = open_session(data_dir)
    layout = Layout(data_dir.resolve())
    entity = DemoEntity(ref, name or ref)
    try:
        provision_here(layout, layout.ports(None), entity)
        tell_intake(session.address("intake"), Tokens(layout), [entity], also or ())
    except NotRunning as error:
        raise NoStack(error.message, error.remedy) from None
    except StackError as error:
        raise Refused(error.message, error.remedy) from None
    found = {
        "ref": ref,
        "name": entity.name,
        "also": also or [],
        "topic": inbound_of(ref).topic,
        "kafka_user": ref,
        "kafka_password_file": str(layout.secrets.path(secret_of(ref))),
        "client_id": ref,
        "client_secret_file": str(layout.secrets.path(client_secret(ref))),
    }
    if as_json:
        print_json(found)
    elif not quiet:
        say(f"{entity.name} ({ref}) may submit now.")
        say(f"  Kafka  user {ref}, topic {found['topic']}, password in {found['kafka_password_file']}")
        say(f"  HTTP   client {ref}, secret in {found['client_secret_file']}")


def entity_list(as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """List the entities that may submit."""
    from plumbline.client import Client

    found = Client(data_dir, "secretariat").get("intake", "/v1/entities")
    if as_json:
        print_json(found)
        return
    for entity in found["items"]:
        also = f"  also {', '.join(entity['also'])}" if entity["also"] else ""
        say(f"{entity['ref']:<20} {entity['name']}{also}")
