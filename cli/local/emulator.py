"""The AWS emulator, with a few things mended.

What a Python function raises keeps its name, as on AWS: Step Functions retries and catches by the name of the
exception's class. The emulator calls every exception `Runtime.HandlerError`, and only the traceback, in the function's
log, still has the name.

A function that nobody calls gives its memory back, as on AWS. The emulator keeps one process of each forever, which
with forty functions is gigabytes. Where it can be, such a process is forked off one that has imported the libraries
already: `cli.local.nursery`.

To IAM a Glue database is one (the emulator asks for the right to a table of its name), and `aws:PrincipalArn` of a
role's session is the role (the emulator compares the session).

To IAM a task's token is its state machine's, whose right is asked for; the emulator asks for `*`.

A task that waits for its token fails where the function fails that is to keep it: the emulator waits all the same.

A part of an object's version is a part: the emulator answers with all of it, and a download in parts comes out longer
than the object. And the event of a version says which one it is about.

A Distributed Map in JSONata has its `Items`, `ItemSelector` and `Output`: the emulator reads none of them and makes one
item of the whole input.

And what it lacks between accounts: `cli.local.accounts`. And S3 tells of absent objects
those only who may list them: `cli.local.permissions`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import eventbridge, lambda_svc, s3, stepfunctions

from cli.local import accounts, callers, catalog, nursery, permissions, wire

__all__ = ["end_idle", "glue_resource", "main", "mend", "part", "principal", "raised", "spread", "token", "versioned"]

Answer = tuple[int, dict[str, str], Any]  # of the emulator's S3: status, headers, body

_NAMELESS = "Runtime.HandlerError"
_KILLED = "Runtime.ExitError"  # what leaves no traceback did not fail by itself
_TRACEBACK = "Traceback (most recent call last):\n"


def raised(log: str) -> str | None:
    """The name of the exception class that the last traceback in `log` ends with."""
    _, found, last = log.rpartition(_TRACEBACK)
    if not found:
        return None
    # Frames are indented; the first line that is not says `module.Class: message`.
    line = next((line for line in last.splitlines() if line and not line.startswith(" ")), "")
    return line.partition(":")[0].rpartition(".")[2].strip() or None


def end_idle() -> int:
    """Ends the processes of functions that nobody has called for a while. How many these were."""
    since = time.time() - lambda_runtime._LOCAL_WORKER_TTL
    with lambda_runtime._lock:
        idle = [
            (pool, worker)
            for pool in lambda_runtime._workers.values()
            for worker in pool
            if not worker.in_use and worker.last_used < since
        ]
        for pool, worker in idle:
            pool.remove(worker)
    lambda_runtime.kill_workers([worker for _, worker in idle])
    return len(idle)


def glue_resource(arn: str, target: str) -> str:
    """The arn that the Glue operation `target` (`AWSGlue.GetDatabase`) is about, from what the emulator thinks."""
    return arn.replace(":table/", ":database/", 1) if target.endswith("Database") else arn


def principal(arn: str) -> str:
    """What IAM calls `aws:PrincipalArn`: of `arn:aws:sts::1:assumed-role/name/session` the role, else `arn` itself."""
    session = re.fullmatch(r"(arn:[\w-]+):sts::(\d+):assumed-role/([^/]+)/.*", arn)
    return f"{session[1]}:iam::{session[2]}:role/{session[3]}" if session else arn


def part(answer: Answer, asked: str) -> Answer:
    """What S3 answers when `asked` (`bytes=0-99`) is wanted of the object that `answer` holds."""
    status, headers, body = answer
    wanted = s3._parse_range(asked, len(body)) if status == 200 and asked else None
    if wanted is None:
        return answer
    first, last = wanted
    kept = {name: value for name, value in headers.items() if not name.lower().startswith("x-amz-checksum-")}
    said = {"Content-Length": str(last - first + 1), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
    return 206, kept | said, body[first : last + 1]


def spread(run: Callable[..., tuple[Any, str | None]]) -> Callable[..., tuple[Any, str | None]]:
    """The emulator's `run` of a Distributed Map, given what JSONata says its items and its output are."""

    def mended(state: dict[str, Any], given: Any, effective: Any, *rest: Any) -> tuple[Any, str | None]:
        context = rest[-1]
        if stepfunctions._state_query_language(state, context) != "JSONata":
            return run(state, given, effective, *rest)
        chosen = [
            stepfunctions._apply_jsonata_template(
                state.get("ItemSelector", "{% $states.context.Map.Item.Value %}"),
                given,
                context | {"Map": {"Item": {"Index": index, "Value": item}}},
            )
            for index, item in enumerate(stepfunctions._jsonata_state_field(state, "Items", "array", given, context))
        ]
        plain = {name: value for name, value in state.items() if name not in {"Items", "ItemSelector", "Output"}}
        results, following = run(plain, given, chosen, *rest)
        return stepfunctions._apply_jsonata_output(state, given, context, result=results, default=results), following

    return mended


def versioned(event: dict[str, Any], version: str | None) -> dict[str, Any]:
    """S3's event for EventBridge, with the `version` of the object that it is about."""
    if not version:
        return event
    detail = json.loads(event["Detail"])
    detail["object"]["version-id"] = version
    return event | {"Detail": json.dumps(detail)}


