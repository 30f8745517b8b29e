"""Works on one slice of a batch: good rows to the table's data path, bad rows to quarantine."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field

from datamesh.publish.manifest import Attempt
from datamesh.publish.plane import plane_of
from datamesh.publish.transform import transform
from datamesh.settings import DomainSettings, load

logger = Logger(service="transform_batch")
metrics = Metrics(namespace="datamesh", service="transform_batch")


class Slice(Attempt):
    number: int = Field(alias="slice")


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Slice)
def handler(event: Slice, context: LambdaContext) -> dict[str, int]:
    plane = plane_of(load(DomainSettings))
    result = transform(
        plane, product=event.product, batch_id=event.batch_id, attempt=event.attempt, slice_number=event.number
    )
    logger.info(
        "transformed", product=event.product, batch_id=event.batch_id, slice=event.number, rows_in=result.rows_in
    )
    metrics.add_metric("RowsIn", MetricUnit.Count, result.rows_in)
    metrics.add_metric("RowsQuarantined", MetricUnit.Count, result.rows_bad)
    return {
        "slice": event.number,
        "rows_in": result.rows_in,
        "rows_good": result.rows_good,
        "rows_bad": result.rows_bad,
    }
