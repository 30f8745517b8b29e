"""Requests for access: over the API, as steps of their state machine, at their end, and those that were left."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from datamesh.access.calls import Call, called, carried_out
from datamesh.access.parts import desk
from datamesh.rest import answering, caller_of

app = APIGatewayRestResolver()
logger = Logger(service="manage_access")
metrics = Metrics(namespace="datamesh", service="manage_access")
respond = answering(app, logger, metrics)


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
    query = event.query_string_parameters or {}
    call = Call(caller_of(app), event.http_method, request_id, step, event.decoded_body, query)
    status, answer = called(desk(), call)
    return respond(status, json.dumps(answer), {})
