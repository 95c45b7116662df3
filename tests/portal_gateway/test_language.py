"""A page speaks its reader's language: the catalogues are whole, and every message can be moved by a translator."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from gettext import NullTranslations

import pytest
from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import format_compact_decimal
from tests.support.gateway import Gateway, figure, someone

from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import LANGUAGES, NP_, SOURCE, _, by_category, ngettext, said, speaking
from portal_gateway.domain.speech.told import told
from portal_gateway.domain.speech.words import METRICS
from portal_gateway.web import catalogues
from portal_gateway.web.render import live_words


class Backwards(NullTranslations):
    """A language in which every word is marked, so that a text no translator can reach stands out."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"


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
        assert said(NP_("a session", "End")) == "⟦End⟧"
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


@pytest.mark.parametrize(
    ("code", "area", "figure"),
    [
        ("ar", "كوت ديفوار", "64.9%"),
        ("zh", "科特迪瓦", "64.9%"),
        ("en", "Côte d’Ivoire", "64.9%"),
        ("fr", "Côte d’Ivoire", "64,9\N{NO-BREAK SPACE}%"),
        ("ru", "Кот-д'Ивуар", "64,9\N{NO-BREAK SPACE}%"),
        ("es", "Côte d’Ivoire", "64,9\N{NO-BREAK SPACE}%"),
    ],
)
def test_names_and_figures_in_another_services_sentence_are_the_readers(code: str, area: str, figure: str) -> None:
    values = {
        "scope": {"message": "Ivory Coast", "area": "CI"},
        "value": {"message": "64.9%%", "value": 649_000, "unit": "µ"},
    }
    node = {"said": {"title": {"message": "%(scope)s: %(value)s", "values": values}}}
    with speaking(code, catalogues.catalogue(code)):
        assert area in told(node, "title")
        assert figure in told(node, "title")
    unknown = {"said": {"title": {"message": "Nowhere", "area": "ZZZ"}}}
    assert told(unknown, "title") == "Nowhere"


@pytest.mark.parametrize(
    ("code", "amounts", "day", "month"),
    [
        ("ar", ("6.8 ألف دولار", "68.2 مليون دولار", "6.8 بليون دولار"), "1 أيار/مايو 2026", "أيار/مايو 2026"),
        ("zh", ("6,820 美元", "6,820 万美元", "68.2 亿美元"), "2026年5月1日", "2026年5月"),
        ("en", ("USD 6.8 k", "USD 68.2 m", "USD 6.8 bn"), "1 May 2026", "May 2026"),
        ("fr", ("6,8 k USD", "68,2 M USD", "6,8 Md USD"), "1er mai 2026", "mai 2026"),
        ("ru", ("6,8 тыс. долл. США", "68,2 млн долл. США", "6,8 млрд долл. США"), "1 мая 2026 г.", "май 2026 г."),
        ("es", ("USD 6,8 mil", "USD 68,2 M", "USD 6 820 M"), "1 may. 2026", "may. 2026"),
    ],
)
def test_money_and_dates_are_as_the_readers_write_them(
    code: str, amounts: tuple[str, ...], day: str, month: str
) -> None:
    def shown(text: str) -> str:
        return " ".join(text.replace("\N{LEFT-TO-RIGHT MARK}", "").split())

    with speaking(code, catalogues.catalogue(code)):
        assert tuple(shown(numbers.money(n * 100)) for n in (6_820, 68_200_000, 6_820_000_000)) == amounts
        assert shown(numbers.day(date(2026, 5, 1))) == day
        assert shown(numbers.month(date(2026, 5, 1))) == month
        assert {unit: forms.keys() for unit, forms in live_words()["ago"].items()}.keys() == numbers.AGES.keys()


def test_scales_are_those_in_which_cldr_counts() -> None:
    for code in LANGUAGES:
        with speaking(code, catalogues.catalogue(code)):
            for dollars in (6_820, 68_200_000, 6_820_000_000):
                floor, _unit = numbers.unit_for(Decimal(dollars), "EUR")
                short = format_compact_decimal(dollars, locale=code, fraction_digits=3).replace(",", ".")
                number = re.match(r"[\d.]+", short)
                assert number is not None
                assert Decimal(number[0]) * floor == dollars, (code, short, floor)


def test_a_script_is_given_the_form_for_each_number_that_the_server_says() -> None:
    for code in LANGUAGES:
        category = Locale.parse(code).plural_form
        with speaking(code, catalogues.catalogue(code)):
            for _least, message in numbers.AGES.values():
                forms = by_category(message)
                for n in (0, 1, 2, 3, 10, 11, 21, 99, 100, 102):
                    assert forms[category(n)].replace("%s", str(n)) == ngettext(*message, n), (code, n)


TERMS = {
    "Pillar I": "支柱一",
    "Pillar II": "支柱二",
    "Pillar III": "支柱三",
    "Pillar IV": "支柱四",
    "Conditions conducive to the spread of terrorism": "消除有利于恐怖主义蔓延的条件",
    "Preventing and combating terrorism": "防止和打击恐怖主义",
    "Building States’ capacity and the role of the United Nations": "建设各国能力并加强联合国作用",
    "Human rights for all and the rule of law": "尊重人权和法治",
    "Outputs": "产出",
    "Outcomes": "成果",
    "Impact": "影响",
    "Baseline": "基线值",
    "Target": "目标",
    "Duplication": "重复工作",
    "May complement each other": "协同作用",
    "Gender marker": "性别平等标码",
    "gender marker": "性别平等标码",
    "Outcome and impact indicators": "成果和影响指标",
    "Human rights due diligence is not complete": "人权尽职",
    "On track": "按计划",
    "Accelerate": "需加速",
    "Limited": "进展有限",
    "Regressing": "倒退",
    "on track": "按计划",
    "accelerate": "需加速",
    "limited": "进展有限",
    "regressing": "倒退",
    "pillar IV": "支柱四",
}
"""Methodology §2.4, where the portal has the term: the wording of A/73/866."""


def test_chinese_has_the_terms_of_the_report() -> None:
    chinese = catalogues.catalogue("zh")
    assert {term: found for term, found in TERMS.items() if found not in chinese.gettext(term)} == {}
    with catalogues._file("zh").open("rb") as file:
        messages = [m for m in read_po(file, locale="zh") if m.id]
    other = {"性别标记", "性别平等标记", "里程碑", "加速推进", "退步", "人权尽责", "重叠工作"}
    assert [m.id for m in messages if any(word in str(m.string) for word in other)] == []


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
