"""Which row of its file each bad row was. DuckDB numbers no rows while it reads with several threads, so the files that
have bad rows are looked at once more. Rows that look the same broke the same rules; which of them is which does not
matter.

Where a row is a line, and the bad ones are few, their lines are looked for. Elsewhere, and where they are not found, a
hash of each row is kept in the order of the file, and those of the bad rows are looked up: that cuts the file into
fields again.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datamesh.engine.duck import Connection, insert, literals, rows
from datamesh.publish.job import Group, Passed
from datamesh.publish.lines import has_quote
from datamesh.publish.reading import SCRATCH, Layout, lines_of, relation, text_of

__all__ = ["find_places"]

_STEP = 2**20
_MOST_BYTES = 2**25  # of bad rows, to be looked for by their lines: in Python these are several times as large


def find_places(con: Connection, passed: Passed) -> None:
    """Makes the table `places`: `id, file, k`, the place of each captured row among the rows of its file.

    Lines that are no rows are not counted, save those that are blank in a file of JSON lines. The connection is an
    ordered one, and has the rows as the table `captured`.
    """
    if passed.numbered:
        con.execute(f"CREATE OR REPLACE TEMP TABLE places AS {_counted(passed.group)}")
    elif not _by_lines(con, passed):
        _by_fields(con, passed.group)


def _counted(group: Group) -> str:
    """From the numbers that the pass has given, which count through all files of the group."""
    if len(group.files) == 1:
        return "SELECT id, file, n AS k FROM captured"
    numbered = relation(group.layout, group.paths, rejects=SCRATCH, numbered=True)
    first = f"SELECT __file AS file, min(__n) AS first FROM ({numbered}) GROUP BY __file"
    return f"SELECT id, file, n - first + 1 AS k FROM captured JOIN ({first}) USING (file)"


def _by_lines(con: Connection, passed: Passed) -> bool:
    """Whether all rows were found by their lines. Those that are written in an unusual way are not."""
    layout = passed.group.layout
    if not passed.captured or passed.reject_rows or not _rows_are_lines(passed.group):
        return False
    with pq.ParquetFile(passed.captured) as captured:
        if sum(captured.metadata.row_group(i).total_byte_size for i in range(captured.num_row_groups)) > _MOST_BYTES:
            return False
        bad = captured.read(columns=["file", "original"]).combine_chunks()
    for quoted in (False, True)[: 2 if layout.quote else 1]:
        lines = _lines(bad["original"].chunk(0), layout, quoted=quoted).cast(pa.binary())
        found = _numbers(bad["file"].to_pylist(), lines.to_pylist(), layout)
        if len(found["id"]) == len(bad):
            con.execute("CREATE OR REPLACE TEMP TABLE places (id BIGINT, file VARCHAR, k BIGINT)")
            insert(con, "places", pa.table(found))
            return True
    return False


def _rows_are_lines(group: Group) -> bool:
    """Where a quoted field has several lines a file is mended (trust.py); of one column, a blank line may be a row."""
    layout = group.layout
    if layout.format != "csv" or len(layout.fields) == 1:
        return layout.format == "jsonl"
    return not layout.mended or not any(has_quote(Path(path), layout.quote) for path in group.paths)


def _numbers(files: list[str], lines: list[bytes], layout: Layout) -> dict[str, list[Any]]:
    """`id, file, k` of those of the captured rows that are found, which ids count in their order (quarantine.py)."""
    wanted: dict[str, dict[bytes, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, (file, line) in enumerate(zip(files, lines, strict=True), start=1):
        wanted[file][line].append(i)
    found: dict[str, list[Any]] = {"id": [], "file": [], "k": []}
    for file, ids in wanted.items():
        for i, k in _found(Path(file), dict(ids), layout):
            for name, value in (("id", i), ("file", file), ("k", k)):
                found[name].append(value)
    return found


def _found(path: Path, wanted: dict[bytes, list[int]], layout: Layout) -> Iterator[tuple[int, int]]:
    """The wanted lines of a file, by id, with their place among those that are rows."""
    is_csv = layout.format == "csv"
    with path.open("rb", buffering=_STEP) as file:
        ending = b"\r\n" if file.readline().endswith(b"\r\n") else b"\n"
        file.seek(0)
        ids = {line: deque(found) for line, found in wanted.items()}  # as the last line of the file may stand
        ids |= {line + ending: found for line, found in ids.items()}
        blank: deque[int] = deque()
        if is_csv:
            ids |= {b"\n": blank, b"\r\n": blank}
        others = int(is_csv and layout.header)
        # What is not looked for is gone past at the speed of reading.
        for place, line in ((place, line) for place, line in enumerate(file, 1) if line in ids):
            if ids[line] is blank:
                others += 1
            elif ids[line] and place > others:
                yield ids[line].popleft(), place - others


def _lines(originals: pa.ListArray, layout: Layout, *, quoted: bool) -> pa.Array:
    """How the rows stand in a file that quotes what it must, or (`quoted`) all that there is."""
    if layout.format == "jsonl":
        return pc.list_element(originals, 0)
    texts = originals.flatten()
    if layout.quote:
        inner = pc.replace_substring(texts, layout.quote, layout.escape + layout.quote)
        needs = pc.or_(pc.match_substring(texts, layout.delimiter), pc.match_substring(texts, layout.quote))
        # An empty text that is not NULL was quoted, or it would be NULL.
        needs = True if quoted else pc.or_(needs, pc.equal(texts, ""))
        texts = pc.if_else(needs, pc.binary_join_element_wise(layout.quote, inner, layout.quote, ""), texts)
    return pc.binary_join(pa.ListArray.from_arrays(originals.offsets, pc.fill_null(texts, "")), layout.delimiter)


def _by_fields(con: Connection, group: Group) -> None:
    paths = [path for (path,) in rows(con, "SELECT DISTINCT file FROM captured ORDER BY file")]
    if group.layout.format == "jsonl":
        _look_up(con, paths, relation(lines_of(group.layout), paths, rejects=SCRATCH), "hash(f0)", "hash(original[1])")
    else:
        count = range(len(group.layout.fields))
        here = ", ".join(text_of(group.layout, i) for i in count)
        there = ", ".join(f"original[{i + 1}]" for i in count)
        _look_up(con, paths, relation(group.layout, paths, rejects=SCRATCH), f"hash({here})", f"hash({there})")


def _look_up(con: Connection, paths: Sequence[str], source: str, here: str, there: str) -> None:
    """`here` is the hash of a row of `source`, `there` of a captured one."""
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
