"""Runs a contender in a process of its own, so that its memory is its own, and takes what it reports of its work."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

__all__ = ["Contender", "Run", "alternating", "report", "summary"]


@dataclass(frozen=True)
class Contender:
    """A name and the command that does the work; `{work}` in it stands for an empty directory."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """One run: seconds of the work itself without starting Python, of which on the processors, and the peak memory."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def report(work: Callable[[], object]) -> None:
    """What a contender does: the work, and one line that says what it took."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu_seconds": cpu}))


def alternating(contenders: Sequence[Contender], *, times: int, work: Path) -> dict[str, list[Run]]:
    """Each contender so many times, one after the other and around again: a slow minute is slow for all of them."""
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for _ in range(times):
        for contender in contenders:
            runs[contender.name].append(_run(contender, work))
    return runs


def _run(contender: Contender, work: Path) -> Run:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    command = [part.replace("{work}", str(work)) for part in contender.command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    shutil.rmtree(work, ignore_errors=True)
    if process.returncode:
        raise RuntimeError(f"{contender.name} ended with {process.returncode}")
    told = json.loads(said.splitlines()[-1])
    return Run(told["seconds"], told["cpu_seconds"], used.ru_maxrss / 1024)


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Median, least and most of each measure."""
    measures = {name: sorted(getattr(run, name) for run in runs) for name in Run.__dataclass_fields__}
    return {
        name: {"median": round(median(values), 3), "min": round(values[0], 3), "max": round(values[-1], 3)}
        for name, values in measures.items()
    } | {"runs": len(runs)}
