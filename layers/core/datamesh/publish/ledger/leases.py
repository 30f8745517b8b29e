"""The lease of a product: one batch at a time forms, commits and announces.

A lease has no owner that could die with it: it belongs to a batch, and whoever finds it expired goes on with that
batch. So expiry never starts anything new, and an end of a batch that still holds the lease is an end nobody was told.
"""

from __future__ import annotations

from datetime import timedelta

from datamesh.errors import LeaseLost
from datamesh.publish.ledger.model import Lease
from datamesh.publish.ledger.store import Store, Write, plain

__all__ = ["LeaseItems"]

_LEASE = "lease"
_HELD = "#batch_id = :batch AND #attempt = :attempt"


class LeaseItems(Store):
    def lease(self, product: str) -> Lease | None:
        item = self._get(_product(product), _LEASE)
        return Lease.model_validate(item) if item else None

    def expired(self, lease: Lease) -> bool:
        return lease.expires_at <= self._in(timedelta())

    def acquire(self, product: str, batch_id: str, *, ttl: timedelta, attempt: int = 1) -> bool:
        """Takes the product's lease for a batch when nobody else has it; may be repeated, as the SDK does by itself.

        `ttl` must outlast the function that takes it.
        """
        lease = Lease(product=product, batch_id=batch_id, attempt=attempt, expires_at=self._in(ttl))
        item = {"pk": _product(product), "sk": _LEASE} | plain(lease)
        free = f"attribute_not_exists(pk) OR ({_HELD})"
        return self._apply(self._put(item, when=free, values=_holder(batch_id, attempt)))

    def take_over(self, lease: Lease, *, ttl: timedelta) -> bool:
        """Extends an expired lease, still for its batch. False when somebody else did so first."""
        return self._apply(
            self._update(
                _product(lease.product),
                _LEASE,
                "SET #expires_at = :until",
                when=f"{_HELD} AND #expires_at = :seen",
                values={":until": self._in(ttl), ":seen": lease.expires_at} | _holder(lease.batch_id, lease.attempt),
            )
        )

    def renew(self, product: str, batch_id: str, *, attempt: int, ttl: timedelta = timedelta(minutes=15)) -> None:
        """Extends the lease of this very attempt; the fence before every side effect. Raises LeaseLost."""
        held = self._apply(
            self._update(
                _product(product),
                _LEASE,
                "SET #expires_at = :until",
                when=_HELD,
                values={":until": self._in(ttl)} | _holder(batch_id, attempt),
            )
        )
        if not held:
            raise LeaseLost(f"attempt {attempt} of batch {batch_id} does not hold {product} any more")

    def release(self, product: str, batch_id: str, *, attempt: int) -> bool:
        """Gives the lease back. False when this attempt of this batch does not hold it."""
        return self._apply(self._delete(_product(product), _LEASE, when=_HELD, values=_holder(batch_id, attempt)))

    def _lease_held(self, product: str, batch_id: str) -> Write:
        return self._check(_product(product), _LEASE, when="#batch_id = :batch", values={":batch": batch_id})

    def _lease_to_next(self, product: str, batch_id: str, attempt: int, ttl: timedelta) -> Write:
        return self._update(
            _product(product),
            _LEASE,
            "SET #attempt = :next, #expires_at = :until",
            when=_HELD,
            values={":next": attempt + 1, ":until": self._in(ttl)} | _holder(batch_id, attempt),
        )

    def _in(self, ttl: timedelta) -> int:
        return int((self._now() + ttl).timestamp() * 1000)


def _product(name: str) -> str:
    return f"product#{name}"


def _holder(batch_id: str, attempt: int) -> dict[str, str | int]:
    return {":batch": batch_id, ":attempt": attempt}
