"""A run's quarantine, for people to read and to send through again.

What goes through again is one Parquet file of texts under the names that the columns had in their file: whatever the
file was (CSV, JSON lines, one of many), its rows are read again as they stood, by the contract as it is then.

    export      the rows with what was wrong with them, as CSV or Parquet: `quarantine_...` columns first
    unmended    the rows as they are, for when the contract was mended
    mended      an export whose rows were mended by hand

Lines that are no rows have no columns; they can only be mended by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datamesh.engine.duck import Connection, EngineError, connect, identifier, literal, one, rows
from datamesh.errors import UserError
from datamesh.publish.job import DEFAULT_ENGINE, Engine
from datamesh.publish.rules import MALFORMED

__all__ = ["SUFFIXES", "Replay", "export", "look", "mended", "unmended"]

SUFFIXES = (".csv", ".parquet")
# What an export says of a row, each as a column quarantine_...: its name, and where it lies in the quarantine.
_ABOUT = {"file": "file", "row": "row_number", "rule": "rule", "column": '"column"', "value": "value", "line": "line"}
_PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
_ORDER = "ORDER BY quarantine_file, quarantine_row"
_IS_ROW = f"quarantine_rule <> {literal(MALFORMED)}"


@dataclass(frozen=True)
class Replay:
    """A file to land, its rows, and how many lines of the quarantine are no rows and were left out."""

    path: Path
    rows: int
    left: int = 0

    @property
    def digest(self) -> str:
        """Names its content: the same rows of the same quarantine always give the same."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def look(quarantine: Sequence[Path], *, rule: str | None = None, column: str | None = None, limit: int) -> Any:
    """The first rows in the order of their files, as dicts: file, row_number, rule, column, value, original, line."""
    wanted = [f"{name} = {literal(value)}" for name, value in (("rule", rule), ('"column"', column)) if value]
    parts = " UNION ALL ".join(
        f'SELECT file, row_number, rule, "column", value, CAST(to_json(original) AS VARCHAR) AS original, line'
        f" FROM read_parquet({literal(str(path))})"
        for path in quarantine
    )
    chosen = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    with _reading(quarantine, DEFAULT_ENGINE) as con:
        found = con.execute(f"SELECT * FROM ({parts}){chosen} ORDER BY file, row_number LIMIT {limit}")
        names = [about[0] for about in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def export(quarantine: Sequence[Path], to: Path, *, engine: Engine = DEFAULT_ENGINE) -> int:
    """Writes all rows to `to`, a .csv or .parquet; how many. Raises UserError for another suffix."""
    form = "(FORMAT csv, HEADER)" if _suffix(to) == ".csv" else "(FORMAT parquet, COMPRESSION zstd)"
    with _reading([*quarantine, to], engine) as con:
        return _copied(con, f"{_rows(quarantine, tuple(_ABOUT))} {_ORDER}", to, form)


def unmended(quarantine: Sequence[Path], to: Path, *, engine: Engine = DEFAULT_ENGINE) -> Replay:
    """The rows as they stood, written to `to`."""
    with _reading([*quarantine, to], engine) as con:
        everything = _rows(quarantine, ("file", "row", "rule"))
        sent, left = one(
            con, f"SELECT count(*) FILTER ({_IS_ROW}), count(*) FILTER (NOT {_IS_ROW}) FROM ({everything})"
        )
        if sent:
            texts = f"SELECT * EXCLUDE (quarantine_file, quarantine_row, quarantine_rule) FROM ({everything})"
            _copied(con, f"{texts} WHERE {_IS_ROW} {_ORDER}", to, _PARQUET)
        return Replay(to, int(sent), int(left))


def mended(file: Path, to: Path, *, engine: Engine = DEFAULT_ENGINE) -> Replay:
    """The rows of an export, mended, written to `to` without what the export said of them.

    Raises UserError when the file cannot be read, or holds a line that was not yet made a row.
    """
    source = (
        f"read_csv({literal(str(file))}, all_varchar = true, header = true, sample_size = -1)"
        if _suffix(file) == ".csv"
        else f"read_parquet({literal(str(file))})"
    )
    with _reading([file, to], engine) as con:
        try:
            names = [str(name) for name, *_ in rows(con, f"DESCRIBE SELECT * FROM {source}")]
            kept = [name for name in names if name not in {f"quarantine_{about}" for about in _ABOUT}]
            _refuse_lines(con, source, names, kept)
            texts = ", ".join(f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}" for name in kept)
            return Replay(to, _copied(con, f"SELECT {texts} FROM {source}", to, _PARQUET))
        except EngineError as error:
            raise UserError(f"{file} cannot be read", hint="It must be a .csv or .parquet as exported.") from error


def _rows(quarantine: Sequence[Path], about: Sequence[str]) -> str:
    """All rows of a quarantine: what was wrong with them as quarantine_..., and their columns by their own names."""
    wrong = ", ".join(f"{_ABOUT[name]} AS quarantine_{name}" for name in about)
    return " UNION ALL BY NAME ".join(
        f"SELECT {wrong}, original.* FROM read_parquet({literal(str(path))})" for path in quarantine
    )


def _refuse_lines(con: Connection, source: str, names: Sequence[str], kept: Sequence[str]) -> None:
    if not kept:
        raise UserError("the file has none of the product's columns", hint="Mend an export of the run.")
    if "quarantine_line" not in names:
        return
    empty = " AND ".join(f"{identifier(name)} IS NULL" for name in kept)
    (left,) = one(con, f"SELECT count(*) FROM {source} WHERE quarantine_line IS NOT NULL AND {empty}")
    if left:
        hint = "Write their values into the columns, or take these lines out of the file."
        raise UserError(f"{left} lines of the file are no rows yet", hint=hint)


def _copied(con: Connection, select: str, to: Path, form: str) -> int:
    (count,) = one(con, f"COPY ({select}) TO {literal(str(to))} {form}")
    return int(count)


@contextmanager
def _reading(paths: Sequence[Path], engine: Engine) -> Iterator[Connection]:
    directories = sorted({path.resolve().parent for path in paths})
    # One thread: the same rows must give the same bytes.
    with connect(
        memory_mb=engine.memory_mb, threads=1, temp=directories[0] / "spill", directories=directories, ordered=True
    ) as con:
        yield con


def _suffix(file: Path) -> str:
    if file.suffix.lower() not in SUFFIXES:
        raise UserError(f"{file} is neither .csv nor .parquet", hint="Name the file by what it is.")
    return file.suffix.lower()
