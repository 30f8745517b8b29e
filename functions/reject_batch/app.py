"""Ends a batch that is not published: its data broke the contract, or infrastructure failed it."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from datamesh.events import Reason
from datamesh.publish.endings import fail, reject
from datamesh.publish.manifest import Attempt
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="reject_batch")
metrics = Metrics(namespace="datamesh", service="reject_batch")


class StepError(BaseModel):
    """Step Functions' error output; its Cause may quote data and is left unread."""

    name: str = Field(alias="Error")


class Unpublished(Attempt):
    reasons: tuple[Reason, ...] = ()
    error: StepError | None = None


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Unpublished)
def handler(event: Unpublished, context: LambdaContext) -> dict[str, str]:
    settings = load(DomainSettings)
    plane = plane_of(settings)
    if event.error is not None:
        batch = fail(plane, event.product, event.batch_id, attempt=event.attempt, error=event.error.name)
    else:
        batch = reject(plane, event.product, event.batch_id, attempt=event.attempt, reasons=event.reasons)
    logger.info("ended", product=event.product, batch_id=event.batch_id, state=batch.state)
    metrics.set_default_dimensions(stage=settings.stage, domain=settings.domain)
    metrics.add_dimensions(stage=settings.stage, domain=settings.domain, product=event.product)
    metrics.add_metric("BatchesFailed" if batch.state == "FAILED" else "BatchesRejected", MetricUnit.Count, 1)
    metrics.add_metric("RowsRejected", MetricUnit.Count, batch.counts.rows_in if batch.state == "REJECTED" else 0)
    return {"state": batch.state}
