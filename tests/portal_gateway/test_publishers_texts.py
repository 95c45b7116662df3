"""Texts and codes of real publishers as people read them."""

from __future__ import annotations

from portal_gateway.domain.speech.plain import beginning, plain
from portal_gateway.domain.speech.themes import theme_name
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
