"""The sums everybody must come to: worked out from the events themselves, and read from what was published."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import orjson
from confluent_kafka import Consumer, TopicPartition

from bench import lab
from contracts.envelope import Envelope
from plumbline.stack import Stack

Sums = dict[str, list[int]]
"""Count and sum in hundredths by key."""


def expected(events: Iterable[tuple[str, Envelope]]) -> Sums:
    """The five sums of each event, by exact decimals and without a hurry."""
    found: Sums = {}
    for _, event in events:
        data = orjson.loads(event.data)
        value = int(Decimal(data["value"]) * 100)
        for key in (
            f"indicator:{data['project_id']}|{data['indicator_id']}",
            f"project:{data['project_id']}",
            f"entity:{event.source}",
            f"entity-year:{event.source}|{data['period']['start'][:4]}",
            f"source:{data['source_type']}",
        ):
            known = found.setdefault(key, [0, 0])
            known[0] += 1
            known[1] += value
    return found


def said(stack: Stack, topic: str) -> tuple[Sums, list[int]]:
    """The last sums published of each key, and when each message was appended (ms), in order.

    Peers keep a sum a partition, which are added up here. Only what was committed is read. A sum's count rises with
    every event: the largest is the last.
    """
    reader = Consumer(
        {
            **lab.kafka_client(stack),
            "group.id": f"bench-reads-{topic}",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    places = [TopicPartition(topic, p, 0) for p in reader.list_topics(topic, timeout=10).topics[topic].partitions]
    reader.assign(places)
    parts: dict[str, tuple[int, int]] = {}
    stamps: list[int] = []
    ended: set[int] = set()
    while len(ended) < len(places):
        for message in reader.consume(2000, timeout=1):
            if message.error():
                ended.add(_partition(message))
                continue
            stamps.append(message.timestamp()[1])
            for key, count, total in orjson.loads(message.value()):
                if count > parts.get(key, (0, 0))[0]:
                    parts[key] = count, total
    reader.close()
    found: Sums = {}
    for key, (count, total) in parts.items():
        known = found.setdefault(key.partition("/")[2], [0, 0])
        known[0] += count
        known[1] += total
    return found, sorted(stamps)


def _partition(message: Any) -> int:
    return int(message.partition())


def wrong(found: Sums, right: Sums) -> int:
    """How many keys have another sum than they should."""
    return sum(found.get(key) != right.get(key) for key in found.keys() | right.keys())
