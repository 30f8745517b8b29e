"""Events become changes of the registry. Pure.

A product's item has independent parts, each written by one kind of fact and ordered by that fact's own sequence. A
change is made only when its order is above the one that stands. So events may come in any order and any number of
times, and the registry ends the same.

part        by                             ordered by
contract    ContractApplied                the ledger's sequence of applied contracts
snapshot    DataProductPublished           major version, then Iceberg's sequence: a new major is a new table, from 1
failure     BatchRejected, BatchFailed     when it happened, then the event's id
grants      GrantsApplied                  when it happened, then the event's id
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal

from datamesh.events import (
    BatchFailed,
    BatchRejected,
    ContractApplied,
    DataProductPublished,
    Event,
    GrantsApplied,
    Metadata,
    ObjectPointer,
)

__all__ = ["Change", "Part", "change_of", "moment"]

Part = Literal["contract", "snapshot", "failure", "grants"]


@dataclass(frozen=True)
class Change:
    """`values` of one `part` of `domain.product`, to stand when `order` (compared as text) is above what stands.

    `source` is what knowledge takes from the domain with it: its contract, or its profile.
    """

    domain: str
    product: str
    part: Part
    order: str
    values: dict[str, Any]
    source: ObjectPointer | None = None

    @property
    def name(self) -> str:
        return f"{self.domain}.{self.product}"


def change_of(metadata: Metadata, event: Event) -> Change | None:
    """What an event changes in the registry, or None when it changes nothing there."""
    match event:
        case ContractApplied(product=product, contract=source):
            return Change(
                metadata.domain, product, "contract", f"{event.sequence:020d}", _values(metadata, event), source
            )
        case DataProductPublished(product=product, profile=source):
            order = f"{int(event.version.partition('.')[0]):010d}.{event.sequence:020d}"
            return Change(metadata.domain, product, "snapshot", order, _values(metadata, event), source)
        case BatchRejected(product=product) | BatchFailed(product=product):
            return Change(metadata.domain, product, "failure", moment(metadata), _values(metadata, event))
        case GrantsApplied(product=product):
            return Change(metadata.domain, product, "grants", moment(metadata), _values(metadata, event))
        case _:
            return None


def _values(metadata: Metadata, event: Event) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude={"product"}) | {
        "detail_type": event.detail_type(),
        "occurred_at": metadata.occurred_at.isoformat(),
    }


def moment(metadata: Metadata) -> str:
    """A total order of events in time, the same for every copy of one event."""
    return f"{metadata.occurred_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}#{metadata.event_id}"
