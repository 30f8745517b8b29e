"""The one module that makes DuckDB connections, so that all of them have the same limits and the same locks.

No extension is ever installed or loaded by itself, and a session sees only the directories it was given. Instants are
UTC. Peculiarities of DuckDB's Python API stay in here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

__all__ = [
    "BEYOND",
    "Connection",
    "EngineError",
    "Interrupted",
    "OutOfMemory",
    "connect",
    "identifier",
    "is_one_select",
    "literal",
    "literals",
    "one",
    "rows",
    "side_door",
]

Connection: TypeAlias = duckdb.DuckDBPyConnection
EngineError = duckdb.Error
Interrupted = duckdb.InterruptException
OutOfMemory = duckdb.OutOfMemoryException  # or out of disk to spill to
BEYOND: dict[type[Exception], str] = {OutOfMemory: "too-large", Interrupted: "too-slow"}  # what they say of a file

_CLOSED = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,  # a name in a statement is never a variable of ours
}


@contextmanager
def connect(
    *,
    memory_mb: int,
    threads: int,
    temp: Path | None = None,
    directories: Sequence[Path] = (),
    ordered: bool = False,
    seconds: float = threading.TIMEOUT_MAX,
) -> Iterator[Connection]:
    """A connection of its own database in memory, closed at the end.

    Memory above `memory_mb` is spilled to `temp`; without `temp` a statement that needs more fails. Only files under
    `directories` can be read or written. `ordered` keeps rows in the order of their files, which costs memory.
    A statement that still runs after `seconds` raises Interrupted.
    """
    config: dict[str, Any] = _CLOSED | {
        "memory_limit": f"{memory_mb}MB",
        "threads": threads,
        "preserve_insertion_order": ordered,
        "temp_directory": str(temp or ""),
    }
    con = duckdb.connect(config=config)
    ended = threading.Event()
    watch = threading.Thread(target=_interrupt, args=(con, seconds, ended), daemon=True)
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET allowed_directories = [{literals(f'{d}/' for d in directories)}]")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        if seconds < threading.TIMEOUT_MAX:
            watch.start()
        yield con
    finally:
        ended.set()
        if watch.is_alive():
            watch.join()
        con.close()


def _interrupt(con: Connection, seconds: float, ended: threading.Event) -> None:
    """Interrupts what runs after `seconds`, and whatever is begun later."""
    wait = seconds
    while not ended.wait(wait):
        con.interrupt()
        wait = 0.1


@cache
def _parser() -> Connection:
    return duckdb.connect(config={**_CLOSED, "threads": 1, "enable_external_access": False})


def is_one_select(sql: str) -> bool:
    """Whether DuckDB's own parser reads `sql` as one SELECT. Nothing is bound or run."""
    with _parser().cursor() as cursor:
        try:
            statements = cursor.extract_statements(sql)
        except duckdb.Error:
            return False
    return [statement.type for statement in statements] == [duckdb.StatementType.SELECT]


def rows(con: Connection, sql: str) -> list[tuple[Any, ...]]:
    """All rows of a statement."""
    found: list[tuple[Any, ...]] = con.execute(sql).fetchall()
    return found


def one(con: Connection, sql: str) -> tuple[Any, ...]:
    """The only row of a statement, such as an aggregate."""
    [row] = rows(con, sql)
    return row


@contextmanager
def side_door(con: Connection, name: str, take: Callable[..., Any], arguments: Sequence[str]) -> Iterator[None]:
    """Lets SQL hand rows to Python while a statement runs: `name(...)` gives `take` columns of at most 2,048 values.

    `take` gets a pyarrow ChunkedArray for each of `arguments` (DuckDB types) and answers a boolean one. Several threads
    may be in it at once. DuckDB evaluates a branch of CASE only for the rows that come to it, so
    `CASE WHEN bad THEN door(...) ELSE true END` costs nothing where there are none.
    """
    con.create_function(
        name, take, list(arguments), "BOOLEAN", type="arrow", side_effects=True, null_handling="special"
    )
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            con.remove_function(name)


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as an SQL literal; text for everything but numbers, booleans and NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def literals(values: Any) -> str:
    """Values as a comma-separated list of literals."""
    return ", ".join(literal(value) for value in values)
