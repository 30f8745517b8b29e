"""What the relationships of a contract point at, fetched for one slice.

All slices of an attempt, and all that is repeated of it, compare with the same snapshots: the first of them writes down
which. A later attempt takes those of its own time: what was missing may have come. A table that does not exist, or has
no rows, has no keys; a table without the column that is referred to leaves the rule unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pyiceberg.exceptions import NoSuchTableError

from datamesh.contract.model import Relationship
from datamesh.errors import InfrastructureError
from datamesh.lake import layout
from datamesh.lake import table as lake
from datamesh.lake.keys import write_keys
from datamesh.publish.job import Target
from datamesh.publish.once import once
from datamesh.publish.rules import rules
from datamesh.publish.steps import Work

__all__ = ["targets"]


class _Stand(BaseModel):
    """A table as it stood: its name in the catalog and its snapshot; none where it had no rows."""

    model_config = ConfigDict(frozen=True)

    table: str
    snapshot_id: int | None = None


class _Pinned(BaseModel):
    """The tables that are referred to, by product; one that does not exist is not among them."""

    model_config = ConfigDict(frozen=True)

    tables: Mapping[str, _Stand]


def targets(work: Work, into: Path, *, slices: int) -> tuple[dict[int, Target], tuple[int, ...]]:
    """The targets of the relationships that a slice is to look at, by rule, and the rules that cannot be asked.

    What refers to its own table is left for the gate where the batch has several `slices`: none knows all rows.
    """
    asked = {rule.number: rule.refers for rule in rules(work.contract.table) if rule.refers is not None}
    mine = {number: to for number, to in asked.items() if not (to.itself and slices > 1)}
    if not mine:
        return {}, ()
    pinned = _pinned(work, {to.to.product for to in mine.values()})
    found, unasked = {}, []
    for number, to in mine.items():
        stand = pinned.tables.get(to.to.product)
        if to.itself and work.contract.table.write_mode == "overwrite":
            stand = None  # what is there goes
        path = into / f"target-{number}.parquet"
        if stand is None or stand.snapshot_id is None:
            found[number] = Target(to)
        elif _write(work, stand, to, path):
            found[number] = Target(to, path)
        else:
            unasked.append(number)
    return found, tuple(unasked)


def _write(work: Work, stand: _Stand, to: Relationship, path: Path) -> bool:
    """False when the table has no such columns."""
    table = lake.load(work.manifest.database, stand.table)
    if not set(to.to_columns) <= {field.name for field in table.schema().fields}:
        return False
    snapshot_id = stand.snapshot_id or 0
    if table.snapshot_by_id(snapshot_id) is None:
        raise InfrastructureError(f"snapshot {snapshot_id} of {stand.table} has expired while a batch referred to it")
    write_keys(table, snapshot_id, to.to_columns, path)
    return True


def _pinned(work: Work, products: Iterable[str]) -> _Pinned:
    """The tables as they stood for the first slice that asked."""

    def now() -> bytes:
        stands = {product: stand for product in sorted(products) if (stand := _stand(work, product))}
        return _Pinned(tables=stands).model_dump_json().encode()

    key = layout.targets_key(work.manifest.product, work.manifest.batch_id, work.attempt)
    return _Pinned.model_validate_json(once(key, now, s3=work.s3, bucket=work.bucket))


def _stand(work: Work, product: str) -> _Stand | None:
    if product == work.manifest.product:
        name = work.manifest.table
    else:
        state = work.plane.ledger.product(product)
        if state is None:
            return None
        name = state.table
    try:
        snapshot = lake.load(work.manifest.database, name).current_snapshot()
    except NoSuchTableError:
        return None
    return _Stand(table=name, snapshot_id=snapshot.snapshot_id if snapshot else None)
