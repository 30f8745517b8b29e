"""Processes of functions, forked off one that has imported already what many of them import.

A cold start on a laptop is mostly imports, a second of a CPU for each of some forty functions, and again whenever one
has failed or was idle. So they begin where a process stands that has done so once. Only what others have
written is imported there, nothing that reads its environment as it is imported: what is deployed comes from the layers
of each function, as ever.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any, Self

__all__ = ["IS_SAFE", "Function", "open_nursery"]

IS_SAFE = sys.platform == "linux"
"""Whether such a process may be forked; elsewhere system libraries forbid it, and each function begins by itself."""

_IMPORTED = (
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.parser",
    "boto3.dynamodb.conditions",
    "boto3.resources.factory",
    "duckdb",
    "jsonschema",
    "open_data_contract_standard.model",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pyiceberg.io.pyarrow",
    "pyiceberg.table",
    "ruamel.yaml",
    "sqlglot.dialects",
    "sqlglot.optimizer.scope",
)
_LONGEST = 70  # characters of a folder: with the names in it that is not above the 107 of a socket's path


def open_nursery() -> None:
    """Starts the process that all others are forked off. It ends with this one, however that ends."""
    multiprocessing.set_forkserver_preload(list(_IMPORTED))
    usual = tempfile.gettempdir()
    try:
        # A socket is made there, whose path the system wants short.
        tempfile.tempdir = usual if len(usual) <= _LONGEST else "/tmp"  # noqa: S108 (a folder of its own in it)
        forkserver.ensure_running()
    finally:
        tempfile.tempdir = usual


class Function:
    """A Python program in a process of its own, with as much of `subprocess.Popen` as the emulator uses of it.

    `command` is the interpreter, which is this one's, and the program's path.
    """

    def __init__(self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], **_streams: Any) -> None:
        child_in, stdin = os.pipe()
        stdout, child_out = os.pipe()
        stderr, child_err = os.pipe()
        theirs = (child_in, child_out, child_err)
        try:
            self._process = multiprocessing.get_context("forkserver").Process(
                target=_become, args=(command[1], cwd, dict(env), *map(_Passed, theirs)), daemon=True
            )
            self._process.start()
        finally:
            for end in theirs:
                os.close(end)
        self.stdin = os.fdopen(stdin, "w", buffering=1, encoding="utf-8")
        self.stdout = os.fdopen(stdout, encoding="utf-8")
        self.stderr = os.fdopen(stderr, encoding="utf-8", errors="backslashreplace")

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def poll(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        ended = self._process.exitcode
        if ended is None:
            raise subprocess.TimeoutExpired("function", timeout or 0)
        return ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Its streams are closed, of which it ends."""
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()
        self.wait()

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


class _Passed:
    """A file of this process that is handed on to a child that is being started."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _detached, (DupFd(self._number),)


def _detached(handed: Any) -> int:
    return int(handed.detach())


def _become(program: str, cwd: str, environment: Mapping[str, str], *streams: int) -> None:
    """What the child does: it is as if `program` had been started with this environment and these streams."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(cwd)
    sys.argv = [program]
    sys.path.insert(0, str(Path(program).parent))
    runpy.run_path(program, run_name="__main__")