def main() -> None:
    """Runs the emulator in this process, mended, until it is ended."""
    if nursery.IS_SAFE:
        _fork_functions()
    mend()
    app.main()


def mend() -> None:
    """Mends the emulator that runs in this process, and puts the wire around it."""
    lambda_svc.reap_idle_workers = end_idle
    _name_failures()
    _authorize_databases()
    _authorize_tokens()
    _fail_with_the_function()
    _know_roles()
    _cut_versions()
    stepfunctions._run_distributed_map = spread(stepfunctions._run_distributed_map)
    _tell_versions()
    accounts.mend()
    catalog.mend()
    permissions.mend()
    app.app = catalog.around(permissions.around(wire.around(app.app, callers.asked, callers.kill)))


def _cut_versions() -> None:
    get_object = s3._get_object

    def mended(bucket: str, key: str, headers: dict[str, str], query: Any = None) -> Answer:
        answer: Answer = get_object(bucket, key, headers, query)
        return part(answer, headers.get("range", ""))

    s3._get_object = mended


def _tell_versions() -> None:
    told: ContextVar[str | None] = ContextVar("told", default=None)  # each event of S3 has a thread of its own
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event

    def fire_mended(*arguments: Any, **options: Any) -> None:
        told.set(options.get("version_id"))
        fire(*arguments, **options)

    def dispatch_mended(event: dict[str, Any], *rest: Any) -> Any:
        return dispatch(versioned(event, told.get()) if event.get("Source") == "aws.s3" else event, *rest)

    s3._fire_s3_event, eventbridge._dispatch_event = fire_mended, dispatch_mended


def _know_roles() -> None:
    value_of = iam_evaluator._resolve_condition_key

    def mended(key: str, context: Any) -> Any:
        value = value_of(key, context)
        return principal(value) if key.lower() == "aws:principalarn" else value

    iam_evaluator._resolve_condition_key = mended


def _authorize_databases() -> None:
    resource_of = iam_actions.extract_resource_arn

    def mended(service: str, method: str, path: str, headers: dict[str, str], *rest: Any) -> str:
        arn: str = resource_of(service, method, path, headers, *rest)
        return glue_resource(arn, headers.get("x-amz-target", "")) if service == "glue" else arn

    iam_actions.extract_resource_arn = mended


def _authorize_tokens() -> None:
    machines: dict[str, str] = {}  # by token
    running: ContextVar[str] = ContextVar("running", default="")  # each execution has a thread of its own
    execute, wait, resource_of = (
        stepfunctions._execute_task,
        stepfunctions._invoke_with_callback,
        iam_actions.extract_resource_arn,
    )

    def execute_mended(state: dict[str, Any], given: Any, execution: Any, context: dict[str, Any]) -> Any:
        running.set(context.get("StateMachine", {}).get("Id", ""))
        return execute(state, given, execution, context)

    def wait_mended(resource: str, given: Any, token: str, state: dict[str, Any]) -> Any:
        machines[token] = running.get()  # for good: a token that came back already is still the machine's
        return wait(resource, given, token, state)

    def resource_mended(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> str:
        arn: str = resource_of(service, method, path, headers, body, *rest)
        return machines.get(token(body), arn) if service == "states" and arn == "*" else arn

    stepfunctions._execute_task, stepfunctions._invoke_with_callback = execute_mended, wait_mended
    iam_actions.extract_resource_arn = resource_mended


def _fail_with_the_function() -> None:
    awaited: ContextVar[str] = ContextVar("awaited", default="")  # the token of the task that calls a function now
    wait, call = stepfunctions._invoke_with_callback, stepfunctions._call_lambda

    def wait_mended(resource: str, given: Any, token: str, state: dict[str, Any]) -> Any:
        awaited.set(token)
        return wait(resource, given, token, state)

    def call_mended(function: str, event: Any) -> Any:
        try:
            return call(function, event)
        except stepfunctions._ExecutionError as error:
            held = stepfunctions._task_tokens.get(awaited.get())
            if held and not held["event"].is_set():  # unless the token has come back before
                held["error"] = {"Error": error.error, "Cause": error.cause}
                held["event"].set()
            raise

    stepfunctions._invoke_with_callback, stepfunctions._call_lambda = wait_mended, call_mended


def token(body: bytes) -> str:
    """The task token in a call of Step Functions, if any."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("taskToken", "")) if isinstance(said, dict) else ""


def _name_failures() -> None:
    execute = lambda_svc._execute_function_warm

    def execute_named(*arguments: Any, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = execute(*arguments, **options)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == _NAMELESS:
            body["errorType"] = raised(result.get("log", "")) or _KILLED
        return result

    lambda_svc._execute_function_warm = execute_named


def _fork_functions() -> None:
    def begin(command: list[str], **options: Any) -> Any:
        started = nursery.Function if command[0] == sys.executable else subprocess.Popen
        return started(command, **options)

    nursery.open_nursery()
    lambda_runtime.subprocess = SimpleNamespace(**vars(subprocess) | {"Popen": begin})
