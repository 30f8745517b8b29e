"""Ends a batch that is not published: its data broke the contract, or infrastructure failed it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
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
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    it = Unpublished.model_validate(event)
    plane = plane_of(load(DomainSettings))
    if it.error is not None:
        batch = fail(plane, it.product, it.batch_id, attempt=it.attempt, error=it.error.name)
    else:
        batch = reject(plane, it.product, it.batch_id, attempt=it.attempt, reasons=it.reasons)
    logger.info("ended", product=it.product, batch_id=it.batch_id, state=batch.state)
    metrics.add_metric("BatchesFailed" if batch.state == "FAILED" else "BatchesRejected", MetricUnit.Count, 1)
    return {"state": batch.state}
