"""What leaves a staging pass by its side door: rows that broke a rule, while the good ones are being written.

The door is DuckDB's log. It is the one way to write a row down in the midst of a statement that is written to a file at
once, by all threads, and needs no Python: functions in Python hold its lock, and want numpy, for which there is no room
in a Lambda layer beside DuckDB and Arrow. An entry says which rules the row broke, a digit for each, and of a bad row
its file, its number if it has one, and its texts. That none is lost is not taken on trust: all rows of the input are
counted by other means (trust.py).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datamesh.engine.duck import DOOR_FILE, Connection, leave, literal, rows
from datamesh.publish.rules import Rule, sends_away

__all__ = ["Captured", "collect", "door", "so_far"]

_COLUMNS = "{'context': 'VARCHAR', 'at': 'VARCHAR', 'type': 'VARCHAR', 'level': 'VARCHAR', 'message': 'VARCHAR'}"
_LONGEST = 2**25  # of an entry: a row's two megabytes, with all that JSON and CSV may make of them


@dataclass(frozen=True)
class Captured:
    """How many rows broke each rule (`hits`), and the bad ones: `rows` of them at `path`, Parquet with

    file        the path of the file
    n           the number of the row, or NULL
    broken      a text of digits, 1 for each rule that it broke
    original    its texts (reading.original)
    """

    rows: int = 0
    path: Path | None = None
    hits: Counter[int] = field(default_factory=Counter)


def door(chosen: Sequence[Rule], broken: str, *, number: str, original: str) -> str:
    """SQL that is true for a row that goes on, to be computed once for each row that breaks one of `chosen`.

    `broken` says which (rules.broken). Each node of an expression costs something for each vector, however few rows of
    it are bad: so it is asked what they broke, and not the rules again.
    """
    texts = f"CAST(to_json(list_concat([__file, CAST({number} AS VARCHAR)], {original})) AS VARCHAR)"
    away = sends_away(chosen)
    if len(away) == len(chosen):
        return f"NOT ({leave(f'{broken} || {texts}')})"
    bad = f"regexp_matches({broken}, '^(?:{'|'.join(f'.{{{rule.number}}}1' for rule in away)})')" if away else "false"
    return f"CASE WHEN {leave(f'CASE WHEN {bad} THEN {broken} || {texts} ELSE {broken} END')} THEN NOT {bad} END"


def so_far(log: Path) -> int:
    """How many bytes went through the door `log` (a directory, see duck.connect) by now."""
    written = log / DOOR_FILE
    return written.stat().st_size if written.exists() else 0


def collect(con: Connection, log: Path, into: Path, *, since: int, rules: int) -> Captured:
    """What went through the door after its first `since` bytes."""
    if so_far(log) <= since:
        return Captured()
    part = _part(log / DOOR_FILE, into.with_suffix(".log"), since)
    # One after the other, since of text with quotes several threads may make less than there is.
    options = "auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', parallel = false"
    size = f"max_line_size = {_LONGEST}, buffer_size = {2 * _LONGEST}"
    read = f"read_csv({literal(str(part))}, columns = {_COLUMNS}, {options}, {size})"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE left_by_door AS SELECT left(message, {rules}) AS broken,"
        f" substr(message, {rules + 1}) AS row FROM {read} WHERE type = 'door'"
    )
    hits, bad = Counter(dict.fromkeys(range(rules), 0)), 0
    for flags, is_bad, count in rows(con, "SELECT broken, row <> '', count(*) FROM left_by_door GROUP BY ALL"):
        hits.update({number: count for number, flag in enumerate(flags) if flag == "1"})
        bad += count if is_bad else 0
    if bad:
        texts = "SELECT broken, from_json(row, '[\"VARCHAR\"]') AS texts FROM left_by_door WHERE row <> ''"
        kept = f"SELECT texts[1] AS file, CAST(texts[2] AS BIGINT) AS n, broken, texts[3:] AS original FROM ({texts})"
        con.execute(f"COPY ({kept}) TO {literal(str(into))} (FORMAT parquet, COMPRESSION zstd)")
    con.execute("DROP TABLE left_by_door")
    part.unlink()
    return Captured(bad, into if bad else None, hits)


def _part(log: Path, to: Path, since: int) -> Path:
    with log.open("rb") as whole, to.open("wb") as part:
        whole.seek(since)
        shutil.copyfileobj(whole, part, 2**20)
    return to
