"""Takes the mesh's events into the registry, and contracts and profiles into the platform's knowledge."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh import aws
from datamesh.messages import Delivery
from datamesh.registry.projector import Projector
from datamesh.registry.store import Registry
from datamesh.settings import PlatformSettings, load

logger = Logger(service="project_events")
metrics = Metrics(namespace="datamesh", service="project_events")
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    metrics.add_metric("EventsReceived", MetricUnit.Count, len(event["Records"]))
    settings = load(PlatformSettings)
    projector = Projector(
        registry=Registry(aws.resource_table(settings.registry_table)),
        s3=aws.client("s3"),
        bucket=settings.knowledge_bucket,
        reader_role=settings.reader_role_arn,
        s3_as=lambda role_arn: aws.client_as(role_arn, "s3"),
    )
    return process_partial_response(event, partial(_take, projector), processor, context)


def _take(projector: Projector, record: SQSRecord) -> None:
    delivery = Delivery.model_validate_json(record.body)
    try:
        outcome = projector.take(delivery)
    except Exception:
        logger.exception("not taken in", detail_type=delivery.detail_type)  # the processor tells nobody why
        raise
    log = logger.error if outcome == "refused" else logger.info
    log(outcome, detail_type=delivery.detail_type, source=delivery.source, account=delivery.account)
    metrics.add_metric(f"Event{outcome.capitalize()}", MetricUnit.Count, 1)
