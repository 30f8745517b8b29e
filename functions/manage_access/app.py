"""Requests for access: over the API, as steps of their state machine, at their end, and those that were left."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.access.calls import Call, called, carried_out
from datamesh.access.parts import desk
from datamesh.errors import DatameshError, InfrastructureError
from datamesh.govern.principal import canonical
from datamesh.problem import problem, trail

app = APIGatewayRestResolver()
logger = Logger(service="manage_access")
metrics = Metrics(namespace="datamesh", service="manage_access")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if "task" in event:
        metrics.add_metric("Tasks", MetricUnit.Count, 1)
        return carried_out(desk(), event)
    return app.resolve(event, context)


@app.route("/access/requests", method=["GET", "POST"])
@app.route("/access/requests/<request_id>", method=["GET"])
@app.route("/access/requests/<request_id>/<step>", method=["POST"])
def requests(request_id: str = "", step: str = "") -> Response[str]:
    event = app.current_event
    caller = canonical(event.request_context.identity.user_arn or "")
    query = event.query_string_parameters or {}
    call = Call(caller, event.http_method, request_id, step, event.decoded_body, query)
    status, answer = called(desk(), call)
    return _response(status, json.dumps(answer))


@app.not_found
def not_found(_: NotFoundError) -> Response[str]:
    return _response(404, json.dumps({"error": "no such route", "hint": "docs/api.md has them all."}))


@app.exception_handler(DatameshError)
def declined(error: DatameshError) -> Response[str]:
    logger.info("declined", error=type(error).__name__)
    return _response(*problem(error))


@app.exception_handler(Exception)
def failed(error: Exception) -> Response[str]:
    logger.error("failed", error=trail(error))
    return _response(*problem(InfrastructureError("failed")))


def _response(status: int, body: str) -> Response[str]:
    outcome = "Answered" if status < 400 else "Declined" if status < 500 else "Failed"
    metrics.add_metric(outcome, MetricUnit.Count, 1)
    return Response(status, "application/json", body)
