"""Events become changes of the registry. Pure.

An item has independent parts, each written by one kind of fact and ordered by that fact's own sequence. A change is
made only when its order is above the one that stands. So events may come in any order and any number of times, and the
registry ends the same.

item             part        by                             ordered by
major version    contract    ContractApplied                the ledger's sequence of applied contracts
major version    snapshot    DataProductPublished           Iceberg's sequence
product          failure     BatchRejected, BatchFailed     when it happened, then the event's id
product          grants      GrantsApplied                  when it happened, then the event's id

Each major version of a product is a table of its own, so it has an item of its own.
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
    ObjectPointer,
)
from datamesh.messages import Metadata

__all__ = ["MAJOR", "Change", "Part", "change_of", "moment"]

MAJOR = "#"  # between a product and its major version; no name has it

Part = Literal["contract", "snapshot", "failure", "grants"]


@dataclass(frozen=True)
class Change:
    """`values` of one `part` of `domain.product`, to stand when `order` (compared as text) is above what stands.

    `major` is the major version that the part belongs to, None for a part of the product as a whole.

    `source` is what knowledge takes from the domain with it: its contract, or its profile.
    """

    domain: str
    product: str
    part: Part
    order: str
    values: dict[str, Any]
    source: ObjectPointer | None = None
    major: int | None = None

    @property
    def name(self) -> str:
        return f"{self.domain}.{self.product}"

    @property
    def item(self) -> str:
        """Where it stands in the registry."""
        return self.name if self.major is None else f"{self.name}{MAJOR}{self.major}"


def change_of(metadata: Metadata, event: Event) -> Change | None:
    """What an event changes in the registry, or None when it changes nothing there."""
    match event:
        case ContractApplied(product=product, contract=source):
            order, values = f"{event.sequence:020d}", _values(metadata, event)
            return Change(metadata.domain, product, "contract", order, values, source, _major(event.version))
        case DataProductPublished(product=product, profile=source):
            order, values = f"{event.sequence:020d}", _values(metadata, event)
            return Change(metadata.domain, product, "snapshot", order, values, source, _major(event.version))
        case BatchRejected(product=product) | BatchFailed(product=product):
            return Change(metadata.domain, product, "failure", moment(metadata), _values(metadata, event))
        case GrantsApplied(product=product):
            return Change(metadata.domain, product, "grants", moment(metadata), _values(metadata, event))
        case _:
            return None


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _values(metadata: Metadata, event: Event) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude={"product"}) | {
        "detail_type": event.detail_type(),
        "occurred_at": metadata.occurred_at.isoformat(),
    }


def moment(metadata: Metadata) -> str:
    """A total order of events in time, the same for every copy of one event."""
    return f"{metadata.occurred_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}#{metadata.event_id}"
