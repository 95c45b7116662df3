"""Streams and event types: each declared once, with one owner."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.__main__ import main
from contracts.catalogue import BY_TYPE, EVENTS
from contracts.streams import INBOUND_PREFIX, STREAMS, entity_of, inbound


def test_a_topic_is_declared_once() -> None:
    topics = [stream.topic for stream in STREAMS]
    assert len(topics) == len(set(topics))


def test_an_event_type_is_on_one_stream_and_so_has_one_owner() -> None:
    """Two owners of one fact is how two services come to disagree about it."""
    types = [model.TYPE for models in EVENTS.values() for model in models]
    assert len(types) == len(set(types)) == len(BY_TYPE)


def test_every_stream_has_events_and_every_event_a_stream() -> None:
    assert set(EVENTS) == set(STREAMS)
    assert all(EVENTS.values())


def test_no_stream_is_inbound_or_a_dead_letter_topic() -> None:
    """A reader of ``plumbline.inbound.*`` must never read what another service says."""
    for stream in STREAMS:
        assert not stream.topic.startswith(INBOUND_PREFIX)
        assert not stream.topic.endswith(".dlq")


@pytest.mark.parametrize("name", sorted(BY_TYPE))
def test_an_event_type_is_past_tense_kebab_case_with_its_version(name: str) -> None:
    *words, version = name.split(".")
    assert version.removeprefix("v").isdigit()
    assert len(words) >= 2
    assert all(set(word) <= {*string.ascii_lowercase, "-"} for word in words)


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True))
def test_the_entity_comes_back_from_its_topic(entity: str) -> None:
    assert entity_of(inbound(entity).topic) == entity


@pytest.mark.parametrize("reference", ["", "a b", "a\n", "é", "-a", ".a", "a" * 101, "a/b", "a*"])
def test_a_reference_that_cannot_name_a_topic_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="cannot name a topic"):
        inbound(reference)


def test_a_foreign_topic_has_no_entity() -> None:
    with pytest.raises(ValueError, match="portfolio"):
        entity_of("plumbline.portfolio.v1")


def test_the_streams_are_listed_for_people_and_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["streams", "XM-DEMO-1"]) == 0
    assert "plumbline.inbound.XM-DEMO-1" in capsys.readouterr().out
    assert main(["streams", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {stream["topic"] for stream in listed} == {stream.topic for stream in STREAMS}
    assert main(["streams", "a b"]) == 2
    assert "cannot name a topic" in capsys.readouterr().out
