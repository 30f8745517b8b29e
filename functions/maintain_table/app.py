"""Every hour, and when asked: tables are maintained, those that have waited longest first."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from datamesh.publish.plane import plane_of
from datamesh.publish.upkeep import maintain_due, maintain_one
from datamesh.settings import DomainSettings, load

logger = Logger(service="maintain_table")
metrics = Metrics(namespace="datamesh", service="maintain_table")


class Asked(BaseModel):
    """`product` names one, whose tables may be due or not; the schedule names none."""

    product: str = ""
    dry_run: bool = False


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Asked)
def handler(event: Asked, context: LambdaContext) -> dict[str, Any]:
    plane = plane_of(load(DomainSettings))
    if event.product:
        done = maintain_one(plane, event.product, dry_run=event.dry_run)
    else:
        done = maintain_due(plane, seconds_left=lambda: context.get_remaining_time_in_millis() / 1000)
    for each in done:
        logger.info("maintained", **each.model_dump(mode="json"))
    metrics.add_metric("TablesMaintained", MetricUnit.Count, len(done))
    return {"maintained": [each.model_dump(mode="json") for each in done]}
