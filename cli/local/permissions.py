"""What IAM let each role do in the local AWS, and one thing that the emulator lets through and AWS does not.

`GET /_mesh/permissions` lists every call that a role's own policies allowed: role, action and resource, once for each
kind of resource. So policies can be held against what was really done (`tests/infra/test_permissions.py`). What AWS
does by itself in a role's name does not pass: a state machine's steps, a schedule, a function's log and traces, what
Lambda takes off a queue.

To S3, whoever may not list a bucket is denied what is not there; the emulator tells everybody that it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator, router
from ministack.services import s3

from cli.local.doors import App, telling

__all__ = ["PATH", "Call", "around", "denying", "kind", "mend"]

PATH = "/_mesh/permissions"

Call = tuple[str, str, str]  # role, action, kind of resource

_PLACES = {"access", "batches", "contracts", "knowledge", "profiles", "quarantine", "results", "tables"}
_ROLE = re.compile(r"arn:[\w-]+:sts::\d+:assumed-role/([^/]+)/")
# What stands for one of many: the table of a Glue database, the run of a state machine, a key's or an API's id, the end
# of somebody's access.
_ONE_OF_MANY = (
    (re.compile(r"^(arn:[\w-]+:glue:.*:table/[^/]+/).*"), r"\1*"),
    (re.compile(r"^(arn:[\w-]+:states:.*:execution:[^:]+:).*"), r"\1*"),
    (re.compile(r"^(arn:[\w-]+:kms:.*:key/).*"), r"\1*"),
    (re.compile(r"^(arn:[\w-]+:scheduler:.*:schedule/[^/]+/datamesh-[^-]+-access-)[0-9a-f]{32}$"), r"\1*"),
    (re.compile(r"^(arn:[\w-]+:execute-api:[^:]*:[^:]*:)[^/]+(/v1/).*"), r"\1*\2*"),
)

_seen: set[Call] = set()


def kind(arn: str) -> str:
    """The resource with `*` for whatever differs from one product, batch or question to the next."""
    bucket, slash, key = arn.partition("/") if ":s3:::" in arn else (arn, "", "")
    if slash:
        return f"{bucket}/{_place(key)}"
    for pattern, replaced in _ONE_OF_MANY:
        arn = pattern.sub(replaced, arn)
    return arn


def _place(key: str) -> str:
    """`tables/flights_v1/data/batch=1/0.parquet` is `tables/*/data/*`."""
    first, *rest = key.split("/")
    if first not in _PLACES or not rest:
        return "*"
    if first == "tables" and len(rest) > 1 and rest[1] in ("data", "metadata"):
        return f"tables/*/{rest[1]}/*"
    if first == "knowledge" and rest[0].startswith("pack-"):
        return "knowledge/pack-*"
    return f"{first}/*"


def mend() -> None:
    """Records what is allowed, in the emulator that runs in this process, and denies what S3 would deny."""
    evaluate, evaluate_resource_policy = iam_evaluator.evaluate, iam_evaluator.evaluate_resource_policy
    anothers: ContextVar[bool] = ContextVar("anothers", default=False)  # the policy of a resource, not of the role

    def recorded(context: Any, *policies: Any) -> Any:
        result = evaluate(context, *policies)
        role = _ROLE.match(context.principal_arn)
        if role and result.decision == "Allow" and not anothers.get():
            _seen.add((role[1], context.action, kind(context.resource_arn)))
        return result

    def unrecorded(*arguments: Any, **options: Any) -> Any:
        token = anothers.set(True)
        try:
            return evaluate_resource_policy(*arguments, **options)
        finally:
            anothers.reset(token)

    iam_evaluator.evaluate, iam_evaluator.evaluate_resource_policy = recorded, unrecorded
    s3._get_object = denying(s3._get_object)
    s3._head_object = denying(s3._head_object)


def around(app: App) -> App:
    """`app`, an ASGI application, that tells what was recorded."""
    return telling(app, PATH, lambda _: sorted(_seen))


def denying(read: Callable[..., Any]) -> Callable[..., Any]:
    """`read` of an object, that is denied to callers who may not list the bucket when there is no such object."""

    def mended(bucket: str, key: str, headers: dict[str, str] | None = None, query: Any = None) -> Any:
        answer = read(bucket, key, headers or {}, query)
        if answer[0] != 404 or s3._ensure_bucket(bucket) is None:
            return answer
        caller = router.extract_access_key_id(headers or {}, query)
        region = router.extract_region(headers or {})
        if caller and iam_evaluator.enforce(caller, "s3:ListBucket", "s3", region, f"arn:aws:s3:::{bucket}"):
            return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}/{key}")
        return answer

    return mended
