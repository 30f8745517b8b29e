"""The one place that knows what the function of requests is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from datamesh import aws
from datamesh.access.desk import Desk
from datamesh.access.effects import Bus, Effects, Machine, Record, Timer
from datamesh.govern.access_store import AccessStore
from datamesh.registry.promised import Promised
from datamesh.registry.store import Registry
from datamesh.settings import AccessSettings, load

__all__ = ["desk"]


@cache
def desk() -> Desk:
    """The desk of this process."""
    settings = load(AccessSettings)
    store = AccessStore(aws.resource_table(settings.access_table))
    target = {
        "Arn": settings.function_arn,
        "RoleArn": settings.schedule_role_arn,
        "DeadLetterConfig": {"Arn": settings.schedule_dlq_arn},
    }
    effects = Effects(
        store,
        (Record(aws.client("s3"), settings.audit_bucket), Bus(aws.client("events"), settings.bus_name)),
        Timer(aws.client("scheduler"), f"datamesh-{settings.stage}-access-", target),
        Machine(aws.client("stepfunctions"), settings.state_machine_arn),
        _now,
    )
    registry = Registry(aws.resource_table(settings.registry_table))
    return Desk(store, effects, Promised(registry, aws.client("s3"), settings.knowledge_bucket).of, _now)


def _now() -> datetime:
    return datetime.now(UTC)
