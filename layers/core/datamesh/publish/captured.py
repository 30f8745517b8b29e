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

ARGUMENTS = ("VARCHAR", "BIGINT", "INTEGER[]", "BOOLEAN", "VARCHAR[]")
_FLUSH_ROWS = 20_000
_SCHEMA = pa.schema(
    {"file": pa.string(), "n": pa.int64(), "broken": pa.list_(pa.int32()), "original": pa.list_(pa.string())}
)


class Captured:
    """Counts the rows that broke each rule (`hits`) and keeps the bad ones (`rows` of them) in a Parquet at `path`.

    Rows that only broke warnings are counted and let pass.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hits: Counter[int] = Counter()
        self.rows = 0
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self._writer: pq.ParquetWriter | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._flush()
        if self._writer:
            self._writer.close()

    def take(self, file: Any, n: Any, broken: Any, bad: Any, original: Any) -> Any:
        """The door itself: a batch of rows in, true for those that are published all the same."""
        numbers = pc.value_counts(pc.drop_null(pc.list_flatten(broken)))
        kept = pa.table([file, n, broken, original], schema=_SCHEMA).filter(bad)
        with self._lock:
            for number in numbers:
                self.hits[number["values"].as_py()] += number["counts"].as_py()
            self._keep(kept)
        return pc.invert(bad)

    def _keep(self, kept: pa.Table) -> None:
        if kept.num_rows:
            self._waiting.append(kept)
            self._waiting_rows += kept.num_rows
            self.rows += kept.num_rows
        if self._waiting_rows >= _FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, _SCHEMA, compression="zstd")
        self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting, self._waiting_rows = [], 0
