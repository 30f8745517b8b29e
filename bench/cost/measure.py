"""Counts what one batch uses of a local mesh that does nothing else: before, after, and what lies between."""

from __future__ import annotations

import json
import re
import ssl
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bench.burst import READINGS, ROWS, burst
from bench.cost.figures import Usage
from cli.local.wire import PATH
from cli.screen import Screen
from cli.target import Target
from datamesh.lake import layout

__all__ = ["at_rest", "measured"]

_REPORT = re.compile(r"^REPORT RequestId: \S+\tDuration: .*?Billed Duration: ([\d.]+) ms\tMemory Size: (\d+) MB")
_STANDING = ("sweep-batches", "maintain-table", "check-access")  # they run whether files come or not
_QUIET = 20.0  # seconds without a request, after which a batch is over for everybody
_MONTH = 730.0  # hours
_S3_WRITES = ("s3:Put", "s3:Create", "s3:Complete", "s3:Upload", "s3:Copy", "s3:List")


def measured(where: Target, screen: Screen, files: int) -> Usage:
    """Publishes `files` small files and counts until nobody asks for anything any more."""
    _wait_until_quiet(where)
    _wire(where, "DELETE")
    since = int(time.time() * 1000)
    done = burst(where, screen, files)
    _wait_until_quiet(where)
    requests = _requests(where)
    reports = list(_reports(where, since))
    batches = where.ledger(READINGS.domain).batches(READINGS.product, limit=done.batches)
    functions = _by_function(reports)
    routed = functions.get("route-arrivals", (0, 0.0))[0]
    sent = files + sum(n for (_, operation), n in requests.items() if operation == "sqs:SendMessage")
    asked = Counter[str]()
    for (_, operation), n in requests.items():
        asked[operation] += n
    amounts = {
        "invocations": float(sum(calls for calls, _ in functions.values())),
        "gb_seconds": sum(spent for _, spent in functions.values()),
        "transitions": float(sum(_transitions(where, batch.batch_id) for batch in batches)),
        "s3_writes": float(files + sum(n for name, n in asked.items() if name.startswith(_S3_WRITES))),
        "s3_reads": float(
            sum(n for name, n in asked.items() if name.startswith("s3:") and not name.startswith(_S3_WRITES))
        ),
        **_dynamodb(asked, sum(_manifest_bytes(where, batch.batch_id) for batch in batches)),
        "events": float(asked["events:PutEvents"]),
        "sqs": float(sent + 2 * routed),
        "glue": float(sum(n for name, n in asked.items() if name.startswith("glue:"))),
        "log_gb": sum(size for _, _, _, size in reports) / 1e9,
    }
    return Usage(
        files=files,
        rows=files * ROWS,
        batches=done.batches,
        seconds=done.seconds,
        amounts={name: round(amount, 6) for name, amount in amounts.items()},
        functions=functions,
        requests=dict(sorted(asked.items())),
    )


def at_rest(where: Target) -> dict[str, float]:
    """What a domain uses in a month without a file: the sweeper each minute, maintenance each hour."""
    sweeps = [spent for name, _, spent, _ in _reports(where, 0) if name == "sweep-batches"]
    spent = sum(sweeps) / len(sweeps) if sweeps else 0.0
    minutes = _MONTH * 60
    return {"invocations": minutes + _MONTH, "gb_seconds": round(minutes * spent, 3), "dynamodb_reads": 4 * minutes}


def _dynamodb(asked: Mapping[str, int], pending_bytes: int) -> dict[str, float]:
    """Write and read units. A transaction's items are counted by the wire beside it."""
    single = sum(asked.get(f"dynamodb:{name}", 0) for name in ("PutItem", "UpdateItem", "DeleteItem"))
    reads = sum(asked.get(f"dynamodb:{name}", 0) for name in ("GetItem", "Query"))
    return {
        "dynamodb_writes": float(single + 2 * asked.get("dynamodb:TransactWriteItems.items", 0)),
        "dynamodb_reads": float(reads + pending_bytes // 4096),
    }


def _requests(where: Target) -> dict[tuple[str, str], int]:
    """What functions asked for. The files' own puts and our looking on are not theirs."""
    return {
        (each["caller"], each["operation"]): each["requests"]
        for each in _wire(where, "GET")["requests"]
        if each["caller"] != "root" and not each["caller"].endswith(_STANDING)
    }


def _wait_until_quiet(where: Target) -> None:
    before, since = _requests(where), time.monotonic()
    while time.monotonic() - since < _QUIET:
        time.sleep(1)
        now = _requests(where)
        if now != before:
            before, since = now, time.monotonic()


def _wire(where: Target, method: str) -> Any:
    trust = ssl.create_default_context(cafile=where.certificate)
    request = urllib.request.Request(f"{where.endpoints['*']}{PATH}", method=method)  # noqa: S310 (https, our own)
    with urllib.request.urlopen(request, context=trust) as answer:  # noqa: S310
        return json.loads(answer.read())


def _reports(where: Target, since: int) -> Iterator[tuple[str, float, float, int]]:
    """Of each invocation: the function's name, its seconds, its GB-seconds and the bytes that it logged."""
    logs, prefix, domains = where.client("logs"), f"/aws/lambda/datamesh-{where.stage}-", where.domains()
    for group in _pages(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
        full = group["logGroupName"].removeprefix(prefix)
        plane, _, inside = full.partition("-")
        name = inside if plane in domains else full
        size = 0
        for event in _pages(logs, "filter_log_events", "events", logGroupName=group["logGroupName"], startTime=since):
            size += len(event["message"])
            if report := _REPORT.match(event["message"]):
                seconds, memory = float(report[1]) / 1000, int(report[2])
                yield name, seconds, seconds * memory / 1024, size
                size = 0


def _pages(client: Any, call: str, key: str, **asked: Any) -> Iterator[dict[str, Any]]:
    for found in client.get_paginator(call).paginate(**asked):
        yield from found[key]


def _by_function(reports: list[tuple[str, float, float, int]]) -> dict[str, tuple[int, float]]:
    calls, spent = Counter[str](), Counter[str]()
    for name, _, gigabyte_seconds, _ in reports:
        if name not in _STANDING:
            calls[name] += 1
            spent[name] += gigabyte_seconds  # type: ignore[assignment]
    return {name: (n, round(float(spent[name]), 3)) for name, n in sorted(calls.items())}


def _transitions(where: Target, batch_id: str) -> int:
    """Starts and entered states of the batch's execution, and of what works on its slices.

    The emulator's history leaves out what is entered within a Map: that is one state for each slice, and one start
    more where the slice is an execution of its own.
    """
    states = where.client("stepfunctions")
    machine = where.parameters(READINGS.domain)["publish-state-machine-arn"]
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{batch_id}"
    entered = sum(
        1
        for event in _pages(states, "get_execution_history", "events", executionArn=arn)
        if event["type"].endswith("StateEntered")
    )
    steps = where.ledger(READINGS.domain).steps(READINGS.product, batch_id)
    slices = len({step.detail["slice"] for step in steps if step.name == "transform_batch"})
    distributed = bool(states.list_map_runs(executionArn=arn)["mapRuns"])
    return 1 + entered + slices * (2 if distributed else 1)


def _manifest_bytes(where: Target, batch_id: str) -> int:
    key = layout.manifest_key(READINGS.product, batch_id)
    head = where.client("s3").head_object(Bucket=where.parameters(READINGS.domain)["lake-bucket"], Key=key)
    return int(head["ContentLength"])
