"""The names of an explanation's parts in the reader's language, where the reader's own lists know them.

Scoring says the English title, or any; what is read here knows which language it is in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from portal_gateway.domain.explanation.sums import Node
from portal_gateway.domain.heard import Heard

_LISTS: Final = ("children", "influence", "missing")
_WITHIN: Final = ("indicator", "result")


def scopes_of(tree: Node, owner: str = "") -> Iterator[str]:
    """The scopes of every project and indicator that a tree names; ``owner`` is the project that the tree is of."""
    if tree.get("kind") == "project":
        owner = tree["id"]
        yield f"project:{owner}"
    if tree.get("kind") == "indicator" and owner:
        yield f"indicator:{owner}|{tree['id']}"
    for name in _LISTS:
        for node in tree.get(name) or ():
            yield from scopes_of(node, owner)


def named(tree: Node, names: Mapping[str, Heard], owner: str = "") -> dict[str, Any]:
    """The tree with these names: a project's by its identifier, an indicator's by its scope, a result's by its own."""
    kind, code = tree.get("kind"), tree.get("id", "")
    owner = code if kind == "project" else owner
    key = f"{kind}:{code}" if kind == "country" else f"{kind}:{owner}|{code}" if kind in _WITHIN else code
    name = names.get(key)
    found = dict(tree)
    if name and kind in {"project", "country", *_WITHIN}:
        found |= {"label": name, "said": {k: v for k, v in (tree.get("said") or {}).items() if k != "label"}}
    for name_ in _LISTS:
        if tree.get(name_):
            found[name_] = [named(node, names, owner) for node in tree[name_]]
    return found
