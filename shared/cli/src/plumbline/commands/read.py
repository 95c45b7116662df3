"""Reading figures and lists as a user: metric, explain, projects, inbox, quality."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from plumbline.client import Client
from plumbline.output import DEFAULT_DATA_DIR, DataDir, Json, print_json, say

Scope = Annotated[
    str,
    typer.Option(
        "--scope",
        help="global, pillar:P1, country:ML, region:011, theme:CODE, entity:REF, project:ID, pillar-country:P3|ML, "
        "entity-pillar:REF|P3, indicator:PROJECT|INDICATOR.",
    ),
]
As = Annotated[str, typer.Option("--as", metavar="USER", help="Who asks; plumbline up prints the users.")]
Metric = Annotated[str, typer.Argument(help="M1 attainment, M2 pace, M4 effectiveness, M7 pillar balance … M17.")]

Known = Annotated[
    str | None,
    typer.Option("--known-as-of", metavar="DAY", help="As it was known at the end of this day, or at an instant."),
]
Valid = Annotated[
    str | None, typer.Option("--valid-as-of", metavar="DAY", help="Only what is valid by this day; replays the log.")
]
Method = Annotated[
    str | None, typer.Option("--method-version", metavar="V", help="A version of the method; the present one.")
]


_WITHHELD = {
    "small-cell": "withheld: fewer than three projects or two entities",
    "complementary": "withheld so that another figure cannot be worked out",
}
"""Why a total is not told to this user (methodology §0.6)."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: plumbline metric M4 --scope pillar:P2 --known-as-of 2026-03-31")(metric)
    app.command(epilog="Example: plumbline revisions M4 --scope country:ML --from 2026-01-01")(revisions)
    app.command(epilog="Example: plumbline explain M4 --scope country:ML")(explain)
    app.command(epilog="Example: plumbline projects --q border --as member-state")(projects)
    app.command(epilog="Example: plumbline inbox --as focal")(inbox)
    app.command(epilog="Example: plumbline quality --entity XM-DEMO-1")(quality)


