"""Streams a portfolio into files: ``DIR/edition-1/XM-DEMO-1/XM-DEMO-1-0001.xml`` and on.

What IATI has no place for stands beside them, as of the last edition: ``DIR/judgements/XM-DEMO-1.ndjson``.

Later editions write the same files again with what has changed since. A file is written beside its name and
takes it when it is whole, so that nobody imports half a file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from plumbline.generate import iati
from plumbline.generate.judgements import JudgementFiles
from plumbline.generate.portfolio import Portfolio
from plumbline.generate.vocabulary import Entity

ACTIVITIES_PER_FILE = 1000
"""A file of some eight megabytes: publishers' files are of that size, and any import takes them."""
_UNFINISHED = ".part"
_REPORT_EVERY = 200


@dataclass(slots=True)
class Written:
    """What a run wrote: files, bytes and activities of all editions; the rest as the last edition has it."""

    projects: int = 0
    editions: int = 0
    files: int = 0
    bytes: int = 0
    activities: int = 0
    indicators: int = 0
    observations: int = 0
    judgements: int = 0


class EntityFiles:
    """The files of one entity in one edition, one open at a time."""

    def __init__(self, folder: Path, entity: Entity, edition: int, written: Written) -> None:
        self._folder, self._entity, self._edition, self._written = folder / entity.ref, entity, edition, written
        self._number = self._held = 0
        self._stream: BinaryIO | None = None

    def write(self, activity: str) -> None:
        """Append an activity, in the next file where this one is full."""
        if self._held == ACTIVITIES_PER_FILE:
            self.close()
        stream = self._stream or self._open()
        self._written.bytes += stream.write(activity.encode())
        self._held += 1

    def close(self) -> None:
        """Finish the open file, if there is one, and give it its name."""
        stream = self._stream
        if stream is None:
            return
        self._written.bytes += stream.write(iati.FOOTER.encode())
        self.abandon()
        self._path.with_suffix(_UNFINISHED).rename(self._path)
        self._written.files += 1

    def abandon(self) -> None:
        """Let go of the open file as it is."""
        stream, self._stream, self._held = self._stream, None, 0
        if stream is not None:
            stream.close()

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._entity.ref}-{self._number:04d}.xml"

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number += 1
        stream = self._path.with_suffix(_UNFINISHED).open("wb", buffering=1 << 18)
        self._stream = stream
        self._written.bytes += stream.write(iati.header(self._edition).encode())
        return stream


def write_portfolio(
    out: Path, *, projects: int, seed: int, editions: int = 1, progress: Callable[[int], None] = lambda done: None
) -> Written:
    """Write every edition of a portfolio below ``out``; ``progress`` hears how many activities are done.

    Raises OSError where the disk is full or not writable; the unfinished file then ends in ``.part``.
    """
    portfolio = Portfolio(seed)
    written = Written(projects=portfolio.size(projects, editions), editions=editions)
    for edition in range(1, editions + 1):
        _write_edition(out / f"edition-{edition}", portfolio, edition, projects, written, progress)
    return written


def _write_edition(
    folder: Path, portfolio: Portfolio, edition: int, projects: int, written: Written, progress: Callable[[int], None]
) -> None:
    files = {e.ref: EntityFiles(folder, e, edition, written) for e in portfolio.words.entities.items}
    last = edition == written.editions
    judgements = JudgementFiles(folder.parent, portfolio)
    try:
        for index in range(portfolio.size(projects, edition)):
            project = portfolio.project(index, edition)
            files[project.entity.ref].write(iati.activity(project))
            written.activities += 1
            if last:
                written.indicators += len(project.indicators())
                written.observations += project.observations()
                judgements.write(index, project)
            if written.activities % _REPORT_EVERY == 0:
                progress(written.activities)
        for each in files.values():
            each.close()
        if last:
            judgements.close()
            written.judgements = judgements.count
    except BaseException:
        # A full disk fails again on closing; the first error is the one to tell.
        for each in files.values():
            with suppress(OSError):
                each.abandon()
        with suppress(OSError):
            judgements.abandon()
        raise
    progress(written.activities)
