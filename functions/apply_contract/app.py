"""Puts an accepted contract into force: its table first, then the word that it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.contract.model import Contract
from datamesh.lake import evolution
from datamesh.publish.contracts import Checked, Tables, apply
from datamesh.publish.ledger import ProductState
from datamesh.publish.plane import plane_of
from datamesh.settings import DomainSettings, load

logger = Logger(service="apply_contract")
metrics = Metrics(namespace="datamesh", service="apply_contract")


@logger.inject_lambda_context
@metrics.log_metrics
@event_parser(model=Checked)
def handler(event: Checked, context: LambdaContext) -> dict[str, Any]:
    applied = apply(plane_of(load(DomainSettings)), event, tables=Tables(prepare, settle))
    logger.info("applied", product=applied.product, version=applied.version, verdict=applied.verdict)
    metrics.add_metric("ContractsApplied", MetricUnit.Count, int(applied.verdict == "applied"))
    return applied.model_dump(mode="json")


def prepare(contract: Contract, state: ProductState) -> None:
    evolution.prepare(contract, database=state.database, table=state.table, location=state.location)


def settle(contract: Contract, state: ProductState, stands: Callable[[], bool]) -> None:
    evolution.settle(contract, database=state.database, table=state.table, stands=stands)
