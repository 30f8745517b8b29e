"""The staging pass: good rows to Parquet, bad rows to quarantine, a profile.  CONTRACT FILE WORK [KEY] [PARTITION]"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from bench.measure import report
from datamesh.contract.parse import parse
from datamesh.publish.preflight import inspect
from datamesh.publish.sources import LocalFile
from datamesh.publish.stage import Engine, InputFile, stage

ENGINE = Engine(memory_mb=1024, threads=2)  # as a function of 2 GB has it


def main(contract: str, name: str, work: str, key: str = "", partition: str = "") -> None:
    table = parse(Path(contract).read_bytes()).table
    for wanted, change in ((key, {"primary_key_position": 1}), (partition, {"partition_position": 1})):
        changed = (replace(c, **change) if c.name == wanted else c for c in table.columns)
        table = replace(table, columns=tuple(changed))
    path = Path(name)

    def staged() -> None:
        layout = inspect(LocalFile(path, path.name), table).layout
        assert layout is not None
        file = InputFile(path, path.name, layout)
        done = stage(table, [file], product="orders", batch_id="b", work=Path(work), engine=ENGINE)
        assert done.rows_good
        assert not done.unreadable

    report(staged)


main(*sys.argv[1:])
