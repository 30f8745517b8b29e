"""Small tables and files for the tests of the data path."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from datamesh.contract.model import Column, ColumnType, Table
from datamesh.publish.opening import open_file
from datamesh.publish.rules import rules
from datamesh.publish.sources import LocalFile
from datamesh.publish.stage import Engine, InputFile, Staged, stage

__all__ = ["Outcome", "column", "staged", "table"]


def column(name: str, kind: str = "string", **more: Any) -> Column:
    return Column(name, ColumnType(kind, *more.pop("digits", ())), **more)


def table(*columns: Column, **more: Any) -> Table:
    return Table("things", columns, **more)


@dataclass(frozen=True)
class Outcome:
    """A staging and what it wrote, read back."""

    table: Table
    staged: Staged

    @property
    def good(self) -> list[tuple[Any, ...]]:
        names = ", ".join(f'"{c.name}"' for c in self.table.columns)
        return self._read(self.staged.files, f"SELECT {names} FROM {{}} ORDER BY ALL")

    @property
    def bad(self) -> list[tuple[Any, ...]]:
        """(file, row_number, rule, column, value) of each row in quarantine."""
        names = 'file, row_number, rule, "column", value'
        return self._read(self.staged.quarantine, f"SELECT {names} FROM {{}} ORDER BY ALL")

    def quarantine(self, what: str) -> list[tuple[Any, ...]]:
        return self._read(self.staged.quarantine, f"SELECT {what} FROM {{}} ORDER BY file, row_number")

    @property
    def hits(self) -> dict[tuple[str, str | None], int]:
        hits: Counter[tuple[str, str | None]] = Counter()  # two rules of one column may have one name
        for rule, count in zip(rules(self.table), self.staged.hits, strict=True):
            hits[rule.rule, rule.column] += count
        return dict(+hits)

    @staticmethod
    def _read(paths: Sequence[Path], sql: str) -> list[tuple[Any, ...]]:
        if not paths:
            return []
        with duckdb.connect(config={"threads": 1}) as con:
            con.execute("SET TimeZone = 'UTC'")
            source = f"read_parquet([{', '.join(repr(str(p)) for p in paths)}], union_by_name = true)"
            found: list[tuple[Any, ...]] = con.execute(sql.format(source)).fetchall()
            return found


def staged(into: Path, wanted: Table, files: dict[str, bytes | str], *, threads: int = 2, **more: Any) -> Outcome:
    """Stages files, given by name; `x.gz` is packed on the way."""
    engine = Engine(memory_mb=300, threads=threads)
    inputs: list[InputFile] = []
    for number, (name, body) in enumerate(files.items()):
        path = into / f"in-{number}"
        data = body.encode() if isinstance(body, str) else body
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") and isinstance(body, str) else data)
        opened = open_file(LocalFile(path, name), wanted, into / f"opened-{number}", engine=engine)
        assert not opened.reasons, opened.reasons
        inputs += opened.parts
    work = into / "work"
    work.mkdir()
    return Outcome(wanted, stage(wanted, inputs, product="things", batch_id="b1", work=work, engine=engine, **more))
