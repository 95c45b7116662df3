"""How far a consumer has read: the rows in PostgreSQL, which alone count (ADR 0060)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from runtime import names, telemetry
from runtime.db import Tx

log = logging.getLogger(__name__)
_gaps = telemetry.meter.create_counter(names.GAPS, unit="{gap}")


class ReadAgainError(Exception):
    """Records are missing before the batch; the partition is to be read again from an offset."""

    def __init__(self, place: TopicPartition, offset: int) -> None:
        super().__init__(f"{place.topic}-{place.partition}@{offset}")
        self.place, self.offset = place, offset


class Offsets:
    """The next offset of each partition, for one consumer; ``compacted`` topics may have holes."""

    def __init__(self, consumer: str, compacted: Collection[str]) -> None:
        self._consumer = consumer
        self._compacted = frozenset(compacted)
        self._gap_at: dict[TopicPartition, int] = {}

    async def known(self, tx: Tx) -> dict[TopicPartition, int]:
        """Where to go on in each partition that was ever read."""
        rows = await tx.conn.fetch(
            "select topic, partition, next_offset from consumer_offset where consumer = $1",
            self._consumer,
        )
        return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    async def unseen(self, tx: Tx, raw: Sequence[Any]) -> list[Any]:
        """Lock the offset rows, in order, and drop what lies before them; advance them."""
        first: dict[tuple[str, int], int] = {}
        last: dict[tuple[str, int], int] = {}
        for r in raw:
            place = (r.topic, r.partition)
            first.setdefault(place, r.offset)
            last[place] = r.offset
        places = sorted(first)
        truth = await self._advance(tx, {place: last[place] + 1 for place in places})
        unknown = [place for place in places if place not in truth]
        if unknown:
            await tx.conn.execute(
                "insert into consumer_offset (consumer, topic, partition, next_offset)"
                " select $1, t, p, o from unnest($2::text[], $3::int[], $4::bigint[]) as x(t, p, o)"
                " order by t, p on conflict do nothing",
                self._consumer,
                *zip(*((*place, first[place]) for place in unknown), strict=True),
            )
            truth |= await self._advance(tx, {place: last[place] + 1 for place in unknown})
        for place in places:
            if first[place] > truth[place]:
                self._gap(TopicPartition(*place), truth[place], first[place])
        return [r for r in raw if r.offset >= truth[(r.topic, r.partition)]]

    async def _advance(self, tx: Tx, next_offsets: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
        """Lock the rows of these places, in order, and move them on; returns where each stood, if it has a row."""
        rows = await tx.conn.fetch(
            "with x as materialized (select * from unnest($2::text[], $3::int[], $4::bigint[]) as x(t, p, o)),"
            " held as materialized (select topic, partition, next_offset from consumer_offset where consumer = $1"
            " and (topic, partition) in (select t, p from x) order by topic, partition for update)"
            " update consumer_offset c set next_offset = greatest(held.next_offset, x.o) from held, x"
            " where c.consumer = $1 and c.topic = held.topic and c.partition = held.partition"
            " and x.t = held.topic and x.p = held.partition returning held.topic, held.partition, held.next_offset",
            self._consumer,
            *zip(*((*place, offset) for place, offset in next_offsets.items()), strict=True),
        )
        return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    def _gap(self, place: TopicPartition, expected: int, found: int) -> None:
        """A hole before the batch: go back for it once; if it is still there, retention or compaction made it."""
        if self._gap_at.get(place) == expected or place.topic in self._compacted:
            _gaps.add(1)
            log.warning(
                "%s: %s-%d has no offsets %d to %d",
                self._consumer,
                place.topic,
                place.partition,
                expected,
                found - 1,
            )
            return
        self._gap_at[place] = expected
        log.warning("%s: %s-%d: read %d, expected %d", self._consumer, place.topic, place.partition, found, expected)
        raise ReadAgainError(place, expected)
