"""A burst of small files on the local mesh: how many commits and executions it becomes, and where each row ends.

    python -m bench.burst [--files 10000] [--home build/bench-mesh] [--report build/burst.json]

Brings a local mesh up where none runs in the home, and leaves it running. Every run publishes files that no run before
it had. Ends with 1 where rows are missing, or the burst became more commits or executions than it may.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli import landing, target
from cli.local import mesh
from cli.screen import Screen, Step
from cli.target import ProductName, Target
from cli.together import together
from datamesh.errors import UserError
from datamesh.lake import layout
from datamesh.publish.ledger import Batch

__all__ = ["READINGS", "ROWS", "Burst", "begin", "burst", "main"]

READINGS = ProductName("weather", "readings")
MAX_COMMITS, MAX_EXECUTIONS = 20, 60
ROWS = 5  # of each file; the last one of every hundredth file breaks its contract
_WITHIN = 3_600.0  # seconds
_CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: weather-readings
name: Readings of a burst
version: 1.0.0
status: active
domain: weather
dataProduct: readings
schema:
  - name: readings
    customProperties:
      - {property: datamesh.input, value: {format: csv, delimiter: ",", header: true}}
    properties:
      - {name: station, logicalType: string, required: true}
      - {name: measured_at, logicalType: timestamp, required: true}
      - {name: degrees, logicalType: number, logicalTypeOptions: {minimum: -90, maximum: 60}}
roles:
  - role: analyst
    access: read
    customProperties:
      - {property: datamesh.principals, value: [role/datamesh-dev-analyst]}
"""


@dataclass(frozen=True)
class Burst:
    """What became of a burst. Bytes are of Parquet; `seconds` run from the first put to the last announced batch."""

    files: int
    put_seconds: float
    seconds: float
    batches: int
    commits: int
    executions: int
    files_per_batch: tuple[int, ...]
    rows_sent: int
    rows_in: int
    rows_published: int
    rows_quarantined: int
    rows_in_table: int
    data_files: int
    data_bytes: int

    @property
    def accounted(self) -> bool:
        bad = self.files // 100
        return (
            self.rows_sent == self.rows_in == self.rows_published + self.rows_quarantined
            and self.rows_quarantined == bad
            and self.rows_in_table == self.rows_published
        )

    @property
    def cheap(self) -> bool:
        return self.commits <= MAX_COMMITS and self.executions <= MAX_EXECUTIONS


def burst(where: Target, screen: Screen, files: int) -> Burst:
    """Puts `files` small files of one product as fast as eight threads can, and waits until the mesh is done with all.

    The product must be a new one of its mesh, or have come to rest: its earlier batches are not counted.
    """
    ledger = where.ledger(READINGS.domain)
    earlier = {batch.batch_id for batch in ledger.batches(READINGS.product, limit=10_000)}
    before, started = _table(where), time.monotonic()
    with screen.step(f"putting {files:,} files", total=files) as step:
        _put(where, files, step)
    put_seconds = time.monotonic() - started
    with screen.step("waiting for the mesh") as step:
        batches = _settled(lambda: _since(where, earlier), files, step)
    seconds, after = time.monotonic() - started, _table(where)
    return Burst(
        files=files,
        put_seconds=round(put_seconds, 1),
        seconds=round(seconds, 1),
        batches=len(batches),
        commits=after["snapshots"] - before["snapshots"],
        executions=_executions(where, {batch.batch_id for batch in batches}),
        files_per_batch=tuple(batch.objects for batch in batches),
        rows_sent=files * ROWS,
        rows_in=sum(batch.counts.rows_in for batch in batches),
        rows_published=sum(batch.counts.rows_published for batch in batches),
        rows_quarantined=sum(batch.counts.rows_quarantined for batch in batches),
        rows_in_table=after["rows"] - before["rows"],
        data_files=after["files"] - before["files"],
        data_bytes=after["bytes"] - before["bytes"],
    )


