"""Every hour, and when asked: does Lake Formation stand as the policy wants? Reads; apply_grants mends."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from datamesh.publish.drift import find_drift, mend, tell
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="check_access")
metrics = Metrics(namespace="datamesh", service="check_access")


class Asked(BaseModel):
    """`products` names some, without their domain; none: all. The schedule, which names no `mend`, tells what it finds.

    Whoever asks is answered; with `mend` apply_grants is asked, too.
    """

    products: list[str] = []
    mend: bool | None = None


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Asked)
def handler(event: Asked, context: LambdaContext) -> dict[str, Any]:
    metrics.add_metric("ChecksBegun", MetricUnit.Count, 1)
    plane = plane_of(load(DomainSettings))
    account = context.invoked_function_arn.split(":")[4]
    found = find_drift(plane, event.products, account=account)
    mending = plane.settings.mend_access if event.mend is None else event.mend
    if event.mend is None:
        tell(plane, found, mending=mending, about=context.aws_request_id)
    if mending:
        mend(plane, found, about=context.aws_request_id)
    metrics.add_metric("ProductsDrifted", MetricUnit.Count, len(found))
    for drift in found:
        logger.warning("drift", product=drift.product, differences=len(drift.differences))
    return {"drift": [asdict(drift) for drift in found]}
