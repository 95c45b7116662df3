"""Pages as a browser without scripts gets them: whole, escaped, honest about what cannot be read now."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.support.gateway import NOW, Gateway, figure, message, project, receipt, someone
from tests.support.portfolio import HUB, everything
from tests.support.sources import ROOT

from contracts.alerts import AlertRaised
from contracts.portfolio import IndicatorDefined
from portal_gateway.domain.speech.language import speaking
from portal_gateway.web import render
from portal_gateway.web.catalogues import catalogue

WEB = ROOT / "services/portal-gateway/src/portal_gateway/web"


async def _page(gateway: Gateway, path: str, who: Any = None) -> httpx.Response:
    cookie = await gateway.signed_in(who or someone("secretariat", "reader"))
    headers = {"Cookie": f"plumbline_session={cookie}", "Accept": "text/html"}
    return await gateway.http.get(path, headers=headers)


async def test_what_others_wrote_is_text_and_never_markup(gateway: Gateway) -> None:
    evil = "<script>alert(1)</script>\"'&"
    await gateway.tell(
        project("XM-T-1", title={"en": evil}, description={"en": evil}, entity_name=evil),
        IndicatorDefined.model_validate(
            {"project_id": "XM-T-1", "indicator_id": evil, "result_id": evil, "result_type": "1", "measure": "1",
             "title": {"en": evil}, "unit": evil, "flags": [evil]}
        ),
        figure("project:XM-T-1", flags=[evil], cause={"event_id": "e", "type": evil, "project_id": evil}),
        message("m1", "reader", title=evil, body=evil, reason=evil, link="javascript:alert(1)"),
        receipt("S1", channel="file", file=evil, rules={evil: 1}, findings=[
            {"rule": evil, "severity": "error", "message": evil, "remedy": evil, "path": evil, "text": evil}
        ]),
    )  # fmt: skip
    for path in (
        "/projects/XM-T-1", "/projects", f"/projects?q={quote(evil)}", "/metrics/M4?scope=project:XM-T-1", "/inbox",
        "/receipts", "/receipts/S1", f"/nowhere/{quote(evil)}", f"/metrics/M4?scope={quote(evil)}",
        f"/inbox?q={quote(evil)}&of={quote(evil)}", f"/inbox/subscriptions?value={quote(evil)}",
    ):  # fmt: skip
        page = (await _page(gateway, path)).text
        assert "<script>alert" not in page, path
        assert "javascript:" not in page, path
        _Balanced().feed(page)


class _Balanced(HTMLParser):
    """Fails where a tag is closed that is not open: markup that broke out of its place."""

    _VOID = frozenset({"meta", "link", "input", "br", "path", "circle", "line", "rect", "use", "symbol"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs), (tag, attrs)
        if tag not in self._VOID or tag == "symbol":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag, tag


async def test_every_page_is_small_enough_for_a_slow_line(gateway: Gateway) -> None:
    """Before compression, which a line may not have; what leaves in truth is weighed in tests/browser."""
    await gateway.tell(*everything())
    style = len(render.static_files()["plumbline.css"][0])
    for path in ("/", "/metrics", "/metrics/M4?scope=pillar:P2", f"/projects/{quote(HUB, safe='')}", "/receipts/S-HUB"):
        assert len((await _page(gateway, path)).content) + style < 100_000, path


async def test_a_figure_shows_and_says_what_cannot_be_read_when_scoring_is_away(gateway: Gateway) -> None:
    await gateway.tell(figure())
    page = await _page(gateway, "/metrics/M4?scope=pillar:P2")
    assert page.status_code == httpx.codes.OK
    assert "64.9" in page.text
    assert "The scoring service does not answer." in page.text


async def test_a_figure_of_a_later_metric_is_shown_and_never_in_the_words_of_another(gateway: Gateway) -> None:
    """M5 has histograms by scale, and is no pace: nothing is said of it that is not true."""
    parts = {"histogram": {"6": {"4": 2, "5": 1}}, "evaluated": 3}
    await gateway.tell(figure("pillar:P2", 700_000, metric="M5", parts=parts), figure("pillar:P2"))
    for path in ("/metrics/M5?scope=pillar:P2", "/metrics"):
        page = await _page(gateway, path)
        assert page.status_code == httpx.codes.OK
    page = await _page(gateway, "/metrics/M5?scope=pillar:P2")
    assert "70.0" in page.text
    assert "on track" not in page.text


async def test_the_inbox_shows_its_messages_when_the_notifier_is_away(gateway: Gateway) -> None:
    await gateway.tell(message("m1", "reader"))
    assert "Pillar II moved" in (await _page(gateway, "/inbox")).text
    assert "The notifier service does not answer." in (await _page(gateway, "/inbox/subscriptions")).text


async def test_a_fault_is_a_page_for_people_and_a_document_for_programs(gateway: Gateway) -> None:
    page = await _page(gateway, "/projects/nowhere")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert "Nothing is here" in page.text
    document = await gateway.get("/projects/nowhere", "donor")  # no cookie: led to the sign-in
    assert document.status_code == httpx.codes.SEE_OTHER
    assert (await gateway.http.get("/nowhere")).headers["content-type"] == "application/problem+json"


async def test_one_project_that_moves_much_leaves_room_for_the_alerts_of_others(gateway: Gateway) -> None:
    await gateway.tell(project("XM-T-1"), project("XM-T-2"))
    await gateway.tell(*(_alert("XM-T-1", n) for n in range(8)), _alert("XM-T-2", 9))
    text = (await _page(gateway, "/")).text
    assert ("Off track 7" in text, "Off track 6" in text, "7 earlier alerts" in text) == (True, False, True)
    assert "Off track 9" in text


def _alert(project_id: str, n: int) -> AlertRaised:
    return AlertRaised.model_validate(
        {
            "alert_id": f"a{n}",
            "kind": "off-track",
            "scope": f"project:{project_id}",
            "project_id": project_id,
            "entity": "XM-T",
            "text": f"Off track {n}",
            "raised_at": NOW + timedelta(minutes=n),
        }
    )


async def test_a_page_shows_only_what_its_reader_may_see(gateway: Gateway) -> None:
    await gateway.tell(
        project("XM-A-1", entity="XM-A", title={"en": "Secret hub"}, classification="owner"),
        figure("project:XM-A-1", classification="owner", owner="XM-A"),
    )
    mine, theirs = someone("entity", "a", organisation="XM-A"), someone("donor", "d")
    for path in ("/", "/projects", "/projects?q=secret", "/projects/XM-A-1", "/metrics?kind=project"):
        assert ("Secret hub" in (await _page(gateway, path, mine)).text) == (path != "/"), path
        assert "Secret hub" not in (await _page(gateway, path, theirs)).text, path


async def test_static_files_may_be_kept_and_change_their_address(gateway: Gateway) -> None:
    style = re.search(r'href="(/static/[^"]+\.css)"', (await _page(gateway, "/")).text)
    assert style is not None
    answer = await gateway.http.get(style[1])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    old = await gateway.http.get("/static/another/live.js")
    assert old.headers["cache-control"] == "no-cache"
    assert (await gateway.http.get("/static/x/..%2f..%2fapp.py")).status_code == httpx.codes.NOT_FOUND


async def test_a_page_reads_from_the_right_where_its_language_does(gateway: Gateway) -> None:
    from tests.support.gateway import NOW

    from portal_gateway.api.pages.trends import Listed
    from portal_gateway.domain.drawing.map import bounds
    from portal_gateway.domain.view import figure as read

    data = figure().model_dump(mode="json") | {"seq": 1}
    more = {"now": NOW, "address": "", "chosen": {"metric": "M4", "kind": "pillar", "q": ""}, "kinds": {}, "next": None,
            "there": {}, "strength": {}, "exports": {}, "trends": Listed(), "bounds": bounds}  # fmt: skip
    left = render.page("metrics.html", figures=[read(data)], **more)
    with speaking("ar", catalogue("ar")):
        right = render.page("metrics.html", figures=[read(data)], **more)
    assert 'dir="ltr"' in left
    assert 'dir="rtl"' in right
    assert 'x="49.58%"' in left
    assert 'x="50.41%"' in right


def test_the_stylesheet_knows_no_left_and_no_right() -> None:
    text = re.sub(r"/\*.*?\*/", "", (WEB / "static/plumbline.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    physical = re.findall(
        r"(?:margin|padding|border)-(?:left|right)|(?<![-\w])(?:left|right)\s*:|float:\s*(?:left|right)", text
    )
    assert physical == []
    assert set(re.findall(r"text-align:\s*([\w-]+)", text)) <= {
        "start",
        "end",
        "match-parent",
        "right",
    }  # right: digits, in both directions


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.html")), ids=lambda p: p.name)
def test_no_template_holds_a_script_a_style_or_a_foreign_address(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text)
    assert not re.search(r"(?:src|href)=\"https?:", text)
    # _() takes its text for markup, so it may only be given what stands in the template; said() is for the rest.
    assert not re.search(r"(?<!\w)n?_?(?:gettext|_)\((?![\"'])", text)
