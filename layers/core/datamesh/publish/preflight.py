"""Is a file what it should be? Seen from its first bytes (and a Parquet file's last), before any row is read.

The content decides what a file is; its name may only agree. What is wrong is a reason, never an exception:

    empty-file         nothing in it
    unreadable         damaged, or without a header that can be read
    wrong-encoding     text of another encoding than the contract says
    wrong-format       not what its name says, what the contract says, or anything that can be published
    missing-column     a column that must have values is not in it; another one: only where the contract says reject
    extra-column       a column that the contract lacks: an error only where the contract says reject
    duplicate-column   a column of the contract stands twice
    too-many-columns   more than can be read at once
    too-large          more than there is room for
    replay-overwrites  rows of a quarantine, of a product whose files replace what was published before
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from datamesh.contract.model import Column, Table
from datamesh.events import Reason
from datamesh.lake.layout import replayed_run
from datamesh.publish.encoding import UTF_8
from datamesh.publish.format import Kind, Seen, look, named
from datamesh.publish.header import csv_layout, json_layout, json_names, parquet_layout, wanted
from datamesh.publish.reading import Layout
from datamesh.publish.sources import Source

__all__ = ["MAX_BYTES", "MAX_COLUMNS", "Preflight", "inspect", "inspect_as"]

MAX_BYTES = 5 * 10**9  # half of a function's disk: the other half is for what becomes of it
MAX_COLUMNS = 2_000
_NOT_SEEN = Seen("other")
_UNFIT: dict[Kind, str] = {
    "empty": "empty-file",
    "damaged": "unreadable",
    "misencoded": "wrong-encoding",
    "other": "wrong-format",
}
_AGREED: dict[str, tuple[str, ...]] = {"tsv": ("csv",), "json": ("json", "jsonl")}


@dataclass(frozen=True)
class Preflight:
    """What became of looking at a file: it is refused for its `reasons`, or read by its `layout`.

    Without either it must first be opened (opening.py), as what was `seen`. `notes` are what is let pass.
    """

    layout: Layout | None = None
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    seen: Seen = _NOT_SEEN


def inspect(source: Source, table: Table) -> Preflight:
    """Looks at one file. Reads at most a megabyte of it, and a Parquet file's footer."""
    replayed = replayed_run(source.name) is not None
    if replayed and table.write_mode.startswith("overwrite"):
        return _refused("replay-overwrites")
    if source.size > MAX_BYTES:
        return _refused("too-large")
    seen = look(source, table.input.encoding)
    if seen.kind in _UNFIT:
        return _refused(_UNFIT[seen.kind])
    if not _as_named(source.name, seen) or not (replayed or _as_agreed(table, seen)):
        return _refused("wrong-format")
    return _laid_out(source, seen, table)


def inspect_as(source: Source, table: Table, kind: Kind) -> Preflight:
    """Looks at a file that opening.py has made, of text in UTF-8 or Parquet: it is what it was made."""
    seen = look(source, UTF_8)
    return _refused(_UNFIT[seen.kind]) if seen.kind in _UNFIT else _laid_out(source, replace(seen, kind=kind), table)


def _laid_out(source: Source, seen: Seen, table: Table) -> Preflight:
    if seen.kind == "jsonl":
        # Names may be left out of some rows, and of all that were seen when none of them ended.
        names = json_names(seen)
        missing = _missing(names, table.columns) if names and not names & set(wanted(table)) else ()
        judged = _judged(json_layout(table), names, table, tuple(missing))
    elif seen.kind == "csv":
        layout = csv_layout(seen, table)
        judged = _refused("unreadable") if layout is None else _named(layout, table)
    elif seen.kind == "parquet" and seen.packing is None:
        judged = _parquet(source, table)
    else:
        return Preflight(seen=seen)
    plain = seen.packing is None and seen.encoding == UTF_8
    return replace(judged, layout=judged.layout if plain else None, seen=seen)


def _refused(rule: str) -> Preflight:
    return Preflight(reasons=(Reason(rule=rule),))


def _as_named(name: str, seen: Seen) -> bool:
    kinds, packing, says = named(name)
    return not says or (seen.packing == packing and (not kinds or seen.kind == "unseen" or seen.kind in kinds))


def _as_agreed(table: Table, seen: Seen) -> bool:
    agreed = table.input.format
    return agreed is None or seen.kind == "unseen" or seen.kind in _AGREED.get(agreed, (agreed,))


def _parquet(source: Source, table: Table) -> Preflight:
    found = parquet_layout(source, table)
    if found is None:
        return _refused("unreadable")
    layout, rows = found
    return _named(layout, table) if rows else _refused("empty-file")


def _named(layout: Layout, table: Table) -> Preflight:
    if len(layout.fields) > MAX_COLUMNS:
        return _refused("too-many-columns")
    return _judged(layout, layout.fields, table, tuple(_missing(layout.fields, table.columns)))


def _judged(layout: Layout, names: Collection[str], table: Table, missing: Sequence[str]) -> Preflight:
    """Compares a file's names with the contract's."""
    reasons = [Reason(rule="missing-column", column=name) for name in missing]
    reasons += [Reason(rule="duplicate-column", column=name) for name in _doubled(layout, names, table)]
    if missing:  # the first line is perhaps no header at all: its words are not for an event then
        return Preflight(reasons=tuple(reasons))
    extra = [Reason(rule="extra-column", column=name) for name in sorted(set(names) - set(wanted(table)))]
    lacks = [] if layout.format == "jsonl" else [c for c in table.columns if (c.source or c.name) not in names]
    absent = [Reason(rule="missing-column", column=column.name) for column in lacks]
    notes: list[Reason] = []
    for found, policy in ((extra, table.input.extra_columns), (absent, table.input.missing_columns)):
        (reasons if policy == "reject" else notes).extend(found)
    return Preflight(None if reasons else layout, tuple(reasons), tuple(notes))


def _doubled(layout: Layout, names: Collection[str], table: Table) -> list[str]:
    """The contract's columns that stand twice. A Parquet reader does not tell names apart by their capitals."""
    if layout.format == "parquet":
        folded = Counter(name.casefold() for name in names)
        return [name for name in names if folded[name.casefold()] > 1]
    counts = Counter(names)
    return [name for name in counts if counts[name] > 1 and name in wanted(table)]


def _missing(names: Collection[str], columns: Sequence[Column]) -> Iterator[str]:
    """What must be there and is not; all columns, where the file has none of them."""
    none_known = not any((c.source or c.name) in names for c in columns)
    for column in columns:
        needed = column.primary_key_position is not None or (column.required and column.severity("required") == "error")
        if (needed or none_known) and (column.source or column.name) not in names:
            yield column.name
