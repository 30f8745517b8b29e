"""Which row of its file each bad row was. DuckDB numbers no rows while it reads with several threads, so the files that
have bad rows are looked at once more: a hash of each of their rows is kept in the order of the file, and those of the
bad rows are looked up. Rows that look the same broke the same rules; which of them is which does not matter.

Where no quotes are, a row is its line, and lines are found in a third of the time that it takes to cut them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datamesh.engine.duck import Connection, literal, literals, one, rows
from datamesh.publish.job import Group, Passed
from datamesh.publish.lines import has_quote
from datamesh.publish.reading import SCRATCH, lines_of, relation, text_of

__all__ = ["find_places"]


def find_places(con: Connection, passed: Passed) -> None:
    """Makes the table `places`: `id, file, k`, the place of each captured row among the rows of its file.

    Lines that are no rows are not counted, save those that are blank in a file of JSON lines. The connection is an
    ordered one, and has the rows as the table `captured`.
    """
    if passed.numbered:
        con.execute(f"CREATE OR REPLACE TEMP TABLE places AS {_counted(passed.group)}")
        return
    group, paths = passed.group, [path for (path,) in rows(con, "SELECT DISTINCT file FROM captured ORDER BY file")]
    if group.layout.format == "jsonl":
        _look_up(con, paths, relation(lines_of(group.layout), paths, rejects=SCRATCH), "hash(f0)", "hash(original[1])")
    elif not _by_lines(con, passed, paths):
        count = range(len(group.layout.fields))
        here = ", ".join(text_of(group.layout, i) for i in count)
        there = ", ".join(f"original[{i + 1}]" for i in count)
        _look_up(con, paths, relation(group.layout, paths, rejects=SCRATCH), f"hash({here})", f"hash({there})")


def _counted(group: Group) -> str:
    """From the numbers that the pass has given, which count through all files of the group."""
    if len(group.files) == 1:
        return "SELECT id, file, n AS k FROM captured"
    numbered = relation(group.layout, group.paths, rejects=SCRATCH, numbered=True)
    first = f"SELECT __file AS file, min(__n) AS first FROM ({numbered}) GROUP BY __file"
    return f"SELECT id, file, n - first + 1 AS k FROM captured JOIN ({first}) USING (file)"


def _by_lines(con: Connection, passed: Passed, paths: Sequence[str]) -> bool:
    """Whether all rows were found by their lines. A row that has a field too many, an empty one, is not its line."""
    layout = passed.group.layout
    if layout.format != "csv" or len(layout.fields) == 1 or passed.reject_rows:
        return False
    if layout.quote and any(has_quote(Path(path), layout.quote) for path in paths):
        return False
    source = f"SELECT * FROM ({relation(lines_of(layout), paths, rejects=SCRATCH)}) WHERE f0 IS NOT NULL"
    line = f"array_to_string([coalesce(text, '') for text in original], {literal(layout.delimiter)})"
    return _look_up(con, paths, source, "hash(f0)", f"hash({line})")


def _look_up(con: Connection, paths: Sequence[str], source: str, here: str, there: str) -> bool:
    """Whether each captured row was found; `here` is the hash of a row of `source`, `there` of a captured one."""
    place = f"CAST(list_position([{literals(paths)}], {{}}) AS INTEGER) AS place"  # a path is long, and for each row
    # A table that is filled in order has its rows in that order, numbered.
    con.execute(f"CREATE OR REPLACE TEMP TABLE seen AS SELECT {place.format('__file')}, {here} AS h FROM ({source})")
    con.execute(f"""
CREATE OR REPLACE TEMP TABLE places AS
WITH looking AS (
        SELECT *, row_number() OVER (PARTITION BY place, h) AS twin
        FROM (SELECT id, file, {place.format("file")}, {there} AS h FROM captured)),
    found AS (
        SELECT place, h, rowid AS n, row_number() OVER (PARTITION BY place, h ORDER BY rowid) AS twin
        FROM seen SEMI JOIN looking USING (place, h)),
    firsts AS (SELECT place, min(rowid) AS begins FROM seen GROUP BY place)
SELECT id, file, n - begins + 1 AS k FROM looking JOIN found USING (place, h, twin) JOIN firsts USING (place)""")
    con.execute("DROP TABLE seen")
    (all_found,) = one(con, "SELECT (SELECT count(*) FROM places) = (SELECT count(*) FROM captured)")
    return bool(all_found)
