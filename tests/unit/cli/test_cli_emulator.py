"""What is mended in the emulator: failures keep their names, idle functions end, a Distributed Map has its items."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import lambda_runtime

from cli.local.emulator import end_idle, glue_resource, part, principal, raised, spread, token, versioned

LOG = """START
Traceback (most recent call last):
  File "app.py", line 3, in handler
    raise Transient("the ledger is busy")
datamesh.errors.Transient: the ledger is busy
END
"""


@pytest.mark.parametrize(
    ("log", "name"),
    [
        (LOG, "Transient"),
        (LOG.replace("datamesh.errors.Transient: the ledger is busy", "KeyError: 'x'"), "KeyError"),
        (LOG.replace("datamesh.errors.Transient: the ledger is busy", "TimeoutError"), "TimeoutError"),
        (LOG + LOG.replace("Transient", "LeaseLost"), "LeaseLost"),
        ("START\nEND\n", None),
    ],
)
def test_a_failure_has_the_name_of_its_exception(log: str, name: str | None) -> None:
    assert raised(log) == name


@pytest.mark.parametrize(
    ("operation", "said", "meant"),
    [
        ("GetDatabase", "arn:aws:glue:r:a:table/sales", "arn:aws:glue:r:a:database/sales"),
        ("GetTable", "arn:aws:glue:r:a:database/sales", "arn:aws:glue:r:a:database/sales"),
        ("StartCrawler", "arn:aws:glue:r:a:table/crawler", "arn:aws:glue:r:a:table/crawler"),
    ],
)
def test_a_database_is_authorized_as_one(operation: str, said: str, meant: str) -> None:
    assert glue_resource(said, f"AWSGlue.{operation}") == meant


@pytest.mark.parametrize(
    ("session", "role"),
    [
        (
            "arn:aws:sts::111122223333:assumed-role/datamesh-dev-ask/f",
            "arn:aws:iam::111122223333:role/datamesh-dev-ask",
        ),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        ("arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/ann"),
    ],
)
def test_a_session_is_its_role_to_conditions(session: str, role: str) -> None:
    assert principal(session) == role


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[Any]]]:
    pools: dict[str, list[Any]] = {}
    ended: list[Any] = []
    monkeypatch.setattr(lambda_runtime, "_workers", pools)
    monkeypatch.setattr(lambda_runtime, "kill_workers", ended.extend)
    yield pools
    assert all(worker.name == "idle" for worker in ended)


def worker(name: str, *, idle: float, in_use: bool = False) -> Any:
    return SimpleNamespace(name=name, last_used=time.time() - idle, in_use=in_use)


def test_a_function_that_nobody_calls_ends_and_the_others_stay(pools: dict[str, list[Any]]) -> None:
    pools["ask"] = [worker("fresh", idle=1), worker("idle", idle=9_999)]
    pools["sweep"] = [worker("idle", idle=9_999)]
    pools["transform"] = [worker("busy", idle=9_999, in_use=True)]

    assert end_idle() == 2

    assert {name: [w.name for w in pool] for name, pool in pools.items()} == {
        "ask": ["fresh"],
        "sweep": [],
        "transform": ["busy"],
    }


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("", 200, b"0123456789"),
        ("bytes=2-4", 206, b"234"),
        ("bytes=8-", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-99", 206, b"56789"),
    ],
)
def test_a_part_of_a_version_is_a_part(asked: str, status: int, body: bytes) -> None:
    whole = (200, {"ETag": '"e"', "Content-Length": "10", "x-amz-checksum-crc32": "AAAAAA=="}, b"0123456789")

    answered, headers, given = part(whole, asked)

    assert (answered, given) == (status, body)
    assert headers["Content-Length"] == str(len(body))
    assert ("x-amz-checksum-crc32" in headers) == (status == 200)


def test_a_part_stays_a_part_and_an_error_an_error() -> None:
    for answer in [(206, {"Content-Range": "bytes 0-1/9"}, b"01"), (404, {}, b"<Error/>")]:
        assert part(answer, "bytes=0-0") == answer


def test_a_distributed_map_has_the_items_and_the_output_that_jsonata_gives_it() -> None:
    seen: list[Any] = []

    def run(state: dict[str, Any], given: Any, items: Any, *_: Any) -> tuple[Any, str]:
        seen.append((state, items))
        return [10, 20], "Next"

    state = {
        "Items": "{% $states.input.slices %}",
        "ItemSelector": {"run": "{% $states.context.Execution.Id %}", "slice": "{% $states.context.Map.Item.Value %}"},
        "Output": {"done": "{% $count($states.result) %}"},
        "MaxConcurrency": 8,
    }
    context = {"QueryLanguage": "JSONata", "Execution": {"Id": "e"}}

    output = spread(run)(state, {"slices": [0, 1]}, None, {}, {}, context)

    assert output == ({"done": 2}, "Next")
    assert seen == [({"MaxConcurrency": 8}, [{"run": "e", "slice": 0}, {"run": "e", "slice": 1}])]


def test_a_distributed_map_in_jsonpath_is_left_alone() -> None:
    state = {"ItemsPath": "$.slices"}
    assert spread(lambda *given: (given, None))(state, 1, 2, {}, {}, {})[0] == (state, 1, 2, {}, {}, {})


def test_an_event_says_which_version_it_is_about() -> None:
    event = {"Source": "aws.s3", "Detail": '{"object": {"key": "a.csv"}}'}

    assert json.loads(versioned(event, "v1")["Detail"]) == {"object": {"key": "a.csv", "version-id": "v1"}}
    assert versioned(event, None) == event


@pytest.mark.parametrize(
    ("body", "said"), [(b'{"taskToken": "a", "output": "{}"}', "a"), (b'{"name": "x"}', ""), (b"[]", ""), (b"", "")]
)
def test_a_task_token_is_read_where_there_is_one(body: bytes, said: str) -> None:
    assert token(body) == said
