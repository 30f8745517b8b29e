"""The accounting after chaos: every row once, and everybody tells the same story.

Each function gives what is wrong as sentences; none is what is hoped for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datamesh.lake.table import BATCH
from datamesh.publish import manifest as manifests
from datamesh.publish import record as records
from datamesh.publish.ledger import Batch, Counts
from tests.support.chaos.modes import Taken, outcome
from tests.support.chaos.plan import DOMAIN, File, mode_of
from tests.support.chaos.run import Chaos

__all__ = ["behind", "wrong"]


def wrong(chaos: Chaos, registry: Sequence[Mapping[str, Any]]) -> list[str]:
    """Everything that does not add up. `registry` are the registry's items of products."""
    lake = chaos.read_lake()
    found: list[str] = []
    for product in chaos.products:
        batches = chaos.ledger.batches(product, limit=10_000)
        published = [batch for batch in batches if batch.state == "ANNOUNCED"]
        stands = lake[f"{product}_v1"]
        found += _snapshots(product, published, stands)
        found += _rows(chaos, product, published, stands)
        found += _records(chaos, published)
        found += _ended(chaos, batches)
        found += _registered(product, published, registry)
    return found + list(_arrivals(chaos))


def _snapshots(product: str, published: Sequence[Batch], stands: Mapping[str, Any]) -> Iterator[str]:
    """Each published batch is one snapshot of the table's one line, and says the same as the ledger."""
    if stands["snapshots"] != len(stands["line"]):
        yield f"{product}: {stands['snapshots']} snapshots, {len(stands['line'])} of them in line"
    made: dict[str, list[Mapping[str, Any]]] = {}
    for snapshot in stands["line"]:
        if BATCH in snapshot["summary"]:
            made.setdefault(snapshot["summary"][BATCH], []).append(snapshot)
    for batch in published:
        snapshots = made.pop(batch.batch_id, [])
        if len(snapshots) != 1:
            yield f"{batch.batch_id} has {len(snapshots)} snapshots"
            continue
        [snapshot] = snapshots
        said = snapshot["summary"]
        theirs = (snapshot["snapshot_id"], snapshot["sequence"], int(said["total-records"]), _counts(said))
        ours = (batch.snapshot_id, batch.sequence, batch.total_rows, batch.counts)
        if ours != theirs:
            yield f"{batch.batch_id}: the ledger says {ours}, the snapshot {theirs}"
    yield from (f"a snapshot of {batch_id}, which the ledger does not call published" for batch_id in made)


def _counts(summary: Mapping[str, str]) -> Counts:
    return Counts(**{name: int(summary[f"datamesh.{name.replace('_', '-')}"]) for name in Counts.model_fields})


def _rows(chaos: Chaos, product: str, published: Sequence[Batch], stands: Mapping[str, Any]) -> Iterator[str]:
    """Each row of each object that was taken is where its write mode has it, and nothing else is anywhere."""
    files = {(put.file.key, put.version): put.file for put in chaos.puts}
    batches: dict[str, list[Taken]] = {}
    taken, away = Counter[str](), Counter[str]()
    for batch in sorted(published, key=lambda batch: batch.sequence or 0):
        manifest = manifests.load(product, batch.batch_id, s3=_s3(chaos), bucket=_lake(chaos))
        batches[batch.batch_id] = [Taken(files[ref.key, ref.version_id], ref.order) for ref in manifest.objects]
        taken.update(ref.object_id for ref in manifest.objects)
        away.update(_quarantined(chaos, batch))
    expected = outcome(mode_of(product), batches)
    for batch in published:
        if batch.counts != expected.counts[batch.batch_id]:
            yield f"{batch.batch_id} counted {batch.counts}, its files have {expected.counts[batch.batch_id]}"
    yield from (f"{product}: object {ref} was taken {n} times" for ref, n in taken.items() if n > 1)
    foreign = Counter(chaos.foreign.get(f"{product}_v1", []))
    yield from _differ(f"{product} table", expected.table + foreign, Counter(stands["ids"]))
    yield from _differ(f"{product} quarantine", expected.quarantine, away)


