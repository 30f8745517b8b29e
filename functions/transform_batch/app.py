"""Works on one slice of a batch: good rows to the table's data path, bad rows to quarantine."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
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
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    it = Slice.model_validate(event)
    plane = plane_of(load(DomainSettings))
    result = transform(plane, product=it.product, batch_id=it.batch_id, attempt=it.attempt, slice_number=it.number)
    logger.info("transformed", product=it.product, batch_id=it.batch_id, slice=it.number, rows_in=result.rows_in)
    metrics.add_metric("RowsIn", MetricUnit.Count, result.rows_in)
    metrics.add_metric("RowsQuarantined", MetricUnit.Count, result.rows_bad)
    return {"slice": it.number, "rows_in": result.rows_in, "rows_good": result.rows_good, "rows_bad": result.rows_bad}
