"""What a person asked to be told, and which facts that covers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, cast, get_args

from notifier.domain.errors import SubscriptionRefused
from notifier.domain.fact import Alert, Fact, Figure, Receipt
from notifier.domain.hours import PACES, Pace
from notifier.domain.scope import is_scope, project_of

About = Literal["metric", "alert", "project", "receipts"]

_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "metric": ("metric", "scope", "min_change", "pace"),
    "alert": ("kind", "scope", "pace"),
    "project": ("project_id", "min_change", "pace"),
    "receipts": ("entity", "only_problems", "pace"),
}
"""What each kind of subscription may say besides ``about``."""

_NEEDED: Final = {"project": "project_id", "receipts": "entity"}
_CHANGEABLE: Final = frozenset({"min_change", "only_problems", "pace"})
_METRIC: Final = re.compile(r"M([1-9]|1[0-7])")
_KIND: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_REFERENCE: Final = re.compile(r"[^\x00-\x1f]{1,256}")
_WHOLE: Final = 1_000_000  # µ


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One wish. ``min_change`` in µ keeps small movements of a figure quiet until they add up to it; ``pace`` says
    how often it tells, and makes no other wish of it.
    """

    id: str
    subscriber: str
    about: About
    metric: str | None = None
    scope: str | None = None
    kind: str | None = None
    project_id: str | None = None
    entity: str | None = None
    min_change: int = 0
    only_problems: bool = False
    pace: Pace = "instant"

    def covers(self, fact: Fact) -> bool:
        """Whether the fact is of the sort that was asked for."""
        match self.about, fact:
            case "metric", Figure(metric=metric, scope=scope):
                return scope == self.scope and self.metric in {None, metric}
            case "alert", Alert(kind=kind, scope=scope):
                return self.kind in {None, kind} and self.scope in {None, scope}
            case "project", Figure(scope=scope):
                return project_of(scope) == self.project_id
            case "project", Alert(project_id=project_id):
                return project_id == self.project_id
            case "receipts", Receipt(entity=entity):
                return entity == self.entity and (fact.has_problems or not self.only_problems)
        return False


def ask(fields: Mapping[str, object], *, id_: str, subscriber: str) -> Subscription:
    """Read a request for a subscription. Raises SubscriptionRefused with every fault and its remedy.

    ``metric`` without ``scope`` means the whole portfolio; ``scope`` without ``metric`` every metric there.
    """
    about = fields.get("about")
    if not isinstance(about, str) or about not in _FIELDS:
        raise SubscriptionRefused([("about", f"must be one of {', '.join(get_args(About))}")])
    allowed = _FIELDS[about]
    faults: list[tuple[str, str]] = []
    given = {name: value for name, value in fields.items() if value is not None and name != "about"}
    for name, value in given.items():
        if name not in allowed:
            faults.append((name, f"does not belong to a subscription about {about}; it takes {', '.join(allowed)}"))
        elif not _CHECKS[name][0](value):
            faults.append((name, _CHECKS[name][1]))
    needed = _NEEDED.get(about)
    if needed and needed not in given:
        faults.append((needed, f"is missing; a subscription about {about} needs it"))
    if about == "metric" and not {"metric", "scope"} & given.keys():
        faults.append(("metric", "is missing; name a metric, a scope or both"))
    if faults:
        raise SubscriptionRefused(faults)
    if about == "metric":
        given.setdefault("scope", "global")
    return Subscription(id=id_, subscriber=subscriber, about=cast("About", about), **given)  # type: ignore[arg-type]


def changed_to(wish: Subscription, fields: Mapping[str, object]) -> Subscription:
    """The wish with what may be changed of it. Raises SubscriptionRefused: what it is about makes another wish."""
    allowed = _CHANGEABLE.intersection(_FIELDS[wish.about])
    faults: list[tuple[str, str]] = []
    for name, value in fields.items():
        if name not in allowed:
            faults.append((name, f"cannot be changed; what can is {', '.join(sorted(allowed)) or 'nothing'}"))
        elif not _CHECKS[name][0](value):
            faults.append((name, _CHECKS[name][1]))
    if faults:
        raise SubscriptionRefused(faults)
    return replace(wish, **fields)  # type: ignore[arg-type]


def _text(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_CHECKS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "metric": (_text(_METRIC), "must be M1 to M17"),
    "scope": (
        lambda value: isinstance(value, str) and is_scope(value),
        "is no scope; write global, pillar:P1, country:ML, region:<M49>, theme:<code>, entity:<organisation>,"
        " project:<identifier>, indicator:<project>|<indicator>, pillar-country:P3|ML"
        " or entity-pillar:<organisation>|P3",
    ),
    "kind": (_text(_KIND), "must be a kind of alert, e.g. off-track or status-changed"),
    "project_id": (_text(_REFERENCE), "must be an IATI identifier, 256 characters at most"),
    "entity": (_text(_REFERENCE), "must be an organisation reference, 256 characters at most"),
    "min_change": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _WHOLE,
        f"must be a whole number of µ from 0 to {_WHOLE}; 5000 is half a percentage point",
    ),
    "only_problems": (lambda value: isinstance(value, bool), "must be true or false"),
    "pace": (lambda value: value in PACES, "must be instant, daily or weekly"),
}
