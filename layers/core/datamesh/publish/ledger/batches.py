"""The ledger's batches: how a run went. Every move is conditional on the state before it, and may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from datamesh.errors import InfrastructureError, LeaseLost
from datamesh.events import Reason
from datamesh.publish.ledger.leases import LeaseItems
from datamesh.publish.ledger.model import Batch, BatchState, Counts, Step
from datamesh.publish.ledger.products import ProductItems
from datamesh.publish.ledger.store import Item, plain
from datamesh.publish.manifest import Manifest

__all__ = ["BatchItems"]


class BatchItems(ProductItems, LeaseItems):
    def batch(self, product: str, batch_id: str) -> Batch | None:
        item = self._get(_product(product), _batch(batch_id))
        return Batch.model_validate(item) if item else None

    def batches(self, product: str | None = None, *, limit: int = 20) -> list[Batch]:
        """The newest batches of a product, or of all of them."""
        names = [product] if product else [state.product for state in self.products()]
        found = [
            item for name in names for item in self._query(_product(name), "batch#", limit=limit, newest_first=True)
        ]
        newest = sorted(found, key=lambda item: str(item["batch_id"]), reverse=True)
        return [Batch.model_validate(item) for item in newest[:limit]]

    def open_batch(self, manifest: Manifest) -> Batch:
        """Begins the batch of a manifest, ASSIGNED; may be repeated. Raises LeaseLost when it lacks the lease."""
        product, batch_id = manifest.product, manifest.batch_id
        batch = Batch(
            product=product,
            batch_id=batch_id,
            state="ASSIGNED",
            contract_version=manifest.contract_version,
            objects=len(manifest.objects),
            size=sum(ref.size for ref in manifest.objects),
            created_at=self._now(),
        )
        new = self._put(
            {"pk": _product(product), "sk": _batch(batch_id)} | plain(batch), when="attribute_not_exists(pk)"
        )
        if 0 in self._transact([self._lease_held(product, batch_id), new]):
            raise LeaseLost(f"batch {batch_id} lost {product} while it was formed")
        return self.batch(product, batch_id) or batch

    def next_attempt(
        self, product: str, batch_id: str, *, after: int, ttl: timedelta, state: BatchState = "ASSIGNED"
    ) -> bool:
        """Hands the batch to attempt `after` + 1; what attempt `after` does from now on is fenced off.

        From `state` FAILED the batch runs again. False when the batch moved on meanwhile.
        """
        again = self._update(
            _product(product),
            _batch(batch_id),
            "SET #state = :assigned, #attempt = :next REMOVE #ended_at, #error, #record_key",
            when="#state = :state AND #attempt = :after",
            values={":assigned": "ASSIGNED", ":next": after + 1, ":state": state, ":after": after},
        )
        return not self._transact([again, self._lease_to_next(product, batch_id, after, ttl)])

    def record_step(self, product: str, batch_id: str, step: Step) -> None:
        sort = f"{step.started_at:%Y-%m-%dT%H:%M:%S.%f}#{step.attempt}#{step.name}#{step.detail.get('slice', '')}"
        self._apply(self._put({"pk": _steps(product, batch_id), "sk": sort} | plain(step)))

    def steps(self, product: str, batch_id: str) -> list[Step]:
        """The steps of all attempts, in the order they began."""
        return [Step.model_validate(item) for item in self._query(_steps(product, batch_id))]

    def committed(
        self,
        product: str,
        batch_id: str,
        *,
        snapshot_id: int,
        sequence: int,
        counts: Counts,
        reasons: Sequence[Reason],
        profile_key: str,
        total_rows: int,
        record_key: str = "",
    ) -> None:
        """The batch's snapshot has landed. Raises LeaseLost when the batch has another end already."""
        _balanced(product, batch_id, counts)
        end = {
            "snapshot_id": snapshot_id,
            "sequence": sequence,
            "counts": counts.model_dump(),
            "reasons": [reason.model_dump() for reason in reasons],
            "profile_key": profile_key,
            "total_rows": total_rows,
            "record_key": record_key,
        }
        if not self._end(product, batch_id, "COMMITTED", end):
            now = self._standing(product, batch_id)
            if now.state not in {"COMMITTED", "ANNOUNCED"} or now.snapshot_id != snapshot_id:
                raise LeaseLost(f"batch {batch_id} of {product} is {now.state}, not to be committed")

    def rejected(
        self,
        product: str,
        batch_id: str,
        *,
        reasons: Sequence[Reason],
        attempt: int | None = None,
        counts: Counts | None = None,
        record_key: str = "",
    ) -> None:
        """The batch's data broke its contract. Raises LeaseLost when it has another end, or is another attempt's."""
        end: Item = {"reasons": [reason.model_dump() for reason in reasons], "record_key": record_key}
        if counts is not None:
            _balanced(product, batch_id, counts)
            end["counts"] = counts.model_dump()
        self._finish(product, batch_id, "REJECTED", end, attempt)

    def failed(
        self, product: str, batch_id: str, *, error: str, attempt: int | None = None, record_key: str = ""
    ) -> None:
        """Infrastructure failed the batch; it keeps its objects. `error` is an error's name. Raises LeaseLost."""
        self._finish(product, batch_id, "FAILED", {"error": error, "record_key": record_key}, attempt)

    def announced(self, product: str, batch_id: str) -> None:
        """The mesh was told of the batch's snapshot; may be repeated. Raises LeaseLost when nothing was committed."""
        moved = self._apply(
            self._update(
                _product(product),
                _batch(batch_id),
                "SET #state = :announced",
                when="#state IN (:committed, :announced)",
                values={":announced": "ANNOUNCED", ":committed": "COMMITTED"},
            )
        )
        if not moved:
            raise LeaseLost(f"batch {batch_id} of {product} has nothing to announce")

    def _finish(self, product: str, batch_id: str, state: BatchState, end: Item, attempt: int | None) -> None:
        if not self._end(product, batch_id, state, end, attempt):
            now = self._standing(product, batch_id)
            if now.state != state or attempt not in {None, now.attempt}:
                raise LeaseLost(f"batch {batch_id} of {product} is {now.state} in attempt {now.attempt}")

    def _end(self, product: str, batch_id: str, state: BatchState, end: Item, attempt: int | None = None) -> bool:
        values: dict[str, Any] = {f":{name}": value for name, value in end.items()}
        values |= {":state": state, ":now": self._now().isoformat(), ":assigned": "ASSIGNED"}
        values |= {":attempt": attempt} if attempt is not None else {}
        change = "SET #state = :state, #ended_at = :now" + "".join(f", #{name} = :{name}" for name in end)
        when = "#state = :assigned" + (" AND #attempt = :attempt" if attempt is not None else "")
        return self._apply(self._update(_product(product), _batch(batch_id), change, when=when, values=values))

    def _standing(self, product: str, batch_id: str) -> Batch:
        batch = self.batch(product, batch_id)
        if batch is None:
            raise InfrastructureError(f"the ledger has no batch {batch_id} of {product}")
        return batch


def _balanced(product: str, batch_id: str, counts: Counts) -> None:
    if not counts.balanced:
        raise InfrastructureError(f"rows of batch {batch_id} of {product} do not add up: {counts!r}")


def _product(name: str) -> str:
    return f"product#{name}"


def _batch(batch_id: str) -> str:
    return f"batch#{batch_id}"


def _steps(product: str, batch_id: str) -> str:
    return f"steps#{product}#{batch_id}"
