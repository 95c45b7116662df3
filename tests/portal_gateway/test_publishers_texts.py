"""Texts and codes of real publishers as people read them."""

from __future__ import annotations

from tests.portal_gateway.test_pages import _page
from tests.support.gateway import Gateway, project
from tests.support.gateway import figure as published

from portal_gateway.domain.speech.plain import beginning, plain
from portal_gateway.domain.speech.themes import theme_name
from portal_gateway.domain.view import figure as read
from portal_gateway.domain.view import narrative


def test_tags_that_arrange_a_text_are_not_read_aloud_and_no_other_is_hidden() -> None:
    said = '<br> <b> Purpose codes </b>of <a href="https://a.example/x">9 countries</a>&nbsp;M&amp;E &lt;i&gt;'
    assert plain(said) == "Purpose codes of 9 countries M&E"
    assert plain("if a <b and c> d, 3 < 4") == "if a <b and c> d, 3 < 4"
    assert plain("<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert narrative({"en": "<p>Peace</p>"}, "fr") == ("Peace", "en")


def test_a_long_text_begins_with_whole_sentences_or_words() -> None:
    assert beginning("Short.") == "Short."
    assert beginning("It is long. " * 60).endswith("It is long.")
    assert len(beginning("word " * 200)) < 430
    assert beginning("word " * 200).endswith("word …")
    assert beginning("很" * 500) == "很" * 420 + " …"


def test_goals_have_titles_and_targets_say_whose_they_are() -> None:
    assert theme_name("16") == "SDG 16: Peace, justice and strong institutions"
    assert theme_name("16.a") == "SDG 16.A"
    assert [theme_name(code) for code in ("BORDERS", "18", "16.", "")] == ["BORDERS", "18", "16.", ""]


def test_where_there_is_nothing_to_measure_no_interval_is_drawn() -> None:
    def look(state: str, value: int | None = None) -> str:
        return read(
            published(value=value, state=state, lower=None, upper=None).model_dump(mode="json") | {"seq": 1}
        ).look

    assert [look(state) for state in ("NOT_APPLICABLE", "PUBLISHED")] == ["is-ins is-na"] * 2
    assert (look("INSUFFICIENT_DATA"), look("PUBLISHED", 0)) == ("is-ins", "is-pub")


async def test_a_page_says_how_much_of_it_is_invented(gateway: Gateway) -> None:
    await gateway.tell(project("XM-T-1", demonstration=True))
    assert "Every entity, project, figure and date is invented." in (await _page(gateway, "/projects/XM-T-1")).text
    await gateway.tell(project("XM-T-2"))
    assert "Some of the projects are invented" in (await _page(gateway, "/projects/XM-T-2")).text
