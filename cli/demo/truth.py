"""What is true of the example data, by SQL written by hand over the source files. It knows nothing of contracts.

The conditions beside the files are those that the example contracts call errors: their rows go to quarantine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

__all__ = ["ROWS", "Truth", "same_rows"]

ROWS: Mapping[str, int] = {
    "operations.flights": 336_776,
    "fleet.planes": 3_322,
    "network.airports": 1_458,
    "network.airlines": 16,
    "weather.observations": 26_115,
}
_BROKEN: Mapping[str, str] = {
    "fleet.planes": "seats NOT BETWEEN 20 AND 900",
    "network.airports": "tz NOT BETWEEN -11 AND -4 OR lat NOT BETWEEN -15 AND 71.5",
    "weather.observations": "wind_speed NOT BETWEEN 0 AND 250",
}
_TOLERANCE = 1e-9  # of an average, whose rows are added up in another order

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Truth:
    """The source files in a database: `whole.<product>` has all their rows, `<domain>.<product>` the sound ones."""

    connection: duckdb.DuckDBPyConnection

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> Truth:
        connection = duckdb.connect()
        connection.execute("CREATE SCHEMA whole")
        for product, path in files.items():
            domain, _, name = product.partition(".")
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {domain}")
            connection.execute(
                f"CREATE TABLE whole.{name} AS SELECT * FROM read_csv(?, header=true, nullstr='NA', sample_size=-1)",
                [str(path)],
            )
            sound = f"(({_BROKEN[product]}) IS NOT TRUE)" if product in _BROKEN else "true"
            connection.execute(f"CREATE VIEW {product} AS SELECT * FROM whole.{name} WHERE {sound}")
        return cls(connection)

    def rows(self, sql: str) -> Rows:
        return [list(row) for row in self.connection.execute(sql).fetchall()]

    def counts(self, product: str) -> tuple[int, int]:
        """Rows in the file, and rows of it that are sound."""
        [[whole, sound]] = self.rows(
            f"SELECT (SELECT count(*) FROM whole.{product.partition('.')[2]}), (SELECT count(*) FROM {product})"
        )
        return whole, sound


def same_rows(found: Rows, true: Rows, *, ordered: bool = True) -> bool:
    """Whether two results hold the same values, in the same order if that matters."""
    if not ordered:
        found, true = sorted(found, key=str), sorted(true, key=str)
    return len(found) == len(true) and all(
        len(ours) == len(theirs) and all(_same(a, b) for a, b in zip(ours, theirs, strict=True))
        for ours, theirs in zip(found, true, strict=True)
    )


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=_TOLERANCE)
    return bool(ours == theirs)