def begin(home: Path, screen: Screen) -> Target:
    """The local mesh of `home`, brought up where it is not, with the burst's contract in force."""
    mesh.up(home, screen)
    where, file = target.local(home), home / f"{READINGS.product}.odcs.yaml"
    file.write_text(_CONTRACT, encoding="utf-8")
    _, outcome = landing.push(where, screen, file)
    if outcome.outcome != "applied":
        raise UserError(f"the burst's contract is {outcome.outcome}: {outcome.findings}")
    return where


def body(number: int) -> str:
    """One small file: `ROWS` rows, all good but in every hundredth file."""
    last = "999" if number % 100 == 99 else "20.5"
    rows = [f"s{number},2013-01-01 00:00:{second:02},{last if second == ROWS - 1 else 20}" for second in range(ROWS)]
    return "\n".join(["station,measured_at,degrees", *rows, ""])


def _put(where: Target, files: int, step: Step) -> None:
    s3, bucket = where.client("s3"), where.parameters(READINGS.domain)["landing-bucket"]
    run = uuid.uuid4().hex[:8]

    def put(numbers: Sequence[int]) -> None:
        for number in numbers:
            key = f"{READINGS.product}/{run}/{number:06}.csv"
            s3.put_object(Bucket=bucket, Key=key, Body=body(number).encode())
            step.advance(1)

    together(put, [range(first, files, 8) for first in range(8)])


def _settled(look: Any, files: int, step: Step) -> list[Batch]:
    ends = time.monotonic() + _WITHIN
    while time.monotonic() < ends:
        batches: list[Batch] = look()
        taken = sum(batch.objects for batch in batches)
        step.say(f"{taken:,} of {files:,} files in {len(batches)} batches")
        if taken == files and all(batch.status != "running" for batch in batches):
            return batches
        time.sleep(2)
    raise TimeoutError(f"the mesh is not done with {files} files after {_WITHIN:.0f} s")


def _since(where: Target, earlier: set[str]) -> list[Batch]:
    found = where.ledger(READINGS.domain).batches(READINGS.product, limit=10_000)
    return [batch for batch in reversed(found) if batch.batch_id not in earlier]


def _table(where: Target) -> dict[str, int]:
    """What the table's current metadata says: snapshots, rows, files and bytes."""
    database = where.parameters(READINGS.domain)["glue-database"]
    glue = where.client("glue").get_table(DatabaseName=database, Name=layout.table_name(READINGS.product, 1))
    bucket, _, key = glue["Table"]["Parameters"]["metadata_location"].removeprefix("s3://").partition("/")
    metadata = json.loads(where.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    snapshots = {each["snapshot-id"]: each["summary"] for each in metadata.get("snapshots", [])}
    now = snapshots.get(metadata.get("current-snapshot-id"), {})
    return {
        "snapshots": len(snapshots),
        "rows": int(now.get("total-records", 0)),
        "files": int(now.get("total-data-files", 0)),
        "bytes": int(now.get("total-files-size", 0)),
    }


def _executions(where: Target, batches: set[str]) -> int:
    """How often publish_product was started for these batches: retried ones count each time."""
    arn = where.parameters(READINGS.domain)["publish-state-machine-arn"]
    pages = where.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=arn)
    names: Iterator[str] = (each["name"] for page in pages for each in page["executions"])
    return sum(1 for name in names if any(name == batch or name.startswith(f"{batch}-") for batch in batches))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--home", type=Path, default=Path("build/bench-mesh"))
    options.add_argument("--report", type=Path, default=Path("build/burst.json"))
    given = options.parse_args()
    screen, home = Screen(), given.home.resolve()
    where = begin(home, screen)
    done = burst(where, screen, given.files)
    report = asdict(done) | {"accounted": done.accounted, "cheap": done.cheap}
    given.report.parent.mkdir(parents=True, exist_ok=True)
    given.report.write_text(json.dumps(report, indent=2), encoding="utf-8")
    print(json.dumps(report))
    return 0 if done.accounted and done.cheap else 1


if __name__ == "__main__":
    sys.exit(main())
