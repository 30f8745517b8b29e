"""Says whether a contract that was put in the landing bucket may be applied."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.publish.arrivals import ObjectCreated
from datamesh.publish.contracts import check
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="check_contract")
metrics = Metrics(namespace="datamesh", service="check_contract")


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=ObjectCreated)
def handler(event: ObjectCreated, context: LambdaContext) -> dict[str, Any]:
    checked = check(plane_of(load(DomainSettings)), event)
    logger.info("checked", product=checked.product, verdict=checked.verdict)
    metrics.add_metric("ContractsRejected", MetricUnit.Count, int(checked.verdict == "rejected"))
    return checked.model_dump(mode="json")
