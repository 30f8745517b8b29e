"""The ledger's objects: each version of a landing object once, each content of a key once.

arrival#<bucket>/<key>  <version>        a version was seen; names its object
object#<object id>      state            PENDING, or ASSIGNED to a batch
pending#<product>       <time>#<id>      there while PENDING only: what the next batch takes, oldest first
replay#<product>        <batch id>       which object sends the quarantined rows of that run through again
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datamesh.errors import LeaseLost
from datamesh.publish.ledger.batches import BatchItems
from datamesh.publish.ledger.model import Arrival, ArrivalState, BatchState, Recorded
from datamesh.publish.ledger.store import Write, plain
from datamesh.publish.manifest import ObjectRef

__all__ = ["ObjectItems"]

_STATE = "state"
_PART = 49  # a transaction takes 100 writes: two for each object, one for the lease
_AS_ARRIVAL: dict[BatchState, ArrivalState] = {
    "ASSIGNED": "ASSIGNED",
    "FAILED": "ASSIGNED",  # it keeps its objects until it is retried
    "COMMITTED": "COMMITTED",
    "ANNOUNCED": "COMMITTED",
    "REJECTED": "REJECTED",
}


class ObjectItems(BatchItems):
    def record(self, product: str, ref: ObjectRef, *, replays: str = "") -> Recorded:
        """Records an arrival: `pending` when its object is new, `duplicate` when its content was taken before.

        `known` says that this very version was recorded already (an event told twice). Content whose batch was
        rejected is taken again when it comes as a new version: its contract may have been mended since.

        `replays` names a run whose quarantined rows the object holds. They go through once: what comes after another
        object with rows of that run is `replayed`, and not recorded, unless that one's batch was rejected.
        """
        return self._record(product, ref, [self._claim(product, replays, ref)] if replays else [])

    def replay(self, product: str, batch_id: str) -> Arrival | None:
        """The object that sends the quarantined rows of a run through again, or None when none has come."""
        item = self._get(_replay(product), batch_id)
        return self.arrival(item["bucket"], item["key"], item["version_id"]) if item else None

    def reject_arrival(self, bucket: str, key: str, version_id: str, *, rule: str, product: str | None = None) -> bool:
        """Records a version that comes into no batch, and why. False when the version is known already."""
        arrival = Arrival(bucket=bucket, key=key, version_id=version_id, state="REJECTED", product=product, rule=rule)
        item = _arrival_key(bucket, key, version_id) | plain(arrival)
        return self._apply(self._put(item, when="attribute_not_exists(pk)"))

    def arrival(self, bucket: str, key: str, version_id: str) -> Arrival | None:
        """One version of a landing object as it stands now, or None when its event has not come."""
        at = _arrival_key(bucket, key, version_id)
        item = self._get(at["pk"], at["sk"])
        if item is None:
            return None
        arrival = Arrival.model_validate(item)
        if arrival.object_id is None:
            return arrival
        if arrival.batch_id is not None:  # its content came again since, and is in another batch now
            return self._as_its_batch(arrival, arrival.batch_id)
        taken = self._object(arrival.object_id)
        batch_id = taken.get("batch_id")
        if taken["version_id"] != arrival.version_id:
            return arrival.model_copy(update={"state": "DUPLICATE", "batch_id": batch_id})
        return self._as_its_batch(arrival, batch_id) if batch_id else arrival

    def pending(self, product: str, *, limit: int | None = None) -> list[ObjectRef]:
        """The objects that no batch has taken, oldest first."""
        return [ObjectRef.model_validate(item) for item in self._query(_pending(product), limit=limit)]

    def count_pending(self, product: str, *, limit: int) -> int:
        """How many objects no batch has taken; not counted beyond `limit`."""
        return self._count(_pending(product), limit=limit)

    def assign(self, product: str, batch_id: str, objects: Sequence[ObjectRef]) -> None:
        """Gives pending objects to the batch that holds the lease; may be repeated. Raises LeaseLost."""
        for start in range(0, len(objects), _PART):
            part = objects[start : start + _PART]
            writes = [write for ref in part for write in self._taking(product, batch_id, ref)]
            if self._transact([self._lease_held(product, batch_id), *writes]):
                raise LeaseLost(f"batch {batch_id} lost {product} while it took its objects")

    def _record(self, product: str, ref: ObjectRef, claim: Sequence[Write]) -> Recorded:
        made = [self._new_arrival(product, ref), self._new_object(ref), self._marker(product, ref)]
        failed = self._transact([*made, *claim])
        if 0 in failed:
            return "known"
        if not failed:
            return "pending"
        return self._record_again(product, ref, claim) if 1 in failed else self._replay_again(product, ref, claim)

    def _replay_again(self, product: str, ref: ObjectRef, claim: Sequence[Write]) -> Recorded:
        """Rows of a run of which other ones came before: taken only where those were all refused."""
        run = claim[0]["Put"]["Item"]["sk"]
        before = self._get(_replay(product), run)
        if before is None:
            return self._record(product, ref, claim)
        held = self.arrival(before["bucket"], before["key"], before["version_id"])
        if held is None or held.state != "REJECTED":
            return "replayed"
        return self._record(product, ref, [self._claim(product, run, ref, after=before["version_id"])])

    def _record_again(self, product: str, ref: ObjectRef, claim: Sequence[Write]) -> Recorded:
        taken = self._object(ref.object_id)
        batch_id = taken.get("batch_id")
        batch = self.batch(product, batch_id) if batch_id else None
        if batch is None or batch.state != "REJECTED":
            known = not self._apply(self._new_arrival(product, ref))
            return "known" if known else "duplicate"
        before = _arrival_key(taken["bucket"], taken["key"], taken["version_id"])
        failed = self._transact(
            [
                self._new_arrival(product, ref),
                self._new_object(ref, when="#batch_id = :batch", values={":batch": batch_id}),
                self._marker(product, ref),
                self._update(
                    before["pk"],
                    before["sk"],
                    "SET #batch_id = :batch",
                    when="attribute_exists(pk)",
                    values={":batch": batch_id},
                ),
                *claim,
            ]
        )
        if not failed:
            return "pending"
        if 0 in failed:
            return "known"
        return self._replay_again(product, ref, claim) if failed == (4,) else self._record_again(product, ref, claim)

    def _as_its_batch(self, arrival: Arrival, batch_id: str) -> Arrival:
        batch = self.batch(arrival.product or "", batch_id)
        state = _AS_ARRIVAL[batch.state] if batch else "ASSIGNED"
        return arrival.model_copy(update={"state": state, "batch_id": batch_id})

    def _object(self, object_id: str) -> dict[str, Any]:
        return self._get(_object(object_id), _STATE) or {}

    def _new_arrival(self, product: str, ref: ObjectRef) -> Write:
        arrival = Arrival(
            bucket=ref.bucket,
            key=ref.key,
            version_id=ref.version_id,
            state="PENDING",
            product=product,
            object_id=ref.object_id,
        )
        item = _arrival_key(ref.bucket, ref.key, ref.version_id) | plain(arrival)
        return self._put(item, when="attribute_not_exists(pk)")

    def _new_object(
        self, ref: ObjectRef, *, when: str = "attribute_not_exists(pk)", values: dict[str, Any] | None = None
    ) -> Write:
        item = {"pk": _object(ref.object_id), "sk": _STATE, "state": "PENDING"} | plain(ref)
        return self._put(item, when=when, values=values)

    def _claim(self, product: str, run: str, ref: ObjectRef, *, after: str | None = None) -> Write:
        """Nobody's yet, or this object's own; or, `after` a version that was looked at, still that one's."""
        item = {"pk": _replay(product), "sk": run, "object_id": ref.object_id}
        item |= {"bucket": ref.bucket, "key": ref.key, "version_id": ref.version_id}
        if after is None:
            return self._put(item, when="attribute_not_exists(pk) OR #object_id = :id", values={":id": ref.object_id})
        return self._put(item, when="#version_id = :after", values={":after": after})

    def _marker(self, product: str, ref: ObjectRef) -> Write:
        return self._put({"pk": _pending(product), "sk": ref.order} | plain(ref))

    def _taking(self, product: str, batch_id: str, ref: ObjectRef) -> tuple[Write, Write]:
        take = self._update(
            _object(ref.object_id),
            _STATE,
            "SET #state = :assigned, #batch_id = :batch",
            when="#state = :pending OR #batch_id = :batch",
            values={":assigned": "ASSIGNED", ":pending": "PENDING", ":batch": batch_id},
        )
        return take, self._delete(_pending(product), ref.order)


def _arrival_key(bucket: str, key: str, version_id: str) -> dict[str, str]:
    return {"pk": f"arrival#{bucket}/{key}", "sk": version_id or "null"}


def _object(object_id: str) -> str:
    return f"object#{object_id}"


def _pending(product: str) -> str:
    return f"pending#{product}"


def _replay(product: str) -> str:
    return f"replay#{product}"
