"""The list of figures as a file: the same figures as the page, to the same reader, harmless, with their doubt."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import httpx
from tests.support.gateway import Gateway, figure, project, someone

from portal_gateway.domain.export.figures import COLUMNS
from runtime.access import Principal

READERS = (
    someone("donor"),
    someone("secretariat"),
    someone("member-state", country="ML"),
    Principal(subject="a", role="entity", organisation="XM-A"),
)


async def _figures(gateway: Gateway) -> None:
    """Countries: one known, one provisional, one of which too little is known, one that is withheld from the public;
    projects of every class."""
    kept = {"classification": "compact", "withheld": "small-cell", "flags": ["SMALL_CELL"], "projects": 2}
    await gateway.tell(
        figure("country:ML", 649_007, flags=["PILLAR_INFERRED"], inferred_ppm=380_000, previous=600_000),
        figure("country:ML", 710_000, metric="M3"),
        figure("country:NE", 500_000, state="PROVISIONAL", demonstration=True),
        figure("country:TD", None, lower=100_000, upper=900_000),
        figure("country:BF", 123_456, **kept),
        figure("global", 601_000),
    )
    for n, class_ in enumerate(("public", "member-states", "compact", "owner", "state:ML")):
        name = f"XM-{n}"
        await gateway.tell(
            project(name, entity="XM-A", classification=class_, title={"en": f"=Project {n}"}),
            figure(f"project:{name}", 10_000 * n, classification=class_, owner="XM-A"),
        )


def _table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_a_file_holds_what_the_list_shows_to_each_reader(gateway: Gateway) -> None:
    await _figures(gateway)
    seen = set()
    for who in READERS:
        headers = {"Cookie": f"plumbline_session={await gateway.signed_in(who)}"}
        for query in (
            "metric=M4&kind=country",
            "metric=M4&kind=project",
            "metric=M4&kind=country&q=mali",
            "kind=region",
        ):
            page = (await gateway.http.get(f"/metrics?{query}", headers=headers)).text
            shown = [html.unescape(key) for key in re.findall(r'<tr role="row" data-k="M4\|([^"]+)"', page)]
            links = [html.unescape(link) for link in re.findall(r'href="(/metrics/export\.[^"]+)" download', page)]
            assert len(links) == (2 if shown else 0)
            table = _table(await gateway.http.get(f"/metrics/export.csv?{query}", headers=headers))
            assert [row["scope"] for row in table] == shown
            document = (await gateway.http.get(f"/api/v1/metrics/export.json?{query}", headers=headers)).json()
            assert [item["scope"] for item in document["figures"]] == shown
            assert document["count"] == document["meta"]["figures"] == len(shown)
            seen.add((query, tuple(shown)))
            for link in links:
                assert (await gateway.http.get(link, headers=headers)).is_success
    assert len(seen) > 6  # readers differ


async def test_a_row_says_value_interval_state_coverage_evidence_age_and_why(gateway: Gateway) -> None:
    await _figures(gateway)
    answer = await gateway.get("/api/v1/metrics/export.csv?metric=M4&kind=country", "donor")
    assert answer.headers["content-disposition"].startswith('attachment; filename="plumbline-figures-20')
    assert answer.headers["cache-control"] == "no-store"
    rows = {row["scope"]: row for row in _table(answer)}
    mali = rows["country:ML"]
    assert (mali["name"], mali["value_percent"], mali["lower_percent"]) == ("Mali", "64.9007", "49.5826")
    assert (mali["coverage_percent"], mali["evidence_percent"], mali["before_percent"]) == ("76.4", "71.0", "60.0")
    assert (mali["flags"], mali["pillars_inferred_percent"], mali["state"]) == ("PILLAR_INFERRED", "38.0", "PUBLISHED")
    assert mali["why"].endswith("/metrics/M4?scope=country:ML")
    assert mali["filter"] == "Project effectiveness (M4); Countries"
    assert mali["address"].endswith("/metrics?metric=M4&kind=country")
    assert (mali["method_version"], mali["updated_at"]) == ("1.0.0", "2026-09-14T09:15:27Z")
    assert rows["country:NE"]["licence"] == "CC BY 4.0 (demonstration)"
    unknown = rows["country:TD"]
    assert (unknown["value_percent"], unknown["upper_percent"], unknown["state"]) == ("", "90.0", "INSUFFICIENT_DATA")
    kept = rows["country:BF"]
    assert (kept["withheld"], kept["value_percent"], kept["projects"]) == ("small-cell", "", "")
    projects = _table(await gateway.get("/api/v1/metrics/export.csv?metric=M4&kind=project", "donor"))
    assert [row["name"] for row in projects] == ["'=Project 0"]  # no formula


async def test_what_cannot_be_asked_is_refused_and_what_can_is_described(gateway: Gateway) -> None:
    for path in ("export.csv?metric=Mx", "export.xlsx", "export.pdf"):
        assert (await gateway.get(f"/api/v1/metrics/{path}", "donor")).is_client_error
    document: dict[str, Any] = (await gateway.http.get("/openapi.json")).json()
    described = document["paths"]["/api/v1/metrics/export.{form}"]["get"]
    assert {p["name"] for p in described["parameters"]} == {"form", "metric", "kind", "q"}
    assert set(described["responses"]["200"]["content"]) == {"text/csv", "application/json"}
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
