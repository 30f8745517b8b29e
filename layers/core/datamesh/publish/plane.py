"""What publishing works with: the domain's settings, its ledger and AWS clients, put together in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from datamesh import aws, events, messages
from datamesh.publish.ledger import Ledger
from datamesh.settings import DomainSettings

__all__ = ["Plane", "plane_of"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Plane:
    """A domain's side of the mesh. `client` gives the AWS client of a service's name, `now` the time."""

    settings: DomainSettings
    ledger: Ledger
    client: Callable[[str], Any] = field(default=aws.client)
    now: Callable[[], datetime] = field(default=_utc_now)

    @property
    def lease_ttl(self) -> timedelta:
        return timedelta(seconds=self.settings.lease_seconds)

    def emit(self, *facts: events.Event, about: str) -> None:
        """Sends events to the mesh bus; `about` is the run's or object's id. Raises Transient when refused."""
        messages.emit(
            facts,
            client=self.client("events"),
            bus=self.settings.bus_name,
            domain=self.settings.domain,
            correlation_id=about,
        )


def plane_of(settings: DomainSettings) -> Plane:
    """The plane of a deployed function."""
    return Plane(settings, Ledger(aws.resource_table(settings.ledger_table)))
