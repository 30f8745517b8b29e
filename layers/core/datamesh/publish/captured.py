"""What leaves a staging pass by its side door: rows that broke a rule, while the good ones are being written."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["ARGUMENTS", "Captured"]

ARGUMENTS = ("VARCHAR", "BIGINT", "BOOLEAN[]", "BOOLEAN", "VARCHAR[]")
_FLUSH_ROWS = 20_000
_SCHEMA = pa.schema(
    {"file": pa.string(), "n": pa.int64(), "broken": pa.list_(pa.bool_()), "original": pa.list_(pa.string())}
)


class Captured:
    """Counts the rows that broke each of `rules` rules (`hits`) and keeps the bad ones (`rows` of them) at `path`.

    Both are complete once it is left. Rows that only broke warnings are counted and let pass.
    """

    def __init__(self, path: Path, *, rules: int) -> None:
        self.path = path
        self.hits = Counter(dict.fromkeys(range(rules), 0))
        self.rows = 0
        self._broken: list[Any] = []
        self._bad: list[Any] = []
        self._waiting = 0
        self._writer: pq.ParquetWriter | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._flush()
        if self._writer:
            self._writer.close()

    def take(self, file: Any, n: Any, broken: Any, bad: Any, original: Any) -> Any:
        """The door itself: a batch of rows in, true for those that are published all the same.

        It is called for each 2,048 rows that are read, so it does no more than it must.
        """
        kept = pa.table([file, n, broken, original], schema=_SCHEMA).filter(bad) if pc.any(bad).as_py() else None
        with self._lock:
            self._broken += broken.chunks
            self._waiting += len(broken)
            if kept is not None:
                self._bad.append(kept)
                self.rows += kept.num_rows
            if self._waiting >= _FLUSH_ROWS:
                self._flush()
        return pc.invert(bad)

    def _flush(self) -> None:
        # What came in hundreds of small pieces is put together first: to count or to write each would take seconds.
        if self._broken:
            flags = pa.concat_arrays(self._broken).flatten().to_numpy(zero_copy_only=False)
            for number, count in enumerate(flags.reshape(-1, len(self.hits)).sum(axis=0).tolist()):
                self.hits[number] += count
        if self._bad and self._writer is None:
            self._writer = pq.ParquetWriter(self.path, _SCHEMA, compression="zstd")
        if self._bad and self._writer:
            self._writer.write_table(pa.concat_tables(self._bad).combine_chunks())
        self._broken, self._bad, self._waiting = [], [], 0