def metric(
    name: Metric,
    scope: Scope = "global",
    known_as_of: Known = None,
    valid_as_of: Valid = None,
    method_version: Method = None,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print one figure with its interval, coverage, state and revision; as it stands, or as of two days."""
    client = Client(data_dir, as_user)
    if known_as_of or valid_as_of or method_version:
        then = {"known_as_of": known_as_of, "valid_as_of": valid_as_of, "method_version": method_version}
        found = client.get("scoring", f"/v1/metrics/{name}", scope=scope, **then)
    else:
        found = client.get("portal_gateway", f"/api/v1/metrics/{name}", scope=scope)
    if as_json:
        print_json(found)
        return
    say(_figure(found))


def _figure(m: dict[str, Any]) -> str:
    if m.get("withheld") and not m["projects"]:
        return f"{m['metric']} {m['scope']}: {_WITHHELD[m['withheld']]}"
    coverage = m["coverage"]
    share = f"{100 * coverage['observed'] / coverage['expected']:.1f}% known" if coverage["expected"] else "nothing due"
    bounds = f"  [{_percent(m['lower'])} to {_percent(m['upper'])}]" if m["lower"] is not None else ""
    lines = [
        f"{m['metric']} {m['scope']}: {_percent(m['value'])}{bounds}",
        f"  {m['state'].lower().replace('_', ' ')}, {share}"
        + (f", revision {m['revision']}" if "revision" in m else "")
        + f", method {m['method_version']}",
    ]
    if m.get("flags"):
        lines.append(f"  flags: {', '.join(m['flags'])}")
    if m.get("source") == "replay":
        lines.append(f"  valid by {m['valid_as_of']}, known by {m['known_as_of']}, from what you may read")
    elif m.get("source") == "history":
        lines.append(f"  as published by {m['known_as_of']}, valid on {m['valid_as_of']}")
    else:
        lines.append(f"  updated {m['updated_at']}; why: plumbline explain {m['metric']} --scope '{m['scope']}'")
    return "\n".join(lines)


def revisions(
    name: Metric,
    scope: Scope = "global",
    begin: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, or an instant.")] = "1970-01-01",
    end: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day; today if left out.")] = None,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """List what a figure was revised by between two days; the effects add up to the total exactly."""
    query: dict[str, Any] = {"scope": scope, "from": begin, "to": end}
    found = Client(data_dir, as_user).get("scoring", f"/v1/revisions/{name}", **query)
    if as_json:
        print_json(found)
        return
    for row in found["items"]:
        effect = "" if row["effect"] is None else f"{row['effect'] / 10_000:+.4f}"
        say(f"{row['known_as_of'][:19]}  {_percent(row['value']):>10}  {effect:>10}  "
            f"{row['cause']['kind']:<21}  {row['cause']['event_id'] or ''}")  # fmt: skip
    if not found["revised"]:
        say(f"{found['metric']} {found['scope']}: no value was revised between these days.")
        return
    say(f"{found['metric']} {found['scope']}: from {_percent(found['first'])} to {_percent(found['last'])}, "
        f"{found['total'] / 10_000:+.4f} points in {found['revised']} revisions; mean {found['mean'] / 10_000:+.4f}, "
        f"mean absolute {found['mean_absolute'] / 10_000:.4f}")  # fmt: skip


def _percent(value: int | None) -> str:
    return "withheld" if value is None else f"{value / 10_000:.4f}%"


def explain(
    name: Metric,
    scope: Scope = "global",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Projects shown; the rest are summed.")] = 10,
    known_as_of: Known = None,
    valid_as_of: Valid = None,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Follow a figure down to projects, indicators, events and the lines in files it comes from."""
    client = Client(data_dir, as_user)
    if known_as_of or valid_as_of:
        then = {"known_as_of": known_as_of, "valid_as_of": valid_as_of}
        tree = client.get("scoring", f"/v1/explanations/{name}", scope=scope, limit=limit, **then)
    else:
        tree = client.get("portal_gateway", f"/api/v1/explanations/{name}", scope=scope, limit=limit)
    if as_json:
        print_json(tree)
        return
    _tree(tree, "", "")


def _tree(node: dict[str, Any], first: str, rest: str) -> None:
    words = [str(node.get("label") or node.get("kind") or "")]
    if node.get("calc"):
        words.append(str(node["calc"]))
    if node.get("value") is not None and not node.get("calc"):
        words.append(f"= {node['value']}")
    if node.get("flags"):
        words.append(f"({', '.join(node['flags'])})")
    origin = node.get("origin")
    if origin:
        words.append(" ".join(str(origin[k]) for k in ("file", "submission_id") if origin.get(k))[:80])
        if origin.get("line"):
            words.append(f"line {origin['line']}")
    say(first + "  ".join(w for w in words if w))
    children = node.get("children") or []
    for n, child in enumerate(children):
        last = n == len(children) - 1
        _tree(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))


def projects(
    q: Annotated[str | None, typer.Option("--q", help="Words in title, description or identifier.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166-1 alpha-2, e.g. ML.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """List the projects this user may read."""
    found = Client(data_dir, as_user).get("portal_gateway", "/api/v1/projects", q=q, country=country, limit=limit)
    if as_json:
        print_json(found)
        return
    for project in found["items"]:
        title = project.get("title")
        words = next(iter(title.values()), "") if isinstance(title, dict) else title
        say(f"{project['project_id']:<32} {project['entity']:<16} {words}")
    if not found["items"]:
        say("No project matches that you may read.")


def inbox(as_user: As = "focal", as_json: Json = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show this user's notifications, newest first."""
    found = Client(data_dir, as_user).get("portal_gateway", "/api/v1/inbox")
    if as_json:
        print_json(found)
        return
    for message in found["items"]:
        say(f"{'  ' if message.get('read_at') else '● '}{message['created_at'][:19]}  {message['title']}")
        say(f"    {message['body']}  ({message['reason']})")
    if not found["items"]:
        say("The inbox is empty. Subscribe to a figure, a project or receipts on its page.")


def quality(
    entity: Annotated[str | None, typer.Option("--entity", metavar="REF", help="Whose results.")] = None,
    as_user: As = "secretariat",
    as_json: Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show how many indicators can be scored, and what would make the others readable (methodology §2.5)."""
    found = Client(data_dir, as_user).get("intake", "/v1/quality", entity=entity)
    if as_json:
        print_json(found)
        return
    say(f"{found['entity']}: {found['scorable']} of {found['indicators']} indicators can be scored")
    for reason, count in found["reasons"].items():
        say(f"  {count:>6}  {reason}: {found['remedies'].get(reason, '')}")
