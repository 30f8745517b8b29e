"""The one module that makes DuckDB connections, so that all of them have the same limits and the same locks.

No extension is ever installed or loaded by itself, and a session sees only the directories it was given. Instants are
UTC. Peculiarities of DuckDB's Python API stay in here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

__all__ = [
    "BEYOND",
    "DOOR_FILE",
    "Connection",
    "EngineError",
    "Interrupted",
    "OutOfMemory",
    "connect",
    "ending",
    "identifier",
    "insert",
    "is_one_select",
    "leave",
    "literal",
    "literals",
    "one",
    "rows",
]

Connection: TypeAlias = duckdb.DuckDBPyConnection
EngineError = duckdb.Error
Interrupted = duckdb.InterruptException
OutOfMemory = duckdb.OutOfMemoryException  # or out of disk to spill to
BEYOND: dict[type[Exception], str] = {OutOfMemory: "too-large", Interrupted: "too-slow"}  # what they say of a file

DOOR_FILE = "duckdb_log_entries.csv"

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
    door: Path | None = None,
    seconds: float = threading.TIMEOUT_MAX,
) -> Iterator[Connection]:
    """A connection of its own database in memory, closed at the end.

    Memory above `memory_mb` is spilled to `temp`; without `temp` a statement that needs more fails. Only files under
    `directories` can be read or written. `ordered` keeps rows in the order of their files, which costs memory. `door`
    is a directory to be made in one of them: what `leave` is given is written to DOOR_FILE in it.
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
        if door:
            con.execute(f"CALL enable_logging(level='WARNING', storage='file', storage_path={literal(str(door))})")
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


@contextmanager
def ending(con: Connection) -> Iterator[Callable[[], None]]:
    """What ends the statement that runs inside, called from any thread at any time.

    DuckDB forgets an interruption that comes between a statement's planning and its running: so it is said again.
    """
    ended = threading.Event()
    watches: list[threading.Thread] = []

    def interrupt() -> None:
        watches.append(threading.Thread(target=_interrupt, args=(con, 0, ended), daemon=True))
        watches[-1].start()

    try:
        yield interrupt
    finally:
        ended.set()
        for watch in watches:
            watch.join()


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


def leave(text: str) -> str:
    """SQL that is true, and writes the text down as an entry of type `door` of DuckDB's log, each time it is computed.

    The file is a CSV without a header that could be taken for an entry: context, instant, type, level and message. All
    of it is there when the statement ends. DuckDB evaluates a branch of CASE only for the rows that come to it.
    """
    return f"write_log({text}, log_type := 'door', level := 'WARNING') IS NULL"


def insert(con: Connection, table: str, values: Any) -> None:
    """Adds the rows of a pyarrow Table to the table of that name, which has the same columns."""
    con.register("inserted", values)
    con.execute(f"INSERT INTO {identifier(table)} SELECT * FROM inserted")
    con.unregister("inserted")


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
