"""What was asked for, what has moved enough, and in which words it is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import FilingRefused, SubscriptionRefused
from notifier.domain.fact import Access, Alert, Figure, Receipt, Told, moved, packed, unpacked
from notifier.domain.filing import Filing, asked
from notifier.domain.message import amount, compose
from notifier.domain.saying import message_of, say
from notifier.domain.scope import is_scope, project_of, spoken
from notifier.domain.subscription import Subscription, ask, changed_to
from notifier.names import areas

NAMES = {"ML": "Mali", "011": "Western Africa"}
PUBLIC = Access(classification="public")


def a_figure(**over: Any) -> Figure:
    """A figure of pillar II in Mali that rose from 64.9 to 65.5 per cent."""
    fields: dict[str, Any] = {
        "fact_id": "metric /svc/scoring 1",
        "access": PUBLIC,
        "metric": "M4",
        "scope": "pillar-country:P2|ML",
        "value": 655_000,
        "previous": 649_000,
        "unit": "µ",
        "state": "PUBLISHED",
        "observed": 8,
        "expected": 10,
        "lower": 524_000,
        "upper": 724_000,
    }
    return Figure(**fields | over)


def an_alert(**over: Any) -> Alert:
    """An indicator went off track."""
    fields: dict[str, Any] = {
        "fact_id": "alert 1",
        "access": PUBLIC,
        "kind": "status-changed",
        "scope": "project:XM-DEMO-1-7",
        "text": "Days to answer a request: from on track to limited.",
        "project_id": "XM-DEMO-1-7",
        "before": "ON_TRACK",
        "after": "LIMITED",
    }
    return Alert(**fields | over)


def a_receipt(**over: Any) -> Receipt:
    """A file of three activities, all accepted."""
    fields: dict[str, Any] = {
        "fact_id": "receipt S1",
        "access": Access(classification="owner", owner="XM-DEMO-1"),
        "submission_id": "S1",
        "entity": "XM-DEMO-1",
        "outcome": "accepted",
        "file": "portfolio.xml",
        "activities": 3,
        "accepted": 3,
    }
    return Receipt(**fields | over)


def a_wish(**fields: object) -> Subscription:
    """A subscription as its subscriber asked for it."""
    return ask(fields, id_="s1", subscriber="focal")


def faults_of(**fields: object) -> dict[str, str]:
    """What is wrong with a request, by field."""
    with pytest.raises(SubscriptionRefused) as caught:
        a_wish(**fields)
    return dict(caught.value.faults)


class TestAsk:
    """Requests for subscriptions."""

    @pytest.mark.parametrize(
        ("fields", "kept"),
        [
            ({"metric": "M4"}, {"metric": "M4", "scope": "global"}),
            ({"scope": "country:ML"}, {"metric": None, "scope": "country:ML"}),
            ({"metric": "M2", "scope": "indicator:P|I", "min_change": 5000}, {"min_change": 5000}),
        ],
    )
    def test_a_metric_or_a_scope_is_enough(self, fields: dict[str, object], kept: dict[str, object]) -> None:
        wish = a_wish(about="metric", **fields)
        assert {name: getattr(wish, name) for name in kept} == kept

    def test_every_fault_is_said_at_once(self) -> None:
        found = faults_of(about="metric", metric="M99", scope="mars", min_change=-1, entity="XM-DEMO-1")
        assert set(found) == {"metric", "scope", "min_change", "entity"}
        assert "M1 to M17" in found["metric"]
        assert "country:ML" in found["scope"]
        assert "takes metric, scope, min_change" in found["entity"]

    @pytest.mark.parametrize(
        ("fields", "missing"),
        [({"about": "project"}, "project_id"), ({"about": "receipts"}, "entity"), ({"about": "metric"}, "metric")],
    )
    def test_what_is_needed_is_named(self, fields: dict[str, object], missing: str) -> None:
        assert list(faults_of(**fields)) == [missing]

    @pytest.mark.parametrize("about", [None, "", "weather", 1, ["metric"]])
    def test_an_unknown_subject_names_the_known_ones(self, about: object) -> None:
        assert "metric, alert, project, receipts" in faults_of(about=about)["about"]

    @given(
        st.dictionaries(st.sampled_from(["about", "metric", "scope", "kind", "min_change", "entity"]), st.integers())
    )
    def test_values_of_the_wrong_type_are_faults(self, fields: dict[str, object]) -> None:
        with pytest.raises(SubscriptionRefused):
            a_wish(**{"about": "alert", **fields, "kind": 1})

    def test_true_is_no_number(self) -> None:
        assert list(faults_of(about="metric", metric="M4", min_change=True)) == ["min_change"]


class TestCovers:
    """Which facts a subscription is about."""

    @pytest.mark.parametrize(
        ("wish", "covered"),
        [
            ({"about": "metric", "metric": "M4", "scope": "pillar-country:P2|ML"}, True),
            ({"about": "metric", "scope": "pillar-country:P2|ML"}, True),
            ({"about": "metric", "metric": "M7", "scope": "pillar-country:P2|ML"}, False),
            ({"about": "metric", "metric": "M4"}, False),
            ({"about": "alert"}, False),
            ({"about": "project", "project_id": "XM-DEMO-1-7"}, False),
        ],
    )
    def test_a_figure(self, wish: dict[str, object], covered: bool) -> None:
        assert a_wish(**wish).covers(a_figure()) is covered

    @pytest.mark.parametrize(
        ("wish", "covered"),
        [
            ({"about": "alert"}, True),
            ({"about": "alert", "kind": "status-changed"}, True),
            ({"about": "alert", "kind": "off-track"}, False),
            ({"about": "alert", "scope": "project:XM-DEMO-1-7"}, True),
            ({"about": "alert", "scope": "country:ML"}, False),
            ({"about": "project", "project_id": "XM-DEMO-1-7"}, True),
            ({"about": "project", "project_id": "XM-DEMO-1-8"}, False),
        ],
    )
    def test_an_alert(self, wish: dict[str, object], covered: bool) -> None:
        assert a_wish(**wish).covers(an_alert()) is covered

    def test_a_projects_own_figure_but_not_each_of_its_indicators(self) -> None:
        wish = a_wish(about="project", project_id="XM-DEMO-1-7")
        assert wish.covers(a_figure(scope="project:XM-DEMO-1-7"))
        assert not wish.covers(a_figure(metric="M1", scope="indicator:XM-DEMO-1-7|1"))

    def test_receipts_of_one_entity_and_only_those_with_something_to_mend(self) -> None:
        wish = a_wish(about="receipts", entity="XM-DEMO-1", only_problems=True)
        assert not wish.covers(a_receipt())
        assert wish.covers(a_receipt(outcome="partly-quarantined"))
        assert wish.covers(a_receipt(rules={"iati:6.6.2": 1}))
        assert not wish.covers(a_receipt(outcome="quarantined", entity="XM-DEMO-2"))


class TestMoved:
    """When a figure is worth telling again."""

    @pytest.mark.parametrize(
        ("told", "value", "state", "worth"),
        [
            (None, 655_000, "PUBLISHED", True),
            (None, 649_000, "PUBLISHED", False),
            (None, None, "INSUFFICIENT_DATA", True),
            (Told(655_000, "PUBLISHED"), 655_000, "PUBLISHED", False),
            (Told(655_000, "PUBLISHED"), 655_000, "PROVISIONAL", True),
            (Told(None, "INSUFFICIENT_DATA"), None, "INSUFFICIENT_DATA", False),
            (Told(None, "INSUFFICIENT_DATA"), 655_000, "PUBLISHED", True),
        ],
    )
    def test_any_change_without_a_threshold(
        self, told: Told | None, value: int | None, state: str, worth: bool
    ) -> None:
        assert moved(a_figure(value=value, state=state), told, 0) is worth

    def test_the_first_figure_ever_is_worth_telling(self) -> None:
        assert moved(a_figure(previous=None), None, 100_000)

    def test_exactly_the_threshold_is_enough(self) -> None:
        assert moved(a_figure(), None, 6_000)
        assert not moved(a_figure(), None, 6_001)

    def test_dollars_are_told_at_every_change(self) -> None:
        assert moved(a_figure(unit="cents"), None, 1_000_000)

    @given(st.lists(st.integers(-2_000, 2_000), min_size=1, max_size=60), st.integers(1, 5_000))
    def test_small_steps_add_up_and_what_is_known_is_never_further_off_than_the_threshold(
        self, steps: list[int], threshold: int
    ) -> None:
        told, value = Told(500_000, "PUBLISHED"), 500_000
        for step in steps:
            previous, value = value, value + step
            figure = a_figure(previous=previous, value=value)
            if moved(figure, told, threshold):
                told = Told(value, "PUBLISHED")
            assert told.value is not None
            assert abs(value - told.value) < threshold


class TestWords:
    """What a message says."""

    def test_a_figure(self) -> None:
        message = compose(a_figure(), [a_wish(about="metric", metric="M4", scope="pillar-country:P2|ML")], NAMES)
        assert message.title == "Project effectiveness, pillar II in Mali: 65.5%, was 64.9%"
        assert message.body == "80.0% known; between 52.4% and 72.4%."
        assert message.reason == "You asked for project effectiveness of pillar II in Mali."
        assert message.link == "/metrics/M4?scope=pillar-country%3AP2%7CML"

    def test_the_reason_names_the_first_wish_and_counts_the_rest(self) -> None:
        wishes = [
            a_wish(about="metric", scope="pillar-country:P2|ML", min_change=5_000),
            a_wish(about="metric", metric="M4", scope="pillar-country:P2|ML"),
        ]
        first = "You asked for every metric of pillar II in Mali, from 0.5 points of change."
        assert compose(a_figure(), wishes, NAMES).reason == f"{first} One more of your subscriptions matches."
        assert compose(a_figure(), [*wishes, wishes[1]], NAMES).reason == f"{first} 2 more of your subscriptions match."

    def test_areas_and_figures_go_along_for_other_languages(self) -> None:
        sent = message_of(compose(a_figure(), [a_wish(about="metric", metric="M4")], NAMES).title)
        assert sent is not None
        assert sent["values"]["scope"]["values"] == {
            "pillar": {"message": "pillar II"},
            "area": {"message": "Mali", "area": "ML"},
        }
        assert sent["values"]["value"]["values"]["value"] == {"message": "65.5%%", "value": 655_000, "unit": "µ"}

    def test_before_is_what_the_subscriber_last_heard(self) -> None:
        message = compose(a_figure(), [a_wish(about="metric", metric="M4")], NAMES, told=Told(600_000, "PUBLISHED"))
        assert message.title.endswith("65.5%, was 60.0%")

    @pytest.mark.parametrize(
        ("over", "said"),
        [
            ({"value": None, "state": "INSUFFICIENT_DATA"}, "withheld, was 64.9%"),
            ({"previous": None}, "65.5%, newly published"),
            ({"state": "PROVISIONAL"}, "65.5%, provisional, was 64.9%"),
            ({"value": 123_456_700, "previous": 100_000_000, "unit": "cents"}, "USD 1,234,567, was USD 1,000,000"),
            ({"value": -50_000}, "−5.0%, was 64.9%"),
        ],
    )
    def test_a_figure_in_every_state(self, over: dict[str, Any], said: str) -> None:
        message = compose(a_figure(**over), [a_wish(about="metric", metric="M4")], NAMES)
        assert message.title == f"Project effectiveness, pillar II in Mali: {said}"
        assert "None" not in message.title + message.body

    def test_demonstration_data_says_so(self) -> None:
        figure = a_figure(access=replace(PUBLIC, demonstration=True))
        assert compose(figure, [a_wish(about="metric", metric="M4")], NAMES).body.startswith("Demonstration data. ")

    def test_an_alert_leads_to_its_project(self) -> None:
        message = compose(an_alert(), [a_wish(about="alert", kind="status-changed")], NAMES)
        assert message.title == "Days to answer a request: from on track to limited."
        assert message.body == "About project XM-DEMO-1-7. From on track to limited."
        assert message.link == "/projects/XM-DEMO-1-7"
        assert message.reason == "You asked for status changed alerts."

    def test_an_identifier_with_a_slash_stays_one_part_of_the_address(self) -> None:
        message = compose(an_alert(project_id="XM/7 a"), [a_wish(about="alert")], NAMES)
        assert message.link == "/projects/XM%2F7%20a"

    @pytest.mark.parametrize(
        ("over", "title"),
        [
            ({}, "portfolio.xml: accepted"),
            ({"outcome": "unchanged"}, "portfolio.xml: nothing new"),
            ({"outcome": "partly-quarantined", "quarantined": 1}, "portfolio.xml: 1 of 3 activities quarantined"),
            ({"outcome": "quarantined", "file": None, "event_id": "E1", "activities": 0}, "Event E1: quarantined"),
        ],
    )
    def test_a_receipt(self, over: dict[str, Any], title: str) -> None:
        message = compose(a_receipt(**over), [a_wish(about="receipts", entity="XM-DEMO-1")], NAMES)
        assert message.title == title
        assert message.link == "/receipts/S1"
        assert message.scope is None

    def test_a_receipt_counts_and_names_what_to_mend(self) -> None:
        receipt = a_receipt(
            outcome="partly-quarantined",
            accepted=2,
            quarantined=1,
            indicators=6,
            scorable=5,
            rules={"a": 1, "b": 3, "c": 1, "d": 1},
        )
        assert compose(receipt, [a_wish(about="receipts", entity="XM-DEMO-1")], NAMES).body == (
            "2 accepted, 0 amended, 0 unchanged, 1 quarantined. To mend: b (3), a (1), c (1)."
            " 5 of 6 indicators can be scored."
        )


class TestScope:
    """The grammar of architecture §9."""

    @pytest.mark.parametrize(
        ("scope", "words"),
        [
            ("global", "the whole portfolio"),
            ("pillar:P1", "pillar I"),
            ("country:ML", "Mali"),
            ("region:011", "Western Africa"),
            ("theme:borders", "theme borders"),
            ("entity:XM-DEMO-1", "XM-DEMO-1"),
            ("project:XM-DEMO-1-7", "project XM-DEMO-1-7"),
            ("indicator:XM-DEMO-1-7|r1/i2", "indicator r1/i2 of project XM-DEMO-1-7"),
            ("pillar-country:P3|ZZ", "pillar III in ZZ"),
            ("entity-pillar:XM-DEMO-1|P4", "XM-DEMO-1 under pillar IV"),
        ],
    )
    def test_every_scope_is_known_and_has_words(self, scope: str, words: str) -> None:
        assert is_scope(scope)
        assert spoken(scope, NAMES) == words

    @pytest.mark.parametrize(
        "text",
        ["", "mars", "country:", "pillar:P5", "pillar-country:P9|ML", "pillar-country:P1", "entity-pillar:X|ML",
         "country:ML\n", "country:" + "x" * 600, "global:ML"],
    )  # fmt: skip
    def test_anything_else_is_refused(self, text: str) -> None:
        assert not is_scope(text)

    def test_only_a_project_is_a_project(self) -> None:
        assert project_of("project:A|B") == "A|B"
        assert project_of("indicator:A|B") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (654_500, "65.4%"),
        (655_500, "65.6%"),
        (0, "0.0%"),
        (-1, "0.0%"),
        (-50_000, "−5.0%"),
        (12_345_678_000, "1,234,567.8%"),
    ],
)
def test_a_tie_goes_to_the_even_tenth(value: int, text: str) -> None:
    assert amount(value, "µ") == text


def test_countries_and_regions_have_names() -> None:
    names = areas()
    assert names["ML"] == "Mali"
    assert names["NA"] == "Namibia"
    assert len(names) > 250


class TestFiling:
    """What read, snooze and archive make of a message."""

    NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
    DUE = NOW + timedelta(hours=22)

    def test_a_snoozed_message_comes_back_unread_though_it_was_read(self) -> None:
        snoozed = Filing(3, read_at=self.NOW).after("snooze", self.NOW, self.DUE)
        assert not snoozed.unread(self.NOW)
        assert snoozed.unread(self.DUE)
        again = snoozed.after("read", self.DUE + timedelta(minutes=1))
        assert not again.unread(self.DUE + timedelta(days=9))
        assert again.revision == 5

    def test_a_wish_that_changes_nothing_is_no_change(self) -> None:
        read = Filing().after("read", self.NOW)
        assert read.after("read", self.DUE) is read
        archived = read.after("archive", self.NOW)
        assert archived.after("archive", self.DUE) is archived
        assert Filing().after("wake", self.NOW) == Filing()

    def test_what_is_undone_is_as_it_was(self) -> None:
        for do, undo in (("archive", "unarchive"), ("snooze", "wake"), ("read", "unread")):
            done = Filing().after(do, self.NOW, self.DUE)  # type: ignore[arg-type]
            assert replace(done.after(undo, self.NOW), revision=0) == Filing(), do  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("do", "until", "places"),
        [
            ("eat", None, {"do"}),
            (["read"], None, {"do"}),
            ("snooze", None, {"until"}),
            ("snooze", "tomorrow", {"until"}),
            ("snooze", "2026-07-02T08:00:00", {"until"}),
            ("snooze", "2026-07-01T08:59:59Z", {"until"}),
            ("snooze", "2028-07-01T08:59:59Z", {"until"}),
            ("read", "2026-07-02T08:00:00Z", {"until"}),
        ],
    )
    def test_a_bad_wish_names_its_faults(self, do: object, until: object, places: set[str]) -> None:
        with pytest.raises(FilingRefused) as refused:
            asked(do, until, self.NOW)
        assert {place for place, _ in refused.value.faults} == places


def test_a_subscription_changes_in_what_it_lets_through_alone() -> None:
    wish = a_wish(about="metric", metric="M4", scope="country:ML")
    assert changed_to(wish, {"min_change": 20_000}) == replace(wish, min_change=20_000)
    for fields in ({"scope": "global"}, {"only_problems": True}, {"min_change": -1}, {"min_change": None}):
        with pytest.raises(SubscriptionRefused):
            changed_to(wish, fields)


def test_a_message_holds_what_its_texts_were_made_of() -> None:
    """Put together again from message and values, the text is the same; so a catalogue can say it otherwise."""

    def put(part: Any) -> str:
        if isinstance(part, str):
            return part
        return str(part["message"] % {name: put(value) for name, value in part.get("values", {}).items()})

    wish = a_wish(about="metric", scope="pillar-country:P2|ML", min_change=5_000)
    figure = replace(a_figure(), access=replace(PUBLIC, demonstration=True), state="PROVISIONAL")
    message = compose(figure, [wish, wish], NAMES)
    for text in (message.title, message.body, message.reason):
        assert put(message_of(text)) == text
    assert message_of("a text of another service") is None


def test_a_fact_that_waits_comes_back_as_it_was_with_what_its_texts_were_made_of() -> None:
    place = say("line %(line)s of %(file)s", line=104, file=say("the file"))
    for fact in (a_figure(place=place), an_alert(), a_receipt()):
        kept = unpacked(json.loads(json.dumps(packed(fact))))
        assert kept == fact
        if isinstance(kept, Figure):
            assert message_of(kept.place)["values"] == {"line": "104", "file": {"message": "the file"}}  # type: ignore[index]
