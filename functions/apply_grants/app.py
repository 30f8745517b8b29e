"""Brings Lake Formation to what contracts and granted requests give: the one writer of its domain's grants."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh import events, messages
from datamesh.publish.grants import apply_grants, take_access
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="apply_grants")
metrics = Metrics(namespace="datamesh", service="apply_grants")
processor = SqsFifoPartialProcessor()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    metrics.add_metric("EventsReceived", MetricUnit.Count, len(event["Records"]))
    return process_partial_response(event, _apply, processor, context)


def _apply(record: SQSRecord, lambda_context: LambdaContext) -> None:
    delivery = messages.Delivery.model_validate_json(record.body)
    metadata, asked = messages.parse(delivery.detail_type, delivery.detail)
    plane = plane_of(load(DomainSettings))
    if isinstance(asked, events.AccessStep) and metadata.domain == delivery.domain == "platform":
        concerned = take_access(plane, asked, about=metadata.correlation_id)
        logger.info("access", request=asked.request_id, step=delivery.detail_type, products=concerned)
        return
    if not isinstance(asked, events.ContractApplied | events.GrantsDiffer):
        logger.warning("ignored", detail_type=delivery.detail_type)
        return
    account = lambda_context.invoked_function_arn.split(":")[4]
    gone = asked.tables if isinstance(asked, events.GrantsDiffer) else ()
    applied = apply_grants(plane, asked.product, account=account, about=metadata.correlation_id, gone=gone)
    if applied is None:
        logger.warning("no such product", product=asked.product)
        return
    logger.info("grants applied", product=asked.product, granted=applied.granted, revoked=applied.revoked)
    metrics.add_metric("PrincipalsRefused", MetricUnit.Count, len(applied.refused))
    if applied.refused:
        logger.error("principals that Lake Formation does not know", product=asked.product, arns=applied.refused)
