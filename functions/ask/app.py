"""Questions and statements over the API, and the long ones among them without a caller. Logs neither."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.ask.parts import service
from datamesh.ask.service import Reply, Service
from datamesh.rest import answering, caller_of

app = APIGatewayRestResolver()
logger = Logger(service="ask")
metrics = Metrics(namespace="datamesh", service="ask")
respond = answering(app, logger, metrics)


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
    return _response(_service().submit("sql", app.current_event.decoded_body, caller_of(app)))


@app.post("/ask")
def ask() -> Response[str]:
    return _response(_service().submit("question", app.current_event.decoded_body, caller_of(app)))


@app.get("/queries/<query_id>")
def query(query_id: str) -> Response[str]:
    return _response(_service().poll(query_id, caller_of(app)))


@app.get("/products")
def products() -> Response[str]:
    return _response(Reply(200, json.dumps(_service().products(caller_of(app)))))


@app.get("/products/<domain>/<product>")
def product(domain: str, product: str) -> Response[str]:
    return _response(Reply(200, json.dumps(_service().product(f"{domain}.{product}", caller_of(app)))))


def _service() -> Service:
    return service(app.lambda_context.function_name)


def _response(reply: Reply) -> Response[str]:
    return respond(reply.status, reply.body, {"X-Query-Id": reply.query_id} if reply.query_id else {})
