"""A page speaks its reader's language: the catalogues are whole, and every message can be moved by a translator."""

from __future__ import annotations

from datetime import date
from gettext import NullTranslations

import pytest
from tests.support.gateway import Gateway, figure, someone

from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import LANGUAGES, SOURCE, _, ngettext, said, speaking, told
from portal_gateway.domain.speech.words import METRICS
from portal_gateway.web import catalogues


class Backwards(NullTranslations):
    """A language in which every word is marked, so that a text no translator can reach stands out."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


OTHERS = [code for code in LANGUAGES if code != SOURCE]


@pytest.mark.parametrize("code", OTHERS)
def test_the_catalogue_has_every_message_of_the_source(code: str) -> None:
    template = catalogues.extracted()
    assert catalogues.fresh(code, template) == catalogues._file(code).read_bytes()
    assert list(catalogues.faults(code)) == []
    assert len(template) > 400


@pytest.mark.parametrize("code", OTHERS)
def test_plurals_follow_the_language(code: str) -> None:
    forms = {"ar": 6, "zh": 1, "fr": 2, "ru": 3, "es": 2}
    text = catalogues._file(code).read_text(encoding="utf-8")
    assert f"nplurals={forms[code]}" in text


def test_a_message_keeps_its_values_wherever_they_stand() -> None:
    with speaking("xx", Backwards()):
        assert _("%(share)s%% of plan", share="5") == "⟦5% of plan⟧"
        assert ngettext("%(n)s due value is missing.", "%(n)s due values are missing.", 1) == (
            "⟦1 due value is missing.⟧"
        )
        assert said("") == ""
        assert numbers.day(date(2026, 9, 14)) == "⟦14 ⟦Sep⟧ 2026⟧"
    assert _("%(share)s%% of plan", share="5") == "5% of plan"


def test_what_another_service_composed_is_translated_with_its_values() -> None:
    node = {
        "calc": "grade B, full",
        "said": {"calc": {"message": "grade %(grade)s, %(how)s", "values": {"grade": "B", "how": {"message": "full"}}}},
    }
    assert told(node, "calc") == "grade B, full"
    with speaking("xx", Backwards()):
        assert told(node, "calc") == "⟦grade B, ⟦full⟧⟧"
        assert told({"calc": "as it stands"}, "calc") == "as it stands"


async def test_every_metric_has_a_page_in_every_language(gateway: Gateway) -> None:
    """Whatever stands behind a figure: its sentence, its rows and its words find their values."""
    parts = {"scenarios": {f"S{n}": 500_000 for n in range(8)}, "grades": {"A": 2, "missing": 1}, "gate": "NO_GO"}
    await gateway.tell(*(figure("global", 500_000, metric=metric, parts=parts) for metric in METRICS))
    cookie = await gateway.signed_in(someone("secretariat", "reader"))
    headers = {"Cookie": f"plumbline_session={cookie}", "Accept": "text/html"}
    for metric in METRICS:
        for code in LANGUAGES:
            answer = await gateway.http.get(f"/metrics/{metric}?scope=global&lang={code}", headers=headers)
            assert answer.status_code == 200, (metric, code)
            assert f'lang="{code}"' in answer.text
            assert not {"%(", "%%"} & {answer.text[n : n + 2] for n in range(len(answer.text))}, (metric, code)


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("", None, None, "en"),
        ("", None, "fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("", None, "de, xx;q=nonsense", "en"),
        ("", "ru", "fr", "ru"),
        ("?lang=zh", "ru", "fr", "zh"),
        ("?lang=tlh", "ru", "fr", "ru"),
    ],
)
async def test_the_language_is_as_the_reader_asks(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, query: str, cookie: str | None, accept: str | None, language: str
) -> None:
    everything = dict(LANGUAGES)
    monkeypatch.setattr("portal_gateway.api.speaking.spoken", lambda: everything)
    headers = {"Accept": "text/html", "Accept-Language": accept or "", "Cookie": f"lang={cookie}" if cookie else ""}
    answer = await gateway.http.get(f"/login{query}", headers=headers)
    assert answer.headers["content-language"] == language
    assert f'lang="{language}"' in answer.text
    assert (answer.cookies.get("lang") == language) == (query == f"?lang={language}")
