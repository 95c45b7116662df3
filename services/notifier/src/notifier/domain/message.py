"""What a message says: short, active, no blame (look §8). English, with what the portal needs to translate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final
from urllib.parse import quote

from notifier.domain.fact import Access, Alert, Fact, Figure, Receipt, Told
from notifier.domain.saying import Said, coded, measured, say, together
from notifier.domain.scope import parts, project_of, spoken
from notifier.domain.subscription import Subscription

METRICS: Final = {
    "M1": (say("Indicator attainment"), say("indicator attainment")),
    "M2": (say("Pace"), say("pace")),
    "M4": (say("Project effectiveness"), say("project effectiveness")),
    "M7": (say("Pillar balance"), say("pillar balance")),
}
"""Names of the metrics people ask for most, by themselves and within a sentence; another is called by its code."""

_MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact in a digest."""

    kind: str
    subscription_id: str
    title: str
    body: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message for one subscriber, before it has an id. ``lines``, ``subscriptions`` and ``also`` are a digest's."""

    subscriber: str
    fact_id: str
    access: Access
    subscription_id: str
    kind: str
    scope: str | None
    title: str
    body: str
    reason: str
    link: str
    metric: str | None = None
    project_id: str | None = None
    lines: tuple[Line, ...] = ()
    subscriptions: tuple[str, ...] = ()
    also: tuple[Access, ...] = ()


def compose(
    fact: Fact, subscriptions: Sequence[Subscription], names: Mapping[str, str], *, told: Told | None = None
) -> Message:
    """One message for the subscriptions of one person that cover a fact: it names the first, counts the rest."""
    first = subscriptions[0]
    kind, title, body, link = words(fact, names, told)
    return Message(
        subscriber=first.subscriber,
        fact_id=fact.fact_id,
        access=fact.access,
        subscription_id=first.id,
        kind=kind,
        scope=None if isinstance(fact, Receipt) else fact.scope,
        title=title,
        body=body,
        reason=reason(first, len(subscriptions) - 1, names),
        link=link,
        metric=fact.metric if isinstance(fact, Figure) else None,
        project_id=_project(fact),
    )


def words(fact: Fact, names: Mapping[str, str], told: Told | None) -> tuple[str, str, str, str]:
    """What is said of a fact: kind, title, body and link; of a figure, from what was ``told`` of it last."""
    kind, title, body, link = _words(fact, names, told)
    return kind, title, say("Demonstration data. %(text)s", text=body) if fact.access.demonstration else body, link


def _project(fact: Fact) -> str | None:
    match fact:
        case Figure():
            return project_of(fact.scope)
        case Alert():
            return fact.project_id
        case Receipt():
            return None


def _words(fact: Fact, names: Mapping[str, str], told: Told | None) -> tuple[str, str, str, str]:
    match fact:
        case Figure():
            link = f"/metrics/{fact.metric}?scope={quote(fact.scope, safe='')}"
            return "metric", _figure_title(fact, names, told), _figure_body(fact), link
        case Alert():
            link = f"/metrics/M4?scope={quote(fact.scope, safe='')}"
            if fact.project_id:
                link = f"/projects/{quote(fact.project_id, safe='')}"
            elif fact.kind == "security":
                link = "/receipts"
            return "alert", _alert_title(fact), _alert_body(fact, names), link
        case Receipt():
            return (
                "receipt",
                _receipt_title(fact),
                _receipt_body(fact),
                f"/receipts/{quote(fact.submission_id, safe='')}",
            )


def _figure_title(figure: Figure, names: Mapping[str, str], told: Told | None) -> str:
    before = told.value if told else figure.previous
    now: str = say("withheld") if figure.value is None else amount(figure.value, figure.unit)
    if figure.state == "PROVISIONAL":
        now = say("%(value)s, provisional", value=now)
    if before is not None and before != figure.value:
        now = say("%(value)s, was %(before)s", value=now, before=amount(before, figure.unit))
    elif before is None and figure.value is not None:
        now = say("%(value)s, newly published", value=now)
    metric = METRICS[figure.metric][0] if figure.metric in METRICS else figure.metric
    return say("%(metric)s, %(scope)s: %(value)s", metric=metric, scope=spoken(figure.scope, names), value=now)


