"""Questions and statements over the API, and the long ones among them without a caller. Logs neither."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.ask.parts import service
from datamesh.ask.service import Reply, Service
from datamesh.errors import DatameshError, InfrastructureError
from datamesh.govern.principal import canonical
from datamesh.problem import problem, trail

app = APIGatewayRestResolver()
logger = Logger(service="ask")
metrics = Metrics(namespace="datamesh", service="ask")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    if "query_id" in event:
        metrics.add_metric("Finished", MetricUnit.Count, 1)
        service(context.function_name).finish(event["query_id"])
        return None
    return app.resolve(event, context)


@app.post("/sql")
def sql() -> Response[str]:
    return _response(_service().submit("sql", app.current_event.decoded_body, _caller()))


@app.post("/ask")
def ask() -> Response[str]:
    return _response(_service().submit("question", app.current_event.decoded_body, _caller()))


@app.get("/queries/<query_id>")
def query(query_id: str) -> Response[str]:
    return _response(_service().poll(query_id, _caller()))


@app.get("/products")
def products() -> Response[str]:
    return _response(Reply(200, json.dumps(_service().products(_caller()))))


@app.get("/products/<domain>/<product>")
def product(domain: str, product: str) -> Response[str]:
    return _response(Reply(200, json.dumps(_service().product(f"{domain}.{product}", _caller()))))


@app.not_found
def not_found(_: NotFoundError) -> Response[str]:
    return _response(Reply(404, json.dumps({"error": "no such route", "hint": "docs/api.md has them all."})))


@app.exception_handler(DatameshError)
def declined(error: DatameshError) -> Response[str]:
    logger.info("declined", error=type(error).__name__)
    return _response(Reply(*problem(error)))


@app.exception_handler(Exception)
def failed(error: Exception) -> Response[str]:
    logger.error("failed", error=trail(error))
    return _response(Reply(*problem(InfrastructureError("failed"))))


def _service() -> Service:
    return service(app.lambda_context.function_name)


def _caller() -> str:
    return canonical(app.current_event.request_context.identity.user_arn or "")


def _response(reply: Reply) -> Response[str]:
    outcome = "Answered" if reply.status < 400 else "Declined" if reply.status < 500 else "Failed"
    metrics.add_metric(outcome, MetricUnit.Count, 1)
    headers = {"X-Query-Id": reply.query_id} if reply.query_id else None
    return Response(reply.status, "application/json", reply.body, headers)
