"""Another engine at the products' tables, in a process of its own: it commits to them, and it reads what they hold.

python -m tests.support.chaos.lake write SEED DATABASE TABLE...    until its input ends; prints what it did
python -m tests.support.chaos.lake read DATABASE TABLE...          prints what stands
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import CommitFailedException

__all__ = ["read", "write"]

_WRITERS = 4


def write(seed: str, database: str, tables: Sequence[str], end: threading.Event) -> dict[str, Any]:
    """Four writers change properties of the tables, each again and again, and append rows to the first of them."""
    rows: dict[str, list[str]] = {name: [] for name in tables}
    met = {"commits": 0, "conflicts": 0}
    threads = [
        threading.Thread(target=_writer, args=(f"{seed}/writer/{number}", number, database, rows, met, end))
        for number in range(_WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"rows": rows, **met}


def read(database: str, tables: Sequence[str]) -> dict[str, Any]:
    """Of each table the snapshots from the newest to the first, how many it has in all, and the ids of its rows."""
    catalog = _catalog()
    return {name: _read(catalog.load_table((database, name))) for name in tables}


def _catalog() -> Catalog:
    return load_catalog("default", type="glue")


def _writer(
    seed: str,
    number: int,
    database: str,
    rows: dict[str, list[str]],
    met: dict[str, int],
    end: threading.Event,
) -> None:
    dice = random.Random(seed)
    catalog, turn = _catalog(), 0
    while not end.wait(dice.uniform(1, 4)):
        turn += 1
        name = dice.choice(list(rows))
        appends = name == next(iter(rows)) and dice.random() < 0.4
        with suppress(CommitFailedException):
            met["conflicts"] += 1
            table = catalog.load_table((database, name))
            if appends:
                row = f"foreign-{number}-{turn}"
                shape = table.schema().as_arrow()
                table.append(pa.Table.from_pylist([{"id": row}], schema=shape))
                rows[name].append(row)
            else:
                with table.transaction() as change:
                    change.set_properties({f"foreign.{number}": str(turn)})
            met["conflicts"] -= 1
            met["commits"] += 1


def _read(table: Any) -> dict[str, Any]:
    line, snapshot = [], table.current_snapshot()
    while snapshot is not None:
        said = snapshot.summary.additional_properties if snapshot.summary else {}
        line.append({"snapshot_id": snapshot.snapshot_id, "sequence": snapshot.sequence_number, "summary": dict(said)})
        before = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(before) if before else None
    ids = table.scan(selected_fields=("id",)).to_arrow().column("id").to_pylist()
    return {"line": line, "snapshots": len(table.metadata.snapshots), "ids": ids}


def _main(arguments: Sequence[str]) -> None:
    command, *rest = arguments
    if command == "read":
        told = read(rest[0], rest[1:])
    else:
        end = threading.Event()
        threading.Thread(target=_await_end, args=(end,), daemon=True).start()
        told = write(rest[0], rest[1], rest[2:], end)
    sys.stdout.write(json.dumps(told))


def _await_end(end: threading.Event) -> None:
    sys.stdin.read()
    end.set()


if __name__ == "__main__":
    _main(sys.argv[1:])
