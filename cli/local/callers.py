"""Who calls the local AWS, and for what: read as the emulator reads it. And the process of a function that calls."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_actions, lambda_runtime, router
from ministack.services import sts

from cli.local.wire import Asked

__all__ = ["asked", "kill"]


def asked(scope: dict[str, Any], body: bytes) -> Asked:
    """Who asks for what. A function is called by its name, another role by its session's, all else `root`."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
    method, path = scope["method"], scope["path"]
    service = router.detect_service(method, path, headers, app._routing_params(method, path, headers, body, query))
    action = iam_actions.extract_iam_action(service, method, path, headers, body, query) or f"{service}:{method}"
    if method == "HEAD":
        action = action.replace(":Get", ":Head", 1)  # to IAM they are one
    key = router.extract_access_key_id(headers, query) or ""
    account = key if key.isdigit() else ""
    region = router.extract_region(headers)
    resource = iam_actions.extract_resource_arn(service, method, path, headers, body, query, region, account)
    session = sts._sessions.get(key, {}).get("Arn", "")
    return Asked(session.rpartition("/")[2] or "root", action, resource, body)


def kill(function: str, client: tuple[str, int]) -> bool:
    """Kills the process in which `function` runs that calls from `client`, as a crash would. False if there is none."""
    with lambda_runtime._lock:
        pools = list(lambda_runtime._workers.values())
        busy = [w._proc for pool in pools for w in pool if w.in_use and w.func_name == function and w._proc]
    calling = busy if len(busy) < 2 else [process for process in busy if _holds(process.pid, client[1])]
    for process in calling[:1]:
        os.kill(process.pid, signal.SIGKILL)
    return bool(calling)


def _holds(pid: int, port: int) -> bool:
    """Whether a process holds the connection that goes out from this machine's `port`. Only Linux can tell."""
    with suppress(OSError):  # it may end while it is looked at
        sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
        return any(os.readlink(file) in sockets for file in Path(f"/proc/{pid}/fd").iterdir())
    return False


def _inodes(port: int) -> set[str]:
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {fields[9] for fields in lines if int(fields[1].rpartition(":")[2], 16) == port}
