"""How a file is read: its layout, and the SQL that gives its rows as text, field by field. Pure.

Every relation here has `__file` (the path it was read from) and the file's fields as `f0`, `f1`, ...; a numbered one
also has `__n`, which counts its rows from one, in the order of the files and their rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from datamesh.engine.duck import identifier, literal, literals

__all__ = ["NESTED", "SCRATCH", "Layout", "Rejects", "field", "lines_of", "original", "relation", "text_of"]

NESTED = "nested "
# Valid JSON that begins so is an object; to ask for its type would be to read it once more.
_IS_OBJECT = "CASE WHEN NOT json_valid(f0) THEN false WHEN f0 LIKE '{%' THEN true ELSE json_type(f0) = 'OBJECT' END"
_NO_DELIMITER = "\x01"  # JSON allows no control character, so a line of it is one field


@dataclass(frozen=True)
class Layout:
    """How one file is written. `fields` are its columns' names in their order.

    For JSON lines they are the names that the contract wants; for Parquet `kinds` are the columns' types, in the
    contract's words, or empty where the contract has none for it; of nested ones `NESTED` and DuckDB's type of the same
    shape in which every value is a text. `decimal` and `thousands` are how a CSV writes
    numbers; its first `skip` lines and those that begin with `comment` are no rows. `mended` says that the file was
    written anew by mending.py, without those, and is read from one place only. All text is UTF-8 (opening.py).
    """

    format: Literal["csv", "jsonl", "parquet"]
    fields: tuple[str, ...]
    header: bool = True
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    decimal: str = "."
    thousands: str = ""
    skip: int = 0
    comment: str = ""
    kinds: tuple[str, ...] = ()
    mended: bool = False


@dataclass(frozen=True)
class Rejects:
    """The temporary tables in which DuckDB leaves the lines of a CSV that it could not cut into fields."""

    errors: str
    scans: str


SCRATCH = Rejects("scratch_errors", "scratch_scans")  # for those that another pass has told of


def field(position: int) -> str:
    return f"f{position}"


def original(layout: Layout) -> str:
    """A list of a row's original texts: its fields, after the whole line where it is JSON."""
    texts = [text_of(layout, i) for i in range(len(layout.fields))]
    return f"[{', '.join(['__line', *texts] if layout.format == 'jsonl' else texts)}]"


def text_of(layout: Layout, position: int) -> str:
    """A field as text: JSON, where a Parquet file has nested values."""
    value, kind = field(position), layout.kinds[position] if layout.kinds else ""
    if kind.startswith(NESTED):
        texts = kind.removeprefix(NESTED)
        return f"CASE WHEN {value} IS NOT NULL THEN CAST(to_json(CAST({value} AS {texts})) AS VARCHAR) END"
    return f"CAST({value} AS VARCHAR)"


def relation(layout: Layout, paths: Sequence[str], *, rejects: Rejects, numbered: bool = False) -> str:
    """SQL that reads files of one layout. Lines that are no rows are left in `rejects`."""
    if layout.format == "parquet":
        return _parquet(layout, paths, numbered)
    if layout.format == "jsonl":
        return _json_lines(layout, paths, numbered, rejects)
    names = ", ".join(field(i) for i in range(len(layout.fields)))
    read = _read_csv(layout, paths, rejects)
    # A field that is not asked for is not looked at: then a broken character in it makes no reject, and another number.
    whole = f" WHERE hash({names}) IS NOT NULL" if numbered else ""
    return f"SELECT filename AS __file, {names}{_number(numbered)} FROM {read}{whole}"


def _number(numbered: bool) -> str:
    return ", row_number() OVER () AS __n" if numbered else ""


def _read_csv(layout: Layout, paths: Sequence[str], rejects: Rejects) -> str:
    # Not ignore_errors: with several threads DuckDB 2.0 then loses good rows that follow a bad one.
    options = {
        "header": literal(layout.header),
        "delim": _text(layout.delimiter),
        "quote": _text(layout.quote),
        "escape": _text(layout.escape),
        "compression": "'none'",
        "columns": "{" + ", ".join(f"'{field(i)}': 'VARCHAR'" for i in range(len(layout.fields))) + "}",
        "auto_detect": "false",
        "filename": "true",
        "parallel": literal(not layout.mended),
        "store_rejects": "true",
        "rejects_table": literal(rejects.errors),
        "rejects_scan": literal(rejects.scans),
    }
    return f"read_csv([{literals(paths)}], {', '.join(f'{name} = {value}' for name, value in options.items())})"


def _text(characters: str) -> str:
    """A literal that may hold control characters, such as a tab or the one that never comes."""
    return "''" if not characters else " || ".join(f"chr({ord(c)})" for c in characters)


def lines_of(layout: Layout) -> Layout:
    """The same file read by lines: each is one field, NULL where it is blank."""
    header = layout.header and layout.format == "csv"
    return replace(layout, format="csv", fields=("line",), header=header, delimiter=_NO_DELIMITER, quote="", escape="")


def _json_lines(layout: Layout, paths: Sequence[str], numbered: bool, rejects: Rejects) -> str:
    """A line that is no JSON object has `__ok` false and no fields. Blank lines are no rows."""
    read = relation(lines_of(layout), paths, numbered=numbered, rejects=rejects)
    number = ", __n" if numbered else ""
    shape = json.dumps(dict.fromkeys(layout.fields, "VARCHAR"), ensure_ascii=False)
    fields = "".join(f", __row[{literal(name)}] AS {field(i)}" for i, name in enumerate(layout.fields))
    return (
        f"SELECT __file{number}, __line, __ok{fields} FROM ("
        f"SELECT *, CASE WHEN __ok THEN json_transform(__line, {literal(shape)}) END AS __row FROM ("
        f"SELECT __file{number}, f0 AS __line, {_IS_OBJECT} AS __ok FROM ({read}) WHERE f0 IS NOT NULL))"
    )


def _parquet(layout: Layout, paths: Sequence[str], numbered: bool) -> str:
    fields = "".join(f", {identifier(name)} AS {field(i)}" for i, name in enumerate(layout.fields))
    number = _number(numbered)
    return f"SELECT filename AS __file{fields}{number} FROM read_parquet([{literals(paths)}], filename = true)"
