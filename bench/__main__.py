"""`make bench`: every comparison of docs/performance.md, into build/bench.json and a table.

BENCH_SCALE shrinks the files (1 is a gigabyte of CSV), BENCH_RUNS sets how often each contender runs, BENCH_ONLY names
some of the comparisons.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bench.data import ROWS_PER_GB, orders
from bench.measure import Contender, alternating, summary

HERE = Path(__file__).parent
BUILD = Path("build")
FILES, WORK, PEERS = BUILD / "bench", BUILD / "bench" / "work", BUILD / "bench" / "peers" / "bin" / "python"
CONTRACT = str(HERE / "orders.odcs.yaml")
OURS = "datamesh"


@dataclass(frozen=True)
class Comparison:
    """Contenders over one file. `limit` is the most that our time may be of another's, by the name of the other."""

    name: str
    contenders: tuple[Contender, ...]
    limit: tuple[str, float] | None = None
    times: int | None = None


def main() -> int:
    scale, runs = float(os.environ.get("BENCH_SCALE", "1")), int(os.environ.get("BENCH_RUNS", "5"))
    wanted = os.environ.get("BENCH_ONLY", "").split()
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "scale": scale, "cores": os.cpu_count()}
    about |= {"python": platform.python_version(), "duckdb": duckdb.__version__, "machine": platform.machine()}
    measured: dict[str, Any] = {}
    for name, (*size, limits) in PLANNING.items():
        if not wanted or name in wanted:
            measured[name] = planning(size, limits)
            print(name, json.dumps(measured[name], indent=1), flush=True)
            _write(about, measured)
    for comparison in comparisons(scale):
        if wanted and comparison.name not in wanted:
            continue
        took = alternating(comparison.contenders, times=comparison.times or runs, work=WORK)
        measured[comparison.name] = _judged(comparison, {name: summary(each) for name, each in took.items()})
        _show(comparison.name, measured[comparison.name])
        _write(about, measured)
    return 0


def _write(about: dict[str, Any], measured: dict[str, Any]) -> None:
    BUILD.joinpath("bench.json").write_text(json.dumps({"about": about, "comparisons": measured}, indent=2) + "\n")


# Of a caller who may read all of the mesh: products, columns, values, the share of questions that say the domain, and
# the most that loading (s) and planning (the median, ms) may take.
PLANNING = {
    "planner-500": (500, 10_000, 1_000_000, 0.7, {"loading_s": 1.0, "planning_ms": 50.0}),
    "planner-500-anywhere": (500, 10_000, 1_000_000, 0.0, {"loading_s": 1.0, "planning_ms": 50.0}),
    "planner-20": (20, 400, 40_000, 0.7, {"planning_ms": 10.0}),
}


def planning(size: Sequence[float], limits: dict[str, float]) -> dict[str, Any]:
    """One run in a process of its own; its times are of the processor."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.planner", *map(str, size), str(WORK)]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    shutil.rmtree(WORK, ignore_errors=True)
    took = {"loading_s": told["loading_s"], "planning_ms": told["planning_ms"]["median"]}
    return told | {"limits": {of: {"most": most, "met": took[of] <= most} for of, most in limits.items()}}


def comparisons(scale: float) -> Iterator[Comparison]:
    """All of them; a file is made when its turn comes."""
    rows = int(ROWS_PER_GB * scale)
    clean, dirty = orders(FILES, "csv", rows), orders(FILES, "csv", rows, dirty=True)
    yield Comparison("csv-clean", (_ours(clean), _plain("read_csv", clean)), ("duckdb", 1.25))
    # Types are given, for a reader that guesses them would read text where one row in a hundred is none of its type.
    lenient = f"read_csv, ignore_errors = true, columns = {_TYPES}"
    yield Comparison("csv-dirty", (_ours(dirty), _plain(lenient, dirty)), ("duckdb", 1.25))
    yield Comparison("csv-keyed", (_ours(clean, "order_id"), _plain("read_csv", clean)))
    # By day: 400 partitions, and a file of each at least.
    yield Comparison("csv-partitioned", (_ours(clean, "", "ship_date"), _plain("read_csv", clean)), times=3)
    yield Comparison("pandas", (_ours(dirty), _peer("pandas", "pandas_rules", str(dirty))), ("pandas", 1 / 3))
    checked = _peer("datacontract-cli", "datacontract_rules", CONTRACT, str(clean))
    yield Comparison("datacontract-cli", (_ours(clean), checked), ("datacontract-cli", 1 / 2))
    for written, reader in (("jsonl", "read_json"), ("parquet", "read_parquet")):
        path = orders(FILES, written, rows)
        yield Comparison(written, (_ours(path), _plain(reader, path)))
    for gigabytes in (0.1, 1, 4.8):  # a file of more than five is refused, and these have longer ids
        path = orders(FILES, "csv", int(rows * gigabytes))
        yield Comparison(f"growth-{gigabytes}", (_ours(path),), times=3)


_TYPES = (
    "{'order_id': 'BIGINT', 'customer_id': 'BIGINT', 'ordered_at': 'TIMESTAMP', 'ship_date': 'DATE',"
    " 'country': 'VARCHAR', 'sku': 'VARCHAR', 'quantity': 'BIGINT', 'unit_price': 'DECIMAL(10,2)',"
    " 'discount': 'DOUBLE', 'email': 'VARCHAR', 'note': 'VARCHAR'}"
)


def _ours(path: Path, *more: str) -> Contender:
    return Contender(OURS, (sys.executable, "-m", "bench.contenders.mesh", CONTRACT, str(path), "{work}", *more))


def _plain(reader: str, path: Path) -> Contender:
    return Contender("duckdb", (sys.executable, "-m", "bench.contenders.plain", reader, str(path), "{work}"))


def _peer(name: str, script: str, *arguments: str) -> Contender:
    return Contender(name, (str(PEERS), "-m", f"bench.contenders.{script}", *arguments, "{work}"))


def _judged(comparison: Comparison, found: dict[str, Any]) -> dict[str, Any]:
    others = [name for name in found if name != OURS]
    ratios = {
        name: {of: round(found[OURS][of]["median"] / found[name][of]["median"], 3) for of in ("seconds", "cpu_seconds")}
        for name in others
    }
    judged: dict[str, Any] = {"contenders": found, "ours_to": ratios}
    if comparison.limit:
        other, most = comparison.limit
        judged["limit"] = {"other": other, "most": round(most, 3), "met": ratios[other]["seconds"] <= most}
    return judged


def _show(name: str, judged: dict[str, Any]) -> None:
    print(name)
    for who, measures in judged["contenders"].items():
        seconds, cpu, peak = (measures[m] for m in ("seconds", "cpu_seconds", "peak_mb"))
        spread = f"({seconds['min']:.2f} to {seconds['max']:.2f})"
        print(
            f"  {who:18} {seconds['median']:8.2f} s {spread:20} cpu {cpu['median']:8.2f} s  peak {peak['max']:6.0f} MB"
        )
    for other, ratio in judged["ours_to"].items():
        print(f"  of {other}: {ratio['seconds']:.2f} of its time, {ratio['cpu_seconds']:.2f} of its cpu time")
    if "limit" in judged:
        print(f"  at most {judged['limit']['most']}: {'met' if judged['limit']['met'] else 'NOT met'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
