"""A first-time reader meets names: of organisations, projects, findings and deeds, and codes only beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.gateway import Gateway, message, project, receipt, someone

from contracts.portfolio import IndicatorDefined
from portal_gateway.domain.account import ACTIONS

MINE = someone("entity", "focal", organisation="XM-T")
FOUND = {"rule": "iati:2.2.1", "severity": "warning", "message": "A code of the reporter's own list has no name.",
         "remedy": "Name the code in a narrative; nobody else knows your list."}  # fmt: skip


async def _text(gateway: Gateway, path: str, who: Any = MINE) -> str:
    cookie = await gateway.signed_in(who)
    return (await gateway.http.get(path, headers={"Cookie": f"plumbline_session={cookie}", "Accept": "text/html"})).text


async def test_a_receipt_says_once_what_many_findings_say_and_names_the_projects(gateway: Gateway) -> None:
    findings = [FOUND | {"line": line, "text": "02", "project_id": "XM-T-1"} for line in (34, 39)]
    findings += [
        FOUND | {"rule": "iati:2.1.2", "project_id": "XM-T-9", "message": f"The sectors add up to {n}.",
                 "remedy": "Make the percentages add up to 100."} for n in (80, 60)
    ]  # fmt: skip
    rules = {"iati:2.2.1": 131, "iati:2.1.2": 2}
    await gateway.tell(project("XM-T-1"), receipt("S1", channel="file", file="a.xml", rules=rules, findings=findings))
    page = await _text(gateway, "/receipts/S1")
    summary = "A code of the reporter&#39;s own list has no name.</span> · 131 findings</summary>"
    assert summary in page
    assert page.count("Name the code in a narrative") == 1
    assert "Showing 2 of 131." in page
    assert "Make the percentages add up to 100.</span> · 2 findings</summary>" in page  # what they say differs
    assert "add up to 80." in page and "add up to 60." in page
    assert page.count('<a href="/projects/XM-T-1"') == 2 and "/projects/XM-T-9" not in page  # held back: there is none
    assert '<a href="/entities/XM-T"><bdi>Office of Tests</bdi></a>' in page
    assert "<bdi>Office of Tests</bdi>" in await _text(gateway, "/receipts")


async def test_a_reader_is_led_to_the_page_that_is_theirs(gateway: Gateway) -> None:
    await gateway.tell(project("XM-T-1"))
    for path in ("/", "/account", "/projects/XM-T-1"):
        assert '<a href="/entities/XM-T"><bdi>Office of Tests</bdi></a>' in await _text(gateway, path), path
    state = someone("member-state", "moussa", country="ML")
    for path in ("/", "/account"):
        page = await _text(gateway, path, state)
        assert '<a href="/countries/ML">' in page and "Mali" in page, path
    assert "Your own page" not in await _text(gateway, "/", someone("donor", "dana"))


async def test_a_message_names_what_it_is_about(gateway: Gateway) -> None:
    wish = {"message": "the receipts of %(entity)s", "values": {"entity": "XM-T"}}
    said = {
        "title": {"message": "%(metric)s, %(scope)s: %(value)s",
                  "values": {"metric": "M11", "scope": {"area": "ML"}, "value": {"message": "withheld", "values": {}}}},
        "reason": {"message": "You asked for %(wish)s.", "values": {"wish": wish}},
        "body": {"message": "About %(scope)s.", "values": {"scope": {
            "message": "indicator %(indicator)s of project %(project)s",
            "values": {"indicator": "I1", "project": "XM-T-1"},
        }}},
    }  # fmt: skip
    trained = IndicatorDefined(
        project_id="XM-T-1", indicator_id="I1", result_id="R", result_type="1", measure="1", title={"en": "Trained"}
    )
    await gateway.tell(project("XM-T-1", title={"en": "Borders"}), trained, message("m1", "focal", said=said))
    page = await _text(gateway, "/inbox")
    assert "Funding, Mali: withheld" in page
    assert "About indicator \u2068Trained\u2069 of project \u2068Borders\u2069." in page
    assert "You asked for the receipts of \u2068Office of Tests\u2069." in page


async def test_every_command_of_the_portal_has_words_in_the_log_of_deeds(gateway: Gateway) -> None:
    """``POST /login`` is no deed of a person yet: signing in is told when it is done."""
    commands = {door for door in _doors(gateway.service.app.routes) if not door.startswith(("GET ", "HEAD "))}
    assert commands - ACTIONS.keys() == {"POST /login"}


def _doors(routes: Any) -> Iterator[str]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _doors(route.original_router.routes)
        else:
            yield from (f"{method} {route.path}" for method in getattr(route, "methods", None) or ())
