"""Is a file what it should be? Seen from its first bytes (and a Parquet file's last), before any row is read.

The content decides what a file is; its name may only agree. What is wrong is a reason, never an exception:

    empty-file         nothing in it
    unreadable         damaged, or not in the contract's encoding
    wrong-format       not what its name says, what the contract says, or anything that can be published
    missing-column     a column that must have values is not in it
    extra-column       a column that the contract lacks: an error only where the contract says reject
    duplicate-column   a column of the contract stands twice
    replay-overwrites  rows of a quarantine, of a product whose files replace what was published before
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from datamesh.contract.model import Column, Table
from datamesh.events import Reason
from datamesh.lake.layout import replayed_run
from datamesh.publish.format import Seen, look, named
from datamesh.publish.header import csv_layout, json_layout, json_names, parquet_layout, wanted
from datamesh.publish.reading import Layout
from datamesh.publish.sources import Source

__all__ = ["Preflight", "inspect"]


@dataclass(frozen=True)
class Preflight:
    """How to read a file, or why it is refused (`layout` is None then). `notes` are what is let pass."""

    layout: Layout | None
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()


def inspect(source: Source, table: Table) -> Preflight:
    """Looks at one file. Reads at most a megabyte of it, and a Parquet file's footer."""
    replayed = replayed_run(source.name) is not None
    if replayed and table.write_mode.startswith("overwrite"):
        return _refused("replay-overwrites")
    seen = look(source, table.input.encoding)
    if seen.kind in ("empty", "damaged"):
        return _refused("empty-file" if seen.kind == "empty" else "unreadable")
    if not _as_named(source.name, seen) or not (replayed or _as_agreed(table, seen)):
        return _refused("wrong-format")
    if seen.kind == "parquet":
        return _parquet(source, table)
    if seen.kind == "jsonl":
        # Names may be left out of some rows, and of all that were seen when none of them ended.
        names = json_names(seen)
        missing = _missing(names, table.columns) if names and not names & set(wanted(table)) else ()
        return _judged(json_layout(seen, table), names, table, tuple(missing))
    layout = csv_layout(seen, table)
    return _refused("unreadable") if layout is None else _named(layout, table)


def _refused(rule: str) -> Preflight:
    return Preflight(None, (Reason(rule=rule),))


def _as_named(name: str, seen: Seen) -> bool:
    kind, gzipped = named(name)
    return kind in (None, seen.kind) and gzipped in (None, seen.gzipped)


def _as_agreed(table: Table, seen: Seen) -> bool:
    agreed = "jsonl" if table.input.format == "json" else table.input.format
    return seen.kind != "other" and agreed in (None, seen.kind)


def _parquet(source: Source, table: Table) -> Preflight:
    found = parquet_layout(source)
    if found is None:
        return _refused("unreadable")
    layout, rows = found
    return _named(layout, table) if rows else _refused("empty-file")


def _named(layout: Layout, table: Table) -> Preflight:
    return _judged(layout, layout.fields, table, tuple(_missing(layout.fields, table.columns)))


def _judged(layout: Layout, names: Collection[str], table: Table, missing: Sequence[str]) -> Preflight:
    """Compares a file's names with the contract's."""
    doubled = [n for n, count in Counter(names).items() if count > 1 and n in wanted(table)]
    reasons = [Reason(rule="missing-column", column=name) for name in missing]
    reasons += [Reason(rule="duplicate-column", column=name) for name in doubled]
    if missing:  # the first line is perhaps no header at all: its words are not for an event then
        return Preflight(None, tuple(reasons))
    extra = [Reason(rule="extra-column", column=name) for name in sorted(set(names) - set(wanted(table)))]
    if table.input.extra_columns == "reject":
        reasons, extra = [*reasons, *extra], []
    return Preflight(None if reasons else layout, tuple(reasons), tuple(extra))


def _missing(names: Collection[str], columns: Sequence[Column]) -> Iterator[str]:
    """What must be there and is not; all columns, where the file has none of them."""
    none_known = not any((c.source or c.name) in names for c in columns)
    for column in columns:
        needed = column.primary_key_position is not None or (column.required and column.severity("required") == "error")
        if (needed or none_known) and (column.source or column.name) not in names:
            yield column.name
