"""Rows that a run kept back: found, fetched, and sent through again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cli import landing
from cli.landing import Run
from cli.screen import Screen
from cli.target import ProductName, Target
from datamesh.errors import UserError
from datamesh.lake import layout
from datamesh.publish import record as records
from datamesh.publish.ledger import Arrival, Batch

if TYPE_CHECKING:  # the engine takes a second to import
    from datamesh.publish.replay import Replay

__all__ = ["Kept", "fetched", "kept", "one", "replay"]

_RUNS = 1_000  # of a product that are looked through


@dataclass(frozen=True)
class Kept:
    """A run with rows in quarantine. `replay` is the file that sent them through again, and `again` its run.

    `is_there` is false once maintenance has removed them: their contract's time for them was over.
    """

    product: ProductName
    batch: Batch
    replay: Arrival | None = None
    again: Batch | None = None
    is_there: bool = True

    @property
    def state(self) -> str:
        """open; removed; rejected with its whole run; or what became of the replay."""
        if not self.is_there:
            return "removed"
        if self.batch.status == "rejected":
            return "rejected with its run"
        if self.replay is None or self.replay.state == "REJECTED":
            return "open"
        return f"replayed: {self.again.status if self.again else 'waiting'}"


def kept(target: Target, product: ProductName, *, limit: int = _RUNS) -> Iterator[Kept]:
    """The product's runs with rows in quarantine, the newest first."""
    ledger, there = target.ledger(product.domain), _there(target, product)
    for batch in ledger.batches(product.product, limit=limit):
        if batch.counts.rows_quarantined and batch.ended_at:
            replay = ledger.replay(product.product, batch.batch_id)
            again = ledger.batch(product.product, replay.batch_id) if replay and replay.batch_id else None
            yield Kept(product, batch, replay, again, batch.batch_id in there)


def _there(target: Target, product: ProductName) -> set[str]:
    """The runs of a product of which something lies in quarantine."""
    bucket, prefix = target.parameters(product.domain)["lake-bucket"], layout.quarantine_of(product.product)
    pages = (
        target.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/", Delimiter="/")
    )
    return {layout.batch_of_quarantine(found["Prefix"]) for page in pages for found in page.get("CommonPrefixes", [])}


def one(target: Target, product: ProductName, run: str | None) -> Kept:
    """The run of that id, or the newest one that kept rows back. Raises UserError when there is none."""
    found = [held for held in kept(target, product) if run in {None, held.batch.batch_id}]
    if not found:
        which = f"run {run} of {product}" if run else str(product)
        raise UserError(f"{which} has no rows in quarantine", hint=f"`mesh quarantine list {product}` shows which do")
    return found[0]


@contextmanager
def fetched(target: Target, screen: Screen, held: Kept) -> Iterator[list[Path]]:
    """The quarantine of a run as local Parquet files, in the order of its slices. Raises UserError once it is gone."""
    if not held.is_there:
        message = f"the rows that {held.batch.batch_id} kept back are gone: its contract kept them for a time only"
        raise UserError(message, hint="quarantineRetention in slaProperties says for how long")
    bucket, s3 = target.parameters(held.product.domain)["lake-bucket"], target.client("s3")
    record = records.find(held.batch, s3=s3, bucket=bucket)
    keys = record.quarantine if record else ()
    with TemporaryDirectory() as directory:
        paths = [Path(directory) / f"{number}.parquet" for number in range(len(keys))]
        with screen.step(f"{held.product}: fetching what {held.batch.batch_id} kept back"):
            for key, path in zip(keys, paths, strict=True):
                s3.download_file(bucket, key, str(path))
        yield paths


def replay(target: Target, screen: Screen, held: Kept, mended: Path | None, *, leave_lines: bool) -> list[Run]:
    """Sends the rows of a quarantine, or the `mended` ones, through again, and waits for their run.

    Raises UserError when they went through before, or would have to be mended first.
    """
    _refuse(held)
    with TemporaryDirectory() as directory:
        ready = _ready(target, screen, held, mended, Path(directory) / "rows.parquet")
        if ready.left and not leave_lines:
            raise UserError(
                f"{ready.left} lines of {held.batch.batch_id} cannot be read as rows",
                hint="export them, mend them and replay --with the mended file; or leave them with --leave-lines",
            )
        if not ready.rows:
            raise UserError("there is no row to send", hint=f"`mesh quarantine show {held.product}` shows what is kept")
        key = layout.replay_key(held.product.product, held.batch.batch_id, ready.digest)
        return landing.land(target, screen, held.product, {key: ready.path}, {})


def _refuse(held: Kept) -> None:
    if held.batch.status == "rejected":
        message = f"run {held.batch.batch_id} was rejected whole; nothing of it was published"
        raise UserError(message, hint="mend the file, and publish it again")
    if held.replay and held.replay.state != "REJECTED" and (held.again is None or held.again.status != "failed"):
        run = f"; what they left is in quarantine of run {held.again.batch_id}" if held.again else ""
        raise UserError(f"the rows of {held.batch.batch_id} went through again already{run}", hint="`mesh runs`")


def _ready(target: Target, screen: Screen, held: Kept, file: Path | None, to: Path) -> Replay:
    from datamesh.publish.replay import mended, unmended  # noqa: PLC0415

    if file is not None:
        return mended(landing.readable(file), to)
    with fetched(target, screen, held) as paths:
        return unmended(paths, to)
