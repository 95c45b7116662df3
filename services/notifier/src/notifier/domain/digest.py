"""One message for what waited: the net change of each figure, the largest first, with alerts and receipts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from notifier.domain.fact import Access, Alert, Fact, Figure, Receipt, Told, moved
from notifier.domain.message import Line, Message, reason, words
from notifier.domain.saying import say, together
from notifier.domain.subscription import Subscription

MOST: Final = 20
"""Lines of a digest: what is smaller is counted."""

_WHOLE: Final = 1_000_000  # µ
_STRICTEST: Final = ("owner", "state", "support", "compact", "member-states", "public")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The last of a fact that waits, for one subscription; ``told`` is what that was told of it before."""

    subscription: Subscription
    fact: Fact
    told: Told | None = None

    @property
    def news(self) -> bool:
        """Whether there is anything to say: a figure that came back to where it was is none."""
        return not isinstance(self.fact, Figure) or moved(self.fact, self.told, self.subscription.min_change)


def place_of(fact: Fact) -> str:
    """Where a fact waits: a figure in one place, however often it moves; each alert and receipt in its own."""
    return f"figure {fact.metric} {fact.scope}" if isinstance(fact, Figure) else fact.fact_id


def digest(waiting: Sequence[Waiting], names: Mapping[str, str], *, id_: str) -> Message | None:
    """The message that says what is news of this; None where nothing is. All of one subscriber, oldest wish first."""
    told: dict[str, Waiting] = {}
    for one in waiting:
        if one.news:
            told.setdefault(place_of(one.fact), one)
    if not told:
        return None
    ordered = sorted(told.values(), key=lambda one: (*_rank(one), place_of(one.fact)))
    wishes = {one.subscription.id: one.subscription for one in waiting if one.news}
    first = next(iter(wishes.values()))
    access, *also = _accesses([one.fact for one in ordered])
    return Message(
        subscriber=first.subscriber,
        fact_id=f"digest {id_}",
        access=access,
        subscription_id=first.id,
        kind="digest",
        scope=None,
        title=_title({wish.pace for wish in wishes.values()}, ordered),
        body=say("Not listed here: %(n)s.", n=len(ordered) - MOST) if len(ordered) > MOST else "",
        reason=reason(first, len(wishes) - 1, names),
        link="/inbox/subscriptions",
        lines=tuple(_line(one, names) for one in ordered[:MOST]),
        subscriptions=tuple(wishes),
        also=tuple(also),
    )


def _line(one: Waiting, names: Mapping[str, str]) -> Line:
    kind, title, body, link = words(one.fact, names, one.told)
    return Line(kind=kind, subscription_id=one.subscription.id, title=title, body=body, link=link)


def _rank(one: Waiting) -> tuple[int, int]:
    """Alerts first, for they ask for something; then figures, the largest change first; then receipts, those to mend
    first.
    """
    match one.fact:
        case Alert():
            return 0, 0
        case Figure() as figure:
            return 1, -_size(figure, one.told.value if one.told else figure.previous)
        case Receipt() as receipt:
            return 2, not receipt.has_problems


def _size(figure: Figure, before: int | None) -> int:
    """A change in µ; of money and other quantities relative to what it was. From or to no figure is a whole."""
    if before is None or figure.value is None:
        return _WHOLE
    change = abs(figure.value - before)
    return change if figure.unit == "µ" else change * _WHOLE // max(abs(before), 1)


def _accesses(facts: Sequence[Fact]) -> list[Access]:
    """What a reader of all of these must be able to read, the strictest first; what is public asks for nothing more."""
    demonstration = any(fact.access.demonstration for fact in facts)
    found = {(fact.access.classification, fact.access.owner) for fact in facts}
    closed = {(name, owner) for name, owner in found if name != "public"} or {("public", None)}
    ordered = sorted(closed, key=lambda access: (_strictness(access[0]), access[0], access[1] or ""))
    return [Access(classification=name, owner=owner, demonstration=demonstration) for name, owner in ordered]


def _strictness(classification: str) -> int:
    name = classification.partition(":")[0]
    return _STRICTEST.index(name) if name in _STRICTEST else -1


def _title(paces: set[str], told: Sequence[Waiting]) -> str:
    counts = Counter(type(one.fact) for one in told)
    parts = []
    if counts[Alert]:
        parts.append(say("Alerts: %(n)s.", n=counts[Alert]))
    if counts[Figure]:
        parts.append(say("Figures that changed: %(n)s.", n=counts[Figure]))
    if counts[Receipt]:
        parts.append(say("Receipts: %(n)s.", n=counts[Receipt]))
    if paces == {"daily"}:
        head = say("Your daily digest.")
    elif paces == {"weekly"}:
        head = say("Your weekly digest.")
    elif paces == {"instant"}:
        head = say("What waited for you.")
    else:
        head = say("Your digest.")
    return together([head, *parts])