def _figure_body(figure: Figure) -> str:
    said = []
    if figure.expected:
        known = amount(figure.observed * 1_000_000 // figure.expected, "µ")
        if figure.lower is not None and figure.upper is not None and figure.lower != figure.upper:
            low, high = amount(figure.lower, figure.unit), amount(figure.upper, figure.unit)
            said.append(say("%(share)s known; between %(low)s and %(high)s.", share=known, low=low, high=high))
        else:
            said.append(say("%(share)s known.", share=known))
    if figure.state == "INSUFFICIENT_DATA":
        said.append(say("Less than half is known, so no figure is shown."))
    if figure.place:
        said.append(say("Last moved by %(place)s.", place=figure.place))
    return together(said)


def _alert_title(alert: Alert) -> str:
    """The sender's text; in words that can be said in other languages where it is what scoring says of a pace."""
    _, project, indicator = parts(alert.scope)
    if not (indicator and alert.before and alert.after):
        return alert.text
    pace = say(
        "Pace of %(indicator)s in %(project)s: %(after)s, before %(before)s",
        indicator=indicator,
        project=project,
        after=coded(alert.after),
        before=coded(alert.before),
    )
    return pace if pace == alert.text else alert.text


def _alert_body(alert: Alert, names: Mapping[str, str]) -> str:
    said = [say("About %(scope)s.", scope=spoken(alert.scope, names))]
    if alert.before and alert.after:
        said.append(say("From %(before)s to %(after)s.", before=coded(alert.before), after=coded(alert.after)))
    return together(said)


def _receipt_title(receipt: Receipt) -> str:
    name: str = receipt.file or (
        say("Event %(id)s", id=receipt.event_id)
        if receipt.event_id
        else say("Submission %(id)s", id=receipt.submission_id)
    )
    match receipt.outcome:
        case "accepted":
            return say("%(name)s: accepted", name=name)
        case "unchanged":
            return say("%(name)s: nothing new", name=name)
        case _ if receipt.activities > 1:
            return say(
                "%(name)s: %(quarantined)s of %(activities)s activities quarantined",
                name=name,
                quarantined=receipt.quarantined,
                activities=receipt.activities,
            )
        case _:
            return say("%(name)s: quarantined", name=name)


def _receipt_body(receipt: Receipt) -> str:
    said = []
    if receipt.activities:
        counts = {n: getattr(receipt, n) for n in ("accepted", "amended", "unchanged", "quarantined")}
        said.append(
            say(
                "%(accepted)s accepted, %(amended)s amended, %(unchanged)s unchanged, %(quarantined)s quarantined.",
                **counts,
            )
        )
    if receipt.rules:
        worst = sorted(receipt.rules.items(), key=lambda rule: (-rule[1], rule[0]))[:3]
        said.append(say("To mend: %(rules)s.", rules=", ".join(f"{rule} ({count})" for rule, count in worst)))
    if receipt.indicators:
        said.append(
            say(
                "%(scorable)s of %(indicators)s indicators can be scored.",
                scorable=receipt.scorable,
                indicators=receipt.indicators,
            )
        )
    return together(said)


def reason(first: Subscription, others: int, names: Mapping[str, str]) -> str:
    """Why it is told: the first subscription that asked for it, and how many more did."""
    wish: Said
    match first.about:
        case "metric":
            metric = METRICS[first.metric][1] if first.metric in METRICS else first.metric or say("every metric")
            wish = say("%(metric)s of %(scope)s", metric=metric, scope=spoken(first.scope or "global", names))
        case "alert":
            wish = say("%(kind)s alerts", kind=coded(first.kind)) if first.kind else say("alerts")
            if first.scope:
                wish = say("%(alerts)s about %(scope)s", alerts=wish, scope=spoken(first.scope, names))
        case "project":
            wish = say("news of project %(project)s", project=first.project_id)
        case "receipts":
            wish = say("the receipts of %(entity)s", entity=first.entity)
    if first.min_change:
        points = measured(amount(first.min_change, "µ").removesuffix("%"), first.min_change, "points")
        wish = say("%(wish)s, from %(points)s points of change", wish=wish, points=points)
    if first.only_problems:
        wish = say("%(wish)s that hold something to mend", wish=wish)
    said = [say("You asked for %(wish)s.", wish=wish)]
    if others == 1:
        said.append(say("One more of your subscriptions matches."))
    elif others:
        said.append(say("%(n)s more of your subscriptions match.", n=others))
    return together(said)


def amount(value: int, unit: str) -> Said:
    """A figure as people read it: µ as per cent with one decimal, half to even; cents as US dollars."""
    return measured(_amount(value, unit), value, unit)


def _amount(value: int, unit: str) -> str:
    if unit == "µ":
        return _signed((Decimal(value) / 10_000).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN), "", "%")
    if unit == "cents":
        return _signed((Decimal(value) / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN), "USD ", "")
    return _signed(Decimal(value), "", f" {unit}")


def _signed(number: Decimal, before: str, after: str) -> str:
    return f"{_MINUS if number < 0 else ''}{before}{abs(number):,}{after}"
