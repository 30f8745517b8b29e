"""The one place that knows what the query function is made of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from datamesh import aws, events, messages
from datamesh.ask.answer import Desk
from datamesh.ask.planner import plan
from datamesh.ask.queries import Queries
from datamesh.ask.readers import ReaderSessions
from datamesh.ask.run import Limits, duck_run
from datamesh.ask.scan import IcebergTables
from datamesh.ask.service import Patience, Service
from datamesh.errors import Transient
from datamesh.govern.access_store import AccessStore
from datamesh.lake.table import load as load_table
from datamesh.registry.knowledge import KnowledgeLoader
from datamesh.registry.store import Registry
from datamesh.settings import AskSettings, load

__all__ = ["service"]

logger = Logger(service="ask", child=True)


@cache
def service(function_name: str) -> Service:
    """The service of this process; `function_name` is the function that goes on where a call ends."""
    settings = load(AskSettings)
    limits = Limits(settings.max_scan_bytes, settings.engine_memory_mb, settings.engine_threads)
    tables = IcebergTables(load_table, ReaderSessions())
    registry = Registry(aws.resource_table(settings.registry_table))
    access = AccessStore(aws.resource_table(settings.access_table))
    return Service(
        knowledge=KnowledgeLoader(registry, aws.client("s3"), settings.knowledge_bucket).load,
        held=lambda principal: access.held_by(principal, datetime.now(UTC)),
        desk=Desk(
            duck_run(tables, limits, lambda: mask_key(settings.mask_key_arn)),
            plan,
            lambda: datetime.now(UTC).date(),
            settings.max_rows,
        ),
        queries=Queries(aws.resource_table(settings.queries_table), aws.client("s3"), settings.results_bucket),
        go_on=lambda query_id: _go_on(function_name, query_id),
        announce=lambda event: _announce(event, settings.bus_name),
        now=lambda: datetime.now(UTC),
        patience=Patience(settings.answer_within_seconds, settings.finish_within_seconds),
    )


@cache
def mask_key(key_arn: str) -> str:
    """What hashes of masked values are keyed with: the same for the whole mesh, for as long as the KMS key is there."""
    request = {"KeyId": key_arn, "MacAlgorithm": "HMAC_SHA_256", "Message": b"datamesh masks"}
    mac: bytes = aws.client("kms").generate_mac(**request)["Mac"]
    return mac.hex()


def _go_on(function_name: str, query_id: str) -> None:
    payload = json.dumps({"query_id": query_id})
    aws.client("lambda").invoke(FunctionName=function_name, InvocationType="Event", Payload=payload)


def _announce(event: events.QuestionAnswered, bus: str) -> None:
    """An answer is given even when nobody can be told of it."""
    try:
        messages.emit([event], client=aws.client("events"), bus=bus, domain="platform", correlation_id=event.query_id)
    except (Transient, ClientError, BotoCoreError) as error:
        logger.warning("event not sent", query_id=event.query_id, error=type(error).__name__)
