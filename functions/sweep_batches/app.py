"""Every minute: what nobody is at work on is gone on with."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.errors import InfrastructureError
from datamesh.publish.grants import grants_differ
from datamesh.publish.plane import plane_of
from datamesh.publish.sweep import sweep
from datamesh.settings import DomainSettings, load

logger = Logger(service="sweep_batches")
metrics = Metrics(namespace="datamesh", service="sweep_batches")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    plane = plane_of(load(DomainSettings))
    account = context.invoked_function_arn.split(":")[4]
    swept = sweep(plane, grants_differ=partial(grants_differ, plane, account=account))
    metrics.add_metric("SweepsFailed", MetricUnit.Count, len(swept.failed))
    if swept.failed:
        raise InfrastructureError(f"could not attend to {swept.failed}")
    return {"products": swept.products}
