"""Announces a committed batch to the mesh."""

from __future__ import annotations

from functools import partial

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from datamesh.publish.announce import announce
from datamesh.publish.grants import grants_differ
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="register_product")
metrics = Metrics(namespace="datamesh", service="register_product")


class Committed(BaseModel):
    product: str
    batch_id: str


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Committed)
def handler(event: Committed, context: LambdaContext) -> dict[str, bool]:
    plane = plane_of(load(DomainSettings))
    account = context.invoked_function_arn.split(":")[4]
    differ = partial(grants_differ, plane, account=account)
    announce(plane, event.product, event.batch_id, grants_differ=differ)
    metrics.add_metric("BatchesAnnounced", MetricUnit.Count, 1)
    return {"announced": True}
