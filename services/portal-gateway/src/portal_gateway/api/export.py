"""Projects as a file: exactly those that the list shows at the same address, in its order, to the same reader."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Protocol

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from portal_gateway.api.caller import Api, Caller
from portal_gateway.api.finding import PARAMETERS, REFUSED, search_of, wish_of
from portal_gateway.api.pages import filters
from portal_gateway.domain.export.about import About
from portal_gateway.domain.export.columns import COLUMNS, METRICS, Row
from portal_gateway.domain.export.iati import Activities
from portal_gateway.domain.export.texts import Csv, Document
from portal_gateway.domain.export.texts import project as as_told
from portal_gateway.domain.export.workbook import MOST, Workbook
from portal_gateway.domain.search.wish import Wish
from portal_gateway.domain.speech.language import _
from portal_gateway.domain.withheld import as_shown
from portal_gateway.searching import Found
from portal_gateway.settings import Settings
from portal_gateway.store import export as store
from portal_gateway.store import figures, projects
from runtime.access import Principal
from runtime.db import Database
from runtime.http import Problem

Form = Literal["csv", "xlsx", "json", "xml"]

AT_ONCE: Final = 4
"""Files made at once by one process: each holds a connection, and pages must find some free."""

EACH: Final = 2
"""Of these for one person: nobody who reads slowly keeps the others from theirs."""

_EVERY: Final = 10_000_000
_TOGETHER: Final = 500  # projects read at once
_WHOLE_TOGETHER: Final = 50  # with their indicators and values
_PIECE: Final = 256 * 1024
KINDS: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "xml": "application/xml",
}

router = APIRouter(prefix="/api/v1", responses=REFUSED)


class Slots:
    """Who has a file under way in this process."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    @contextmanager
    def held(self, subject: str) -> Iterator[None]:
        """A place for one file. Raises Problem 503 where none is left."""
        if len(self.taken) >= AT_ONCE or self.taken.count(subject) >= EACH:
            raise Problem(
                503,
                "exports-busy",
                _("Other files are being made"),
                _(
                    "At most %(most)s are made at once, %(each)s for one person. Try again in a moment.",
                    most=AT_ONCE,
                    each=EACH,
                ),
                headers={"Retry-After": "10"},
            )
        self.taken.append(subject)
        try:
            yield
        finally:
            self.taken.remove(subject)


class Text(Protocol):
    """A file that is written from its first byte to its last."""

    def begin(self, about: About) -> bytes:
        """The opening."""

    def part(self, rows: Sequence[Row]) -> bytes:
        """Some projects."""

    def end(self, count: int) -> bytes:
        """The closing, after so many projects."""


class Sent(StreamingResponse):
    """A stream whose source is closed with it: a reader who goes away leaves no transaction behind."""

    async def stream_response(self, send: Send) -> None:
        """Send every part."""
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(send)


@router.get(
    "/projects/export.{form}",
    tags=["projects"],
    openapi_extra={"parameters": PARAMETERS},
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {kind.partition(";")[0]: {"schema": {}} for kind in KINDS.values()},
        },
        404: {"description": "Nothing that IATI can say"},
    },
)
async def export_projects(request: Request, who: Api, form: Form) -> Response:
    """Every project of the list with its figures, as CSV, XLSX, JSON, or IATI 2.03 XML, streamed.

    One consistent reading under the caller's rights. The file says its filter, instant, licence and method.
    """
    return await answer(request, who, form)


async def answer(request: Request, who: Caller, form: Form) -> Response:
    """The file of the wish in the address."""
    wish = wish_of(request)
    found = await search_of(request).find(who.principal, wish, limit=_EVERY, counted=False)
    if form == "xlsx":
        file = await _workbook(request, who, wish, found)
        headers = _headers(request, "projects", form)
        headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
        return Sent(_pieces(file), media_type=KINDS[form], headers=headers)
    return await sent(request, _parts(request, who, wish, found, form), "projects", form)


async def sent(request: Request, parts: AsyncGenerator[bytes, None], records: str, form: str) -> Response:
    """A file as its parts are made; what cannot be begun is still a problem document."""
    first = await anext(parts)
    return Sent(_after(first, parts), media_type=KINDS[form], headers=_headers(request, records, form))


