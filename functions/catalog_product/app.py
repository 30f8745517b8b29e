"""Takes a batch through the data-set gate and commits its good rows to the product's table."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.publish.commit import catalog
from datamesh.publish.manifest import Attempt
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="catalog_product")
metrics = Metrics(namespace="datamesh", service="catalog_product")


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Attempt)
def handler(event: Attempt, context: LambdaContext) -> dict[str, Any]:
    settings = load(DomainSettings)
    done = catalog(
        plane_of(settings),
        product=event.product,
        batch_id=event.batch_id,
        attempt=event.attempt,
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    logger.info("cataloged", product=event.product, batch_id=event.batch_id, status=done.status)
    metrics.set_default_dimensions(stage=settings.stage, domain=settings.domain)
    metrics.add_dimensions(stage=settings.stage, domain=settings.domain, product=event.product)
    # A rejected batch is counted where it ends.
    metrics.add_metric("BatchesPublished", MetricUnit.Count, int(done.status == "published"))
    metrics.add_metric("BatchesPartial", MetricUnit.Count, int(done.status == "partial"))
    metrics.add_metric("RowsPublished", MetricUnit.Count, done.rows_published)
    metrics.add_metric("RowsQuarantined", MetricUnit.Count, done.rows_quarantined)
    return done.model_dump(mode="json")
