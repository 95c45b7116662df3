"""Where reading begins when a partition is assigned."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from aiokafka import ConsumerRebalanceListener, TopicPartition

from runtime.access import SYSTEM
from runtime.db import TRANSIENT, Database
from runtime.delivery.offsets import Offsets

if TYPE_CHECKING:
    from runtime.delivery.consumer import Consumer


class SeekToTruth(ConsumerRebalanceListener):  # type: ignore[misc]
    """On assignment, go where PostgreSQL says: Kafka's commit may be behind or ahead."""

    def __init__(self, consumer: Consumer, database: Database, offsets: Offsets) -> None:
        self._consumer = consumer
        self._database = database
        self._offsets = offsets

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing to do: what is under way commits its own offsets, or finds itself overtaken."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Seek in each partition that was read before; waits for the database as long as it takes."""
        consumer = self._consumer
        known: dict[TopicPartition, int] = {}
        while assigned:
            try:
                async with self._database.transaction(SYSTEM) as tx:
                    known = await self._offsets.known(tx)
                break
            except TRANSIENT as error:
                consumer.healthy, consumer.failure = False, repr(error)
                await asyncio.sleep(0.5)
        for place, offset in known.items():
            if place in assigned:
                consumer.seek(place, offset)
        consumer.progress_at = time.monotonic()
