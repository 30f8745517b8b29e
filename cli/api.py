"""Calls of the mesh's question API: signed with the caller's credentials, waited for when an answer takes longer."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from cli.screen import Screen
from cli.target import Target
from datamesh.errors import AccessDenied, InfrastructureError, Refusal, Transient, UnknownProduct, UserError

__all__ = ["Answer", "get", "post"]

_TIMEOUT = 35  # API Gateway ends a call at 29 s
_WAIT = 600.0  # how long an answer is waited for
_POLL = 0.5

Answer = dict[str, Any]


def get(target: Target, *path: str, query: Mapping[str, str] | None = None) -> Answer:
    """The resource at `path`. Raises UnknownProduct, a Refusal, or InfrastructureError."""
    return _answer(*_send(target, "GET", path, query=query))


def post(target: Target, screen: Screen, path: str | tuple[str, ...], body: Mapping[str, Any], *, doing: str) -> Answer:
    """The answer to `body`, however long it takes. Raises UserError, a Refusal, or InfrastructureError."""
    with screen.step(doing) as step:
        status, answer = _send(target, "POST", (path,) if isinstance(path, str) else path, body)
        deadline = time.monotonic() + _WAIT
        while status == 202:
            query = str(answer["query_id"])
            if time.monotonic() > deadline:
                raise InfrastructureError(f"query {query} has no answer after {_WAIT:.0f} s", hint="ask for less")
            step.say(f"{doing}: query {query} goes on")
            time.sleep(_POLL)
            status, answer = _send(target, "GET", ("queries", query))
        if status == 200 and "url" in answer:
            step.say(f"{doing}: fetching a large answer")
            status, answer = _fetch(target, str(answer["url"]))
        step.well = status < 400
    return _answer(status, answer)


def _send(
    target: Target, method: str, path: tuple[str, ...], body: Any = None, *, query: Mapping[str, str] | None = None
) -> tuple[int, Answer]:
    url = "/".join([_base(target), *(quote(part, safe="") for part in path)])
    url += f"?{urlencode(query)}" if query else ""
    data = json.dumps(body) if body is not None else None
    request = AWSRequest(method, url, data=data, headers={"Content-Type": "application/json"})
    SigV4Auth(target.session.get_credentials(), "execute-api", target.region).add_auth(request)
    return _exchange(target, request)


def _fetch(target: Target, url: str) -> tuple[int, Answer]:
    """A large answer lies in a bucket; its link needs no other right."""
    return _exchange(target, AWSRequest("GET", url))


def _exchange(target: Target, request: AWSRequest) -> tuple[int, Answer]:
    try:
        response = URLLib3Session(verify=_trusted(target), timeout=_TIMEOUT).send(request.prepare())
    except (HTTPClientError, NoConnection) as error:
        raise Transient(f"the question API does not answer: {error}", hint="try again in a moment") from error
    return response.status_code, _json(response.content)


def _trusted(target: Target) -> Any:
    """What botocore calls `verify`: a bundle of certificates, or True for the usual ones."""
    return target.certificate or True


def _base(target: Target) -> str:
    """The API's address: its own on AWS, by path on an emulator, which serves all of AWS under one name."""
    url, emulator = target.parameter("platform", "api-url"), target.endpoint("execute-api")
    if emulator is None:
        return url
    return f"{emulator}/_aws/execute-api/{target.parameter('platform', 'api-id')}{urlsplit(url).path}"


def _json(content: bytes) -> Answer:
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {"items": answer}


def _answer(status: int, answer: Answer) -> Answer:
    if status < 400:
        return answer
    said = str(answer.get("error") or answer.get("message") or answer.get("Message") or f"the API answered {status}")
    hint = str(answer.get("hint", ""))
    if status == 404:
        raise UnknownProduct(said, hint=hint)
    if status == 403 and "rule" not in answer:
        raise AccessDenied(said, rule="api", hint=hint or "your role may not use the question API")
    if "rule" in answer:
        raise Refusal(said, rule=str(answer["rule"]), hint=hint)
    if status == 429 or status >= 500:
        raise Transient(said, hint=hint or "try again in a moment")
    raise UserError(said, hint=hint)
