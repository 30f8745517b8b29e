"""What a table holds, and where each row went, after batches of files: by the write mode, row by row. Pure.

Batches stand in the order of their snapshots; the files of each, and of all of them together, in the order in which S3
took them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datamesh.publish.ledger import Counts
from tests.support.chaos.plan import File, Row

__all__ = ["Outcome", "Taken", "outcome"]


@dataclass(frozen=True)
class Taken:
    """A file as a batch took it. `arrived` orders files by the time S3 took them."""

    file: File
    arrived: str


@dataclass
class Outcome:
    """Ids of the rows in the table and in quarantine, and what each batch must have counted."""

    table: Counter[str] = field(default_factory=Counter)
    quarantine: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counts] = field(default_factory=dict)


def outcome(mode: str, batches: Mapping[str, Sequence[Taken]]) -> Outcome:
    """`batches` by their ids; `mode` is append, overwrite, parts or merge."""
    return _MODES[mode](batches)


def _append(batches: Mapping[str, Sequence[Taken]]) -> Outcome:
    made = Outcome()
    for name, batch in batches.items():
        good, bad = _good(batch), _bad(batch)
        made.table.update(row.id for row in good)
        made.quarantine.update(row.id for row in bad)
        made.counts[name] = _counts(published=len(good), bad=len(bad))
    return made


def _overwrite(batches: Mapping[str, Sequence[Taken]]) -> Outcome:
    """The newest file is the table. Of a batch only its newest file is looked at; it may come too late."""
    made, newest = Outcome(), ""
    for name, batch in batches.items():
        *older, last = batch
        good, bad = last.file.good, last.file.bad
        superseded = sum(len(taken.file.rows) for taken in older)
        made.quarantine.update(row.id for row in bad)
        if last.arrived > newest:
            newest, made.table = last.arrived, Counter(row.id for row in good)
            made.counts[name] = _counts(published=len(good), bad=len(bad), superseded=superseded)
        else:
            made.counts[name] = _counts(bad=len(bad), superseded=superseded + len(good))
    return made


def _parts(batches: Mapping[str, Sequence[Taken]]) -> Outcome:
    """A part is what the newest file that has rows of it says."""
    made, parts = Outcome(), dict[str, tuple[str, list[Row]]]()
    for name, batch in batches.items():
        published = 0
        for part in {row.part for row in _good(batch)}:
            last = max((taken for taken in batch if _of(taken, part)), key=lambda taken: taken.arrived)
            if part not in parts or last.arrived > parts[part][0]:
                parts[part] = (last.arrived, _of(last, part))
                published += len(parts[part][1])
        bad = _bad(batch)
        made.quarantine.update(row.id for row in bad)
        made.counts[name] = _counts(published=published, bad=len(bad), superseded=len(_good(batch)) - published)
    made.table.update(row.id for _, rows in parts.values() for row in rows)
    return made


def _merge(batches: Mapping[str, Sequence[Taken]]) -> Outcome:
    """Of a key the row with the highest order stays, the later one where two are equal; or nothing, if it deletes."""
    made, table = Outcome(), dict[int, Row]()
    for name, batch in batches.items():
        good, bad = _good(batch), _bad(batch)
        made.quarantine.update(row.id for row in bad)
        winners: dict[int, Row] = {}
        for row in good:
            if row.key not in winners or row.order >= winners[row.key].order:
                winners[row.key] = row
        winners = {key: row for key, row in winners.items() if key not in table or row.order >= table[key].order}
        table |= winners
        deleted = [key for key, row in winners.items() if row.deletes]
        for key in deleted:
            del table[key]
        published, superseded = len(winners) - len(deleted), len(good) - len(winners)
        made.counts[name] = _counts(published=published, bad=len(bad), superseded=superseded, deleted=len(deleted))
    made.table.update(row.id for row in table.values())
    return made


def _good(batch: Iterable[Taken]) -> list[Row]:
    return [row for taken in batch for row in taken.file.good]


def _bad(batch: Iterable[Taken]) -> list[Row]:
    return [row for taken in batch for row in taken.file.bad]


def _of(taken: Taken, part: str) -> list[Row]:
    return [row for row in taken.file.good if row.part == part]


def _counts(*, published: int = 0, bad: int, superseded: int = 0, deleted: int = 0) -> Counts:
    return Counts(
        rows_in=published + bad + superseded + deleted,
        rows_published=published,
        rows_quarantined=bad,
        rows_superseded=superseded,
        rows_deleted=deleted,
    )


_MODES = {"append": _append, "overwrite": _overwrite, "parts": _parts, "merge": _merge}
