"""Reading what a hostile producer wrote: header names that are not UTF-8.

The broker takes any bytes as a header's name. aiokafka decodes names while it unpacks a fetched batch, and its
iteration ends there; asked again, it fetches the same batch again, for ever: one record of one sender would
hold every partition of the group. So a batch that cannot be unpacked is read once more, by aiokafka's reader in
Python, with a replacement character in place of each such byte; ``decode`` refuses the record by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy


class _Text(bytearray):
    """A buffer whose slices decode whatever they hold."""

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return _Text(found) if isinstance(key, slice) else found

    def decode(self, *_: str) -> str:
        return super().decode("utf-8", "replace")


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _buffer: Any

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Text(self._buffer)


class _LenientRecords(_MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self, *_: int) -> Any:
        batch = _Batch(self._next_slice)
        self._cache_next()
        return batch


class _KeptRecords(MemoryRecords):  # type: ignore[misc]
    """What was fetched, with its bytes, so that it can be read again."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    _records: Any

    def _unpack_records(self) -> Iterator[Any]:
        try:
            yield from super()._unpack_records()
        except (UnicodeDecodeError, CorruptRecordException):
            # What was handed out already lies before ``next_fetch_offset`` and is passed over.
            self._records = _LenientRecords(self._records.data)
            yield from super()._unpack_records()


def install() -> None:
    """Have aiokafka's consumers read so; idempotent."""
    fetcher.MemoryRecords = _KeptRecords
    fetcher.PartitionRecords = _PartitionRecords
