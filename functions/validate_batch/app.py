"""Looks at the files of a batch before any work is put into them, and cuts the work into slices."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.publish.manifest import Attempt
from datamesh.publish.plane import plane_of
from datamesh.publish.validate import validate
from datamesh.settings import DomainSettings, load

logger = Logger(service="validate_batch")
metrics = Metrics(namespace="datamesh", service="validate_batch")


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Attempt)
def handler(event: Attempt, context: LambdaContext) -> dict[str, Any]:
    plane = plane_of(load(DomainSettings))
    validated = validate(plane, product=event.product, batch_id=event.batch_id, attempt=event.attempt)
    logger.info("validated", product=event.product, batch_id=event.batch_id, verdict=validated.verdict)
    metrics.add_metric("SlicesFormed", MetricUnit.Count, len(validated.slices))
    return validated.model_dump(mode="json")
