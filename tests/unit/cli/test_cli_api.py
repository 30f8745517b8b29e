"""Calls of the question API: signed, waited for, and their refusals told apart."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from botocore.credentials import Credentials

from cli import api
from cli.screen import Screen
from cli.target import Target
from datamesh.errors import AccessDenied, DatameshError, Refusal, Transient, UnknownProduct, UserError

SESSION = SimpleNamespace(region_name="us-east-1", get_credentials=lambda: Credentials("AKIA", "secret", "token"))


class Api(BaseHTTPRequestHandler):
    answers: ClassVar[list[tuple[int, Any]]] = []
    asked: ClassVar[list[tuple[str, str, Any, str]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = json.loads(body) if body else None
        self.asked.append((self.command, self.path, said, self.headers.get("Authorization", "")))
        status, payload = self.answers.pop(0)
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer  # noqa: N815 (the server's names)

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Mesh(Target):
    stage: str = "dev"
    session: Any = field(default_factory=lambda: SESSION)

    def parameter(self, plane: str, name: str) -> str:
        return {"api-id": "abc", "api-url": "https://abc.execute-api.us-east-1.amazonaws.com/v1"}[name]


@pytest.fixture
def mesh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mesh]:
    monkeypatch.setattr(api, "_POLL", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Api.answers, Api.asked = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Mesh(endpoints={"*": f"http://127.0.0.1:{server.server_port}"})
        server.shutdown()
        thread.join()


def test_calls_are_signed_for_the_api_and_go_to_its_stage(mesh: Mesh) -> None:
    Api.answers = [(200, {"products": []})]

    assert api.get(mesh, "products", "fleet", "planes") == {"products": []}

    [(method, path, _, signature)] = Api.asked
    assert (method, path) == ("GET", "/_aws/execute-api/abc/v1/products/fleet/planes")
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKIA/")
    assert "/us-east-1/execute-api/aws4_request" in signature


def test_an_answer_that_takes_longer_is_waited_for(mesh: Mesh) -> None:
    waiting = {"query_id": "q-1", "status": "running"}
    Api.answers = [(202, waiting), (202, waiting), (200, {"rows": [[1]]})]

    assert api.post(mesh, Screen(), "sql", {"sql": "SELECT 1"}, doing="reading") == {"rows": [[1]]}

    assert [path.rsplit("/", 2)[-2:] for _, path, *_ in Api.asked[1:]] == [["queries", "q-1"]] * 2
    assert Api.asked[0][2] == {"sql": "SELECT 1"}


def test_a_large_answer_is_fetched_from_where_it_lies(mesh: Mesh) -> None:
    link = {"query_id": "q-1", "status": "done", "url": f"{mesh.endpoint('s3')}/results/q-1.json?X-Amz-Signature=1"}
    Api.answers = [(200, link), (200, {"rows": [[1], [2]]})]

    assert api.post(mesh, Screen(), "sql", {"sql": "SELECT 1"}, doing="reading") == {"rows": [[1], [2]]}

    assert Api.asked[1][1] == "/results/q-1.json?X-Amz-Signature=1"
    assert Api.asked[1][3] == ""


@pytest.mark.parametrize(
    ("status", "payload", "kind"),
    [
        (400, {"error": "no SQL", "hint": "write some"}, UserError),
        (403, {"error": "not yours", "rule": "columns"}, Refusal),
        (400, {"error": "one statement", "rule": "statement"}, Refusal),
        (403, {"Message": "User is not authorized"}, AccessDenied),
        (404, {"error": "no product x"}, UnknownProduct),
        (429, {"message": "Too Many Requests"}, Transient),
        (502, {"message": "Internal server error"}, Transient),
        (504, b"<html>", Transient),
    ],
)
def test_refusals_and_failures_are_told_apart(mesh: Mesh, status: int, payload: Any, kind: type[DatameshError]) -> None:
    Api.answers = [(status, payload)]

    with pytest.raises(kind) as failure:
        api.post(mesh, Screen(), "sql", {"sql": "SELECT 1"}, doing="reading")

    assert failure.value.message


def test_an_api_that_is_not_there_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    with pytest.raises(Transient, match="does not answer"):
        api.get(Mesh(endpoints={"*": "http://127.0.0.1:9"}), "products")
