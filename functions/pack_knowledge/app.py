"""Every five minutes: all that questions are read with in one file, as far as the registry names something new."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh import aws
from datamesh.registry.packing import Packer
from datamesh.registry.store import Registry
from datamesh.settings import PlatformSettings, load

logger = Logger(service="pack_knowledge")
metrics = Metrics(namespace="datamesh", service="pack_knowledge")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    settings = load(PlatformSettings)
    registry = Registry(aws.resource_table(settings.registry_table))
    changed = Packer(registry, aws.client("s3"), settings.knowledge_bucket).pack()
    metrics.add_metric("KnowledgePacked", MetricUnit.Count, changed)
    return {"changed": changed}
