"""Files that arrived become batches that run; asked to drain a product, it does the same with what is pending."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import TypeAdapter

from datamesh.publish.plane import plane_of
from datamesh.publish.routing import Message, route_all, take
from datamesh.settings import DomainSettings, load

logger = Logger(service="route_arrivals")
metrics = Metrics(namespace="datamesh", service="route_arrivals")
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
messages: TypeAdapter[Message] = TypeAdapter(Message)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    plane = plane_of(load(DomainSettings))
    products: set[str] = set()

    def arrived(record: SQSRecord) -> None:
        try:
            if product := take(plane, messages.validate_json(record.body)):
                products.add(product)
        except Exception:
            logger.exception("not taken in", message_id=record.message_id)  # the processor tells nobody why
            raise

    answer = process_partial_response(event, arrived, processor, context)
    # All are recorded before any is routed: files of one delivery are one batch.
    started = route_all(plane, sorted(products))
    logger.info("routed", products=sorted(products), started=started)
    metrics.add_metric("BatchesStarted", MetricUnit.Count, len(started))
    return answer
