"""One statement over Arrow tables in a DuckDB that can reach nothing else, and what its errors mean to the author."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

import duckdb
import pyarrow as pa

from datamesh.engine import duck
from datamesh.errors import DatameshError, InfrastructureError, StatementRejected

__all__ = ["Interrupted", "query"]

Interrupting = Callable[[Callable[[], None]], AbstractContextManager[None]]


class Interrupted(Exception):
    """Raised when a statement was interrupted."""


def query(
    sql: str,
    tables: Mapping[str, pa.Table],
    *,
    memory_mb: int,
    threads: int,
    interrupting: Interrupting,
    parameters: Mapping[str, str] = MappingProxyType({}),
) -> pa.Table:
    """The result of `sql` over `tables` by name: in the statement's order, else in that of the tables' rows.

    `parameters` are the values of what `sql` calls `$name`.
    `interrupting` is given the function that ends the statement, and is entered while it runs.
    Raises StatementRejected (memory, engine, value), Interrupted, or InfrastructureError.
    """
    with duck.connect(memory_mb=memory_mb, threads=threads, ordered=True) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        try:
            with duck.ending(connection) as interrupt, interrupting(interrupt):
                return connection.sql(sql, params=dict(parameters) or None).to_arrow_table()
        except duckdb.InterruptException as error:
            raise Interrupted from error
        except duckdb.Error as error:
            raise _explained(error) from error


def _explained(error: duckdb.Error) -> DatameshError:
    """Only what DuckDB says of the statement is passed on; what it says of values is not."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return StatementRejected("the statement needs more memory than it may have", rule="memory")
    if isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException):
        said = str(error).partition("\n")[0]
        return StatementRejected(said, rule="engine", hint="Check the types of what is compared and computed.")
    if isinstance(error, duckdb.DataError | duckdb.ProgrammingError | duckdb.NotSupportedError):
        return StatementRejected(
            "a value could not be converted or computed", rule="value", hint="TRY_CAST gives NULL where CAST fails."
        )
    return InfrastructureError(f"DuckDB failed: {type(error).__name__}")
