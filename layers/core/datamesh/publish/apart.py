"""Runs convert.py as a process of its own, with bounds on its memory, its time and what it writes.

Whatever becomes of that process is a reason of the file, and nothing happens to this one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from datamesh.publish import convert
from datamesh.publish.job import Engine
from datamesh.publish.unpacking import Refused

__all__ = ["convert_apart"]

_SECONDS = 300
_REASONS = {
    convert.TOO_LARGE: "too-large",
    convert.NOTHING: "empty-file",
    convert.SEVERAL_SHEETS: "several-sheets",
    -signal.SIGKILL: "too-large",  # by the system, that had no memory left
    -signal.SIGABRT: "too-large",  # by itself, that was given none
    -signal.SIGXFSZ: "too-large",
}


def convert_apart(
    kind: str, source: Path, target: Path, *, engine: Engine, size: int, sheet: str | None = None
) -> Path:
    """Writes `target`, of at most `size` bytes. Raises Refused."""
    bounds = [str(engine.memory_mb * 2**20), str(size)]
    command = [sys.executable, "-m", convert.__name__, kind, *bounds, str(source), str(target)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        ended = subprocess.run(  # noqa: S603 - our own program
            [*command, *([sheet] if sheet else [])],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=min(_SECONDS, engine.seconds),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused("too-slow") from error
    if ended.returncode:
        raise Refused(_REASONS.get(ended.returncode, "unreadable"))
    return target
