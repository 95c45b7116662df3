"""Events in: the one delivery pattern, used by every consumer (architecture §3).

Kafka hands over a batch; one PostgreSQL transaction locks the partitions' offset rows, drops what was
seen (``offsets``), reads the rest (``reading``), lets the service apply it, quarantines what can never be
accepted (``quarantine``), writes what the service says to the outbox, and advances the offsets. Kafka's own
commit afterwards only shows lag; a partition that is assigned is read from where PostgreSQL says (``seeking``).
A fault of the moment holds the partition and is tried again (``consumer``); nothing is ever skipped because of it.
"""

from runtime import lenient
from runtime.delivery.consumer import Consumer
from runtime.delivery.record import Handle, OnReject, Record

__all__ = ["Consumer", "Handle", "OnReject", "Record"]

lenient.install()