def _headers(request: Request, records: str, form: str) -> dict[str, str]:
    name = f"plumbline-{records}-{request.app.state.database.clock():%Y-%m-%d}.{form}"
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def read_as(principal: Principal) -> str:
    """Whose rights decided what is in a file."""
    return " ".join(part for part in (principal.role, principal.organisation, principal.country) if part)


async def _parts(request: Request, who: Caller, wish: Wish, found: Found, form: Form) -> AsyncGenerator[bytes, None]:
    """The bytes of a text as they are made; none is empty."""
    writer: Text = Activities() if form == "xml" else Document("projects", as_told) if form == "json" else Csv(COLUMNS)
    async with aclosing(_rows(request, who, wish, found, whole=form == "xml")) as rows:
        begun, count = False, 0
        async for about, some in rows:
            if not begun:
                begun = True
                if opening := writer.begin(about):
                    yield opening
            count += len(some)
            if part := await asyncio.to_thread(writer.part, some):
                yield part
    if isinstance(writer, Activities) and writer.empty:
        raise Problem(
            404,
            "nothing-to-export",
            _("There is nothing that IATI can say"),
            _("A file of IATI holds one activity at least, and each has a date. Choose another filter, or CSV."),
        )
    yield writer.end(count)


async def _workbook(request: Request, who: Caller, wish: Wish, found: Found) -> BinaryIO:
    """The workbook, open for reading; it has no name any more, so that nothing stays behind."""
    if found.total > MOST:
        raise Problem(
            400,
            "too-many-rows",
            _("A sheet has no room for so many rows"),
            _("It has room for %(most)s. Choose CSV.", most=MOST),
        )
    with tempfile.TemporaryDirectory(prefix="plumbline-export-") as folder:
        path = Path(folder) / "projects.xlsx"
        book, begun = Workbook(path), False
        async with aclosing(_rows(request, who, wish, found)) as rows:
            async for about, some in rows:
                if not begun:
                    begun = True
                    book.begin(about)
                await asyncio.to_thread(book.part, some)
        await asyncio.to_thread(book.end)
        return path.open("rb")


async def _rows(
    request: Request, who: Caller, wish: Wish, found: Found, *, whole: bool = False
) -> AsyncGenerator[tuple[About, list[Row]], None]:
    """What the file says of itself, with no rows first, then with some each time: all of one snapshot."""
    database: Database = request.app.state.database
    slots: Slots = request.app.state.exporting
    with slots.held(who.principal.subject):
        async with database.transaction(who.principal, snapshot=True) as tx:
            about = await _about(request, tx.conn, who, wish, found)
            yield about, []
            size = _WHOLE_TOGETHER if whole else _TOGETHER
            for start in range(0, len(found.ids), size):
                yield about, await _some(tx.conn, found.ids[start : start + size], whole=whole)


async def _some(conn: Any, ids: Sequence[str], *, whole: bool) -> list[Row]:
    states = await projects.several(conn, ids)
    told = await figures.several(conn, [(metric, f"project:{id_}") for id_ in ids for metric in METRICS])
    own: dict[str, dict[str, Any]] = {}
    for (metric, scope), figure in told.items():
        own.setdefault(scope, {})[metric] = figure
    indicators = await store.indicators(conn, ids) if whole else {}
    budgets = await store.budgets(conn, ids) if whole else {}
    return [
        Row(
            project=state,
            figures=own.get(f"project:{state['project_id']}", {}),
            indicators=as_shown(indicators.get(state["project_id"], [])),
            budgets=budgets.get(state["project_id"], []),
        )
        for state in states
    ]


async def _about(request: Request, conn: Any, who: Caller, wish: Wish, found: Found) -> About:
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    titles = dict(await projects.titles(conn, projects=[], entities=wish.of("entity"), indicators=[]))
    words = [_("Words: %(q)s", q=found.searched or wish.q)] if wish.q else []
    words += [text for text, _without in filters.chips(wish, titles)]
    overall = await figures.one(conn, "M4", "global")
    return About(
        as_of=database.clock(),
        revision=await store.revision(conn),
        method_version=overall["method_version"] if overall else None,
        filter="; ".join(words) or _("All projects"),
        order=wish.order,
        address=settings.gateway_url.rstrip("/") + wish.changed(view="table").address(),
        read_as=read_as(who.principal),
        number=found.total,
    )


async def _after(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for part in rest:
            yield part


async def _pieces(file: BinaryIO) -> AsyncGenerator[bytes, None]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
