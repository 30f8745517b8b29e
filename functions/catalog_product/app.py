"""Takes a batch through the data-set gate and commits its good rows to the product's table."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.publish.commit import catalog
from datamesh.publish.manifest import Attempt
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="catalog_product")
metrics = Metrics(namespace="datamesh", service="catalog_product")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    it = Attempt.model_validate(event)
    plane = plane_of(load(DomainSettings))
    done = catalog(plane, product=it.product, batch_id=it.batch_id, attempt=it.attempt)
    logger.info("cataloged", product=it.product, batch_id=it.batch_id, status=done.status)
    # A rejected batch is counted where it ends.
    metrics.add_metric(f"Batches{done.status.capitalize()}", MetricUnit.Count, int(done.verdict == "committed"))
    return done.model_dump(mode="json")
