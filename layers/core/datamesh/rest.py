"""What every function behind the API answers alike: errors, routes that are not there, and how replies are counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.metrics import MetricUnit

from datamesh.errors import DatameshError, InfrastructureError
from datamesh.govern.principal import canonical
from datamesh.problem import problem, trail

__all__ = ["Respond", "answering", "caller_of"]

Respond = Callable[[int, str, Mapping[str, str]], Response[str]]


def answering(app: APIGatewayRestResolver, logger: Logger, metrics: Metrics) -> Respond:
    """Lets `app` answer every error as a problem, and gives what makes its replies of status, JSON and headers."""

    def respond(status: int, body: str, headers: Mapping[str, str]) -> Response[str]:
        outcome = "Answered" if status < 400 else "Declined" if status < 500 else "Failed"
        metrics.add_metric(outcome, MetricUnit.Count, 1)
        return Response(status, "application/json", body, dict(headers))

    def not_found(_: Exception) -> Response[str]:
        return respond(404, json.dumps({"error": "no such route", "hint": "docs/api.md has them all."}), {})

    def declined(error: DatameshError) -> Response[str]:
        logger.info("declined", error=type(error).__name__)
        return respond(*problem(error), {})

    def failed(error: Exception) -> Response[str]:
        logger.error("failed", error=trail(error))
        return respond(*problem(InfrastructureError("failed")), {})

    app.not_found(not_found)
    app.exception_handler(DatameshError)(declined)
    app.exception_handler(Exception)(failed)
    return respond


def caller_of(app: APIGatewayRestResolver) -> str:
    """The principal (canonical) who signed the current call. Raises AccessDenied as `canonical` does."""
    return canonical(app.current_event.request_context.identity.user_arn or "")