def _quarantined(chaos: Chaos, batch: Batch) -> Iterator[str]:
    """The ids of the rows in those files of the quarantine that the run record names."""
    record = records.find(batch, s3=_s3(chaos), bucket=_lake(chaos))
    for key in record.quarantine if record else ():
        body = _s3(chaos).get_object(Bucket=_lake(chaos), Key=key)["Body"].read()
        table = pq.read_table(pa.BufferReader(body))
        yield from (original["id"] for original in table.column("original").to_pylist())


def _records(chaos: Chaos, published: Sequence[Batch]) -> Iterator[str]:
    """The run record says what the ledger says, and so does each last step that ended well."""
    for batch in published:
        ours = batch.counts.model_dump() | {"snapshot_id": batch.snapshot_id}
        steps = chaos.ledger.steps(batch.product, batch.batch_id)
        ended = [s.detail for s in steps if s.name == "catalog_product" and s.status == "succeeded"]
        if not ended or any({name: said.get(name) for name in ours} != ours for said in ended):
            taken = [(step.name, step.attempt, step.status, step.detail) for step in steps]
            yield f"{batch.batch_id}: the ledger says {ours}, its steps {taken}"
        record = records.find(batch, s3=_s3(chaos), bucket=_lake(chaos))
        same = ("counts", "snapshot_id", "sequence", "total_rows", "reasons", "profile_key", "status")
        differs = [name for name in same if getattr(record, name, None) != getattr(batch, name)]
        if differs:
            yield f"{batch.batch_id}: the ledger and the run record differ in {differs}"


def _ended(chaos: Chaos, batches: Sequence[Batch]) -> Iterator[str]:
    """The rows of every batch add up, whatever its end, and its run record has the same."""
    for batch in batches:
        record = records.find(batch, s3=_s3(chaos), bucket=_lake(chaos))
        if not batch.counts.balanced or (record and record.counts != batch.counts):
            yield f"{batch.batch_id} ended {batch.state} with {batch.counts}, its record has {record and record.counts}"


def behind(chaos: Chaos, registry: Sequence[Mapping[str, Any]]) -> list[str]:
    """Products of which the registry does not show the newest snapshot."""
    batches = {name: chaos.ledger.batches(name, limit=10_000) for name in chaos.products}
    return [told for name, known in batches.items() for told in _registered(name, known, registry)]


def _registered(product: str, batches: Sequence[Batch], registry: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    newest = max(batches, key=lambda batch: batch.sequence or 0)
    names = {"run_id": "batch_id", "snapshot_id": "snapshot_id", "sequence": "sequence", "total_rows": "total_rows"}
    ours = {name: getattr(newest, of) for name, of in names.items()}
    [item] = [item for item in registry if item["name"] == f"{DOMAIN}.{product}#1"]
    theirs = {name: item.get("snapshot", {}).get(name) for name in names}
    if theirs != ours:
        yield f"{product}: the ledger says {ours}, the registry {theirs}"


def _arrivals(chaos: Chaos) -> Iterator[str]:
    """Every version that was put came to an end, and every file that could be published was."""
    came_to: dict[File, set[str]] = {}
    for put in chaos.puts:
        arrival = chaos.ledger.arrival(chaos.bucket, put.file.key, put.version)
        state = arrival.state if arrival else "unseen"
        came_to.setdefault(put.file, set()).add(state)
        if state in ("unseen", "PENDING", "ASSIGNED"):
            yield f"{put.file.key} {put.version} is {state}"
        # Where each file replaces the table, only the newest of a batch is looked at.
        if state == "COMMITTED" and not put.file.sound and mode_of(put.file.product) != "overwrite":
            yield f"{put.file.key} was published and could not be"
    gone = {put.file for put in chaos.puts if put.deleted}
    for file, states in came_to.items():
        if file.sound and file not in gone and "COMMITTED" not in states:
            yield f"{file.key} was not published: {states}"


def _differ(what: str, expected: Counter[str], found: Counter[str]) -> Iterator[str]:
    missing, more = expected - found, found - expected
    if missing:
        yield f"{what} lacks {missing.total()} rows: {sorted(missing)[:5]}"
    if more:
        yield f"{what} has {more.total()} rows too many: {sorted(more)[:5]}"


def _s3(chaos: Chaos) -> Any:
    return chaos.target.client("s3")


def _lake(chaos: Chaos) -> str:
    return chaos.target.parameters(DOMAIN)["lake-bucket"]
