"""What a message says: short, active, no blame (look §8). English; the portal translates by kind and scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final
from urllib.parse import quote

from notifier.domain.fact import Alert, Fact, Figure, Receipt, Told
from notifier.domain.scope import say
from notifier.domain.subscription import Subscription

METRICS: Final = {
    "M1": "Indicator attainment",
    "M2": "Pace",
    "M4": "Project effectiveness",
    "M7": "Pillar balance",
}
"""Names of the metrics computed today; another is called by its code."""

_MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message for one subscriber, before it has an id."""

    subscriber: str
    fact: Fact
    subscription_id: str
    kind: str
    scope: str | None
    title: str
    body: str
    reason: str
    link: str


def compose(
    fact: Fact, subscriptions: Sequence[Subscription], names: Mapping[str, str], *, told: Told | None = None
) -> Message:
    """One message for the subscriptions of one person that cover a fact: it names the first, counts the rest."""
    first = subscriptions[0]
    kind, title, body, link = _words(fact, names, told)
    return Message(
        subscriber=first.subscriber,
        fact=fact,
        subscription_id=first.id,
        kind=kind,
        scope=None if isinstance(fact, Receipt) else fact.scope,
        title=title,
        body="Demonstration data. " + body if fact.access.demonstration else body,
        reason=_reason(first, len(subscriptions) - 1, names),
        link=link,
    )


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
            return "alert", fact.text, _alert_body(fact, names), link
        case Receipt():
            return (
                "receipt",
                _receipt_title(fact),
                _receipt_body(fact),
                f"/receipts/{quote(fact.submission_id, safe='')}",
            )


def _figure_title(figure: Figure, names: Mapping[str, str], told: Told | None) -> str:
    before = told.value if told else figure.previous
    now = "withheld" if figure.value is None else amount(figure.value, figure.unit)
    if figure.state == "PROVISIONAL":
        now += ", provisional"
    if before is not None and before != figure.value:
        now += f", was {amount(before, figure.unit)}"
    elif before is None and figure.value is not None:
        now += ", newly published"
    return f"{METRICS.get(figure.metric, figure.metric)}, {say(figure.scope, names)}: {now}"


def _figure_body(figure: Figure) -> str:
    said = []
    if figure.expected:
        known = f"{amount(figure.observed * 1_000_000 // figure.expected, 'µ')} known"
        if figure.lower is not None and figure.upper is not None and figure.lower != figure.upper:
            known += f"; between {amount(figure.lower, figure.unit)} and {amount(figure.upper, figure.unit)}"
        said.append(known + ".")
    if figure.state == "INSUFFICIENT_DATA":
        said.append("Less than half is known, so no figure is shown.")
    if figure.place:
        said.append(f"Last moved by {figure.place}.")
    return " ".join(said)


def _alert_body(alert: Alert, names: Mapping[str, str]) -> str:
    about = say(alert.scope, names)
    body = about[:1].upper() + about[1:] + "."
    if alert.before and alert.after:
        body += f" From {_plain(alert.before)} to {_plain(alert.after)}."
    return body


def _receipt_title(receipt: Receipt) -> str:
    name = receipt.file or (f"Event {receipt.event_id}" if receipt.event_id else f"Submission {receipt.submission_id}")
    match receipt.outcome:
        case "accepted" | "unchanged":
            became = "accepted" if receipt.outcome == "accepted" else "nothing new"
        case _ if receipt.activities > 1:
            became = f"{receipt.quarantined} of {receipt.activities} activities quarantined"
        case _:
            became = "quarantined"
    return f"{name}: {became}"


def _receipt_body(receipt: Receipt) -> str:
    said = []
    if receipt.activities:
        counts = ("accepted", "amended", "unchanged", "quarantined")
        said.append(", ".join(f"{getattr(receipt, name)} {name}" for name in counts) + ".")
    if receipt.rules:
        worst = sorted(receipt.rules.items(), key=lambda rule: (-rule[1], rule[0]))[:3]
        said.append("To mend: " + ", ".join(f"{rule} ({count})" for rule, count in worst) + ".")
    if receipt.indicators:
        said.append(f"{receipt.scorable} of {receipt.indicators} indicators can be scored.")
    return " ".join(said)


def _reason(first: Subscription, others: int, names: Mapping[str, str]) -> str:
    match first.about:
        case "metric":
            metric = METRICS.get(first.metric, first.metric).lower() if first.metric else "every metric"
            wish = f"{metric} of {say(first.scope or 'global', names)}"
        case "alert":
            wish = f"{_plain(first.kind)} alerts" if first.kind else "alerts"
            wish += f" about {say(first.scope, names)}" if first.scope else ""
        case "project":
            wish = f"news of project {first.project_id}"
        case "receipts":
            wish = f"the receipts of {first.entity}"
    if first.min_change:
        wish += f", from {amount(first.min_change, 'µ').removesuffix('%')} points of change"
    if first.only_problems:
        wish += " that hold something to mend"
    more = ""
    if others:
        more = (
            " One more of your subscriptions matches."
            if others == 1
            else f" {others} more of your subscriptions match."
        )
    return f"You asked for {wish}.{more}"


def amount(value: int, unit: str) -> str:
    """A figure as people read it: µ as per cent with one decimal, half to even; cents as US dollars."""
    if unit == "µ":
        return _signed((Decimal(value) / 10_000).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN), "", "%")
    if unit == "cents":
        return _signed((Decimal(value) / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN), "USD ", "")
    return _signed(Decimal(value), "", f" {unit}")


def _signed(number: Decimal, before: str, after: str) -> str:
    return f"{_MINUS if number < 0 else ''}{before}{abs(number):,}{after}"


def _plain(code: str) -> str:
    return code.replace("_", " ").replace("-", " ").lower()
